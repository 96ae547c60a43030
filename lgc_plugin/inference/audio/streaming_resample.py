"""Resampling piece by piece, as if the whole recording were there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.data.resample import ZERO_CROSSINGS, resample

# The filter has 128 taps per unit of the reduced rates' larger one: 44,100 Hz
# to 16,000 Hz is 441 to 160, but 44,101 Hz to 16,000 Hz shares no factor, and
# at this bound the filter is designed in some 400 MB.
_LARGEST_FACTOR = 50_000


class StreamingResampler:
    """Changes the sample rate of a mono recording that comes in pieces.

    What comes out, joined, is what
    :func:`lgc_plugin.data.resample.resample` gives for the whole recording,
    with which the clips of training and test are made. The filter looks 64
    samples of the lower rate ahead, so that the output is late by
    ``latency_seconds`` (4 ms from 44.1 kHz to 16 kHz).

    A piece is filtered together with the samples before it that the filter
    still reaches; what is kept does not grow.

    Arguments
    ---------
    rate : int
        Samples per second of what comes in.
    new_rate : int
        Samples per second of what goes out.

    Raises
    ------
    ValueError
        If a rate is not a positive integer, or the two have so little in
        common that the filter would not fit into memory.

    Example
    -------
    >>> resampler = StreamingResampler(44100, 16000)
    >>> pieces = [resampler.push(np.ones(1000)) for _ in range(3)]
    >>> pieces.append(resampler.finish())
    >>> joined = np.concatenate(pieces)
    >>> bool((joined == resample(np.ones(3000), 44100, 16000)).all())
    True
    """

    def __init__(self, rate: int, new_rate: int) -> None:
        self.rate = check_sample_rate(rate)
        self.new_rate = check_sample_rate(new_rate)
        common = math.gcd(self.rate, self.new_rate)
        self._up, self._down = self.new_rate // common, self.rate // common
        factor = max(self._up, self._down)
        if factor > _LARGEST_FACTOR:
            raise ValueError(
                f"{rate} Hz cannot be resampled to {new_rate} Hz in memory "
                f"that stays small: the rates are as {self._down} to "
                f"{self._up}; convert the recording to a usual rate first"
            )
        # How far the filter reaches to either side, counted at the rate that
        # both rates divide. The rate that stays needs no filter.
        self._reach = 0 if factor == 1 else ZERO_CROSSINGS * factor
        self._kept = np.empty(0, np.float32)
        self._first = 0  # position of the first sample kept
        self._given = 0  # samples that went out
        self._finished = False

    @property
    def latency_seconds(self) -> float:
        """How much sound a sample that goes out waits for, in seconds."""
        return self._reach / (self._up * self.rate)

    def push(self, samples: NDArray[np.floating]) -> NDArray[np.float32]:
        """Takes the next samples and gives those that are final.

        Arguments
        ---------
        samples : ndarray
            (N,) samples; N may be 0.

        Returns
        -------
        ndarray
            (M,) float32 samples at the new rate; M may be 0.

        Raises
        ------
        RuntimeError
            If the recording was finished.
        """
        if self._finished:
            raise RuntimeError("this recording is finished: begin another one")
        samples = np.asarray(samples, dtype=np.float32)
        self._kept = np.concatenate([self._kept, samples])
        received = self._first + len(self._kept)
        # Sample k is in the middle of what the filter reads at k * down.
        final = _ceil_ratio(received * self._up - self._reach, self._down)
        return self._give(max(final, 0))

    def finish(self) -> NDArray[np.float32]:
        """Ends the recording and gives the rest of it.

        Returns
        -------
        ndarray
            (M,) float32 samples: together with those before,
            ceil(N * new_rate / rate) for N samples pushed.

        Raises
        ------
        RuntimeError
            If the recording was finished already.
        """
        rest = self.push(np.empty(0, np.float32))
        self._finished = True
        received = self._first + len(self._kept)
        end = self._give(_ceil_ratio(received * self._up, self._down))
        self._kept = np.empty(0, np.float32)
        return np.concatenate([rest, end])

    def _give(self, end: int) -> NDArray[np.float32]:
        """The samples up to ``end`` that have not gone out yet."""
        if end <= self._given:
            return np.empty(0, np.float32)
        # The first sample kept is always one at which both rates meet, so
        # the filter stands to it as to the beginning of the recording.
        start = self._first * self._up // self._down
        whole = resample(self._kept, self.rate, self.new_rate)
        given = whole[self._given - start : end - start].copy()
        self._given = end
        self._forget()
        return given

    def _forget(self) -> None:
        """Drops what no later sample reaches back to."""
        needed = (self._given * self._down - self._reach) // self._up
        first = max(needed // self._down * self._down, self._first)
        # The copy lets go of the array that the samples were in.
        self._kept = self._kept[first - self._first :].copy()
        self._first = first


def check_sample_rate(rate: int) -> int:
    """A sample rate that can be one, as an int.

    Arguments
    ---------
    rate : int
        Samples per second; a float without a fraction will do.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If it is not a positive integer.

    Example
    -------
    >>> check_sample_rate(16000.0)
    16000
    """
    try:
        whole = int(rate)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if whole <= 0 or whole != rate:
        raise ValueError(
            f"sample rate {rate!r}: give samples per second as a positive "
            "integer, such as 16000"
        )
    return whole


def _ceil_ratio(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)

"""One recording on its way to a model: checked, mono, resampled."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lgc_plugin.data.resample import Resampler
from lgc_plugin.inference.audio.samples import as_mono, check_finite

# Loud masters reach 1.5 or 2; this is a mistake about units.
_TOO_LOUD = 16.0


class Recording:
    """Takes the chunks of a recording, and gives mono at another rate.

    Arguments
    ---------
    rate : int
        Samples per second of the chunks.
    sample_rate : int
        Samples per second wanted.
    name : str
        What the recording is called in messages.

    Raises
    ------
    ValueError
        If a rate is no positive integer.

    Example
    -------
    >>> recording = Recording(32000, 16000, "a.wav")
    >>> n_samples = len(recording.push(np.zeros((3200, 2), np.int16)))
    >>> n_samples + len(recording.finish())
    1600
    """

    def __init__(self, rate: int, sample_rate: int, name: str) -> None:
        self._resampler = Resampler(rate, sample_rate)
        self.rate = self._resampler.rate
        self.sample_rate = self._resampler.new_rate
        self.name = name
        self._received = 0
        self._channels: int | None = None
        self._is_loud = False

    def push(self, chunk: ArrayLike) -> NDArray[np.float32]:
        """Takes the next samples and gives those that are final.

        Arguments
        ---------
        chunk : ArrayLike
            (N,) or (N, channels) samples.

        Returns
        -------
        ndarray
            (M,) float32; M may be 0.

        Raises
        ------
        ValueError
            If the samples have another shape or type or number of channels,
            or are NaN or infinite.
        """
        chunk = np.asarray(chunk)
        if chunk.size == 0:
            return np.empty(0, np.float32)
        try:
            mono = as_mono(chunk)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None
        self._check_channels(1 if chunk.ndim == 1 else chunk.shape[1])
        check_finite(mono, self.rate, self.name, self._received)
        self._warn_if_loud(mono)
        self._received += len(mono)
        return self._resampler.push(mono)

    def finish(self) -> NDArray[np.float32]:
        """Ends the recording and gives the rest of it.

        Returns
        -------
        ndarray
            (M,) float32; M may be 0.

        Raises
        ------
        ValueError
            If there was no sample.
        """
        if not self._received:
            raise ValueError(f"{self.name} holds no samples")
        return self._resampler.finish()

    def _check_channels(self, channels: int) -> None:
        if self._channels not in (None, channels):
            raise ValueError(
                f"{self.name}: {channels} channels from "
                f"{self._received / self.rate:.3f} s on, {self._channels} "
                "before: give all chunks the same channels"
            )
        self._channels = channels

    def _warn_if_loud(self, mono: NDArray[np.float32]) -> None:
        """Says once that floats seem to be integers nobody scaled."""
        peak = max(-float(mono.min()), float(mono.max()))
        if self._is_loud or peak <= _TOO_LOUD:
            return
        self._is_loud = True
        warnings.warn(
            f"{self.name}: samples up to {peak:g}, where 1 is full scale: if "
            "they were 16-bit integers, divide them by 32768",
            stacklevel=3,
        )

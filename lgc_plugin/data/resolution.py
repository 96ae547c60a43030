"""Hop, pooling and median windows that suit the length of events."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

#: Lowest and highest sample rate, in Hz.
RATES = (8_000, 250_000)

# The published settings, which hold where no event is too short for them.
_HOP_SECONDS = 0.016
_POOLING = 4
_FRAME_SECONDS = _HOP_SECONDS * _POOLING
_N_MELS = 128
_WINDOW_FRAMES = 2  # a spectrogram window is two output frames long

_SHORT = 0.1  # share of the events of a class that may be shorter than wanted
# Output frames that the others have at least: enough to place their edges, and
# to find the short gaps between calls that follow each other closely.
_FRAMES_OF_SHORT = 5
_SHORTEST_FRAME = 0.001  # seconds
_SHORTEST_HOP = 0.004  # seconds; below, pool less instead
_SHORTEST_WINDOW = 256  # samples
_FEWEST_SAMPLES = 16  # in an output frame
_MEDIAN_SHARE = 1 / 3  # of the median duration, as systems of DCASE have it


@dataclass(frozen=True)
class Resolution:
    """Settings of the recipe, under the names of their keys."""

    sample_rate: int
    #: Samples between two mel frames
    hop_length: int
    #: Mel frames per output frame
    time_pooling: int
    #: (time, mel) pooling of each block of the network
    pooling: tuple[tuple[int, int], ...]
    #: Samples of a spectrogram window
    win_length: int
    #: Samples of its DFT: padded with zeros, no mel bin is empty
    n_fft: int
    #: Highest frequency of the mel bins, in Hz
    f_max: float
    #: Output frames, by class
    median_windows: Mapping[str, int]
    #: Why the output frames are as long as they are
    reason: str

    @property
    def frame_seconds(self) -> float:
        """Length of an output frame."""
        return self.hop_length * self.time_pooling / self.sample_rate

    @property
    def described(self) -> str:
        """The output frames, and why they are so long."""
        frame = f"{1000 * self.frame_seconds:.4g} ms"
        return f"output frames of {frame}. {self.reason}"


def propose_resolution(
    durations: Mapping[str, Sequence[float]], sample_rate: int
) -> Resolution:
    """Hop, pooling, windows for events of these durations.

    Of each class nine in ten events have five output frames or more; output
    frames are never longer than the published 64 ms, nor shorter than 1 ms.

    Arguments
    ---------
    durations : Mapping[str, Sequence[float]]
        Seconds of the annotated events, by class. Events of 0 s (points in
        time) are left out; a class may have none.
    sample_rate : int
        Samples per second, 8000 to 250000.

    Returns
    -------
    Resolution

    Raises
    ------
    ValueError
        If the rate is out of range, or a duration is negative or not finite.

    Example
    -------
    >>> proposal = propose_resolution({"Click": [0.03, 0.04], "Hum": []}, 48000)
    >>> proposal.hop_length, proposal.time_pooling, proposal.median_windows
    (288, 1, {'Click': 2, 'Hum': 2})
    >>> propose_resolution({"Hum": [5.0]}, 16000).frame_seconds
    0.064
    """
    if not RATES[0] <= sample_rate <= RATES[1]:
        raise ValueError(
            f"sample rate is {sample_rate}: give {RATES[0]} to {RATES[1]} Hz"
        )
    known = {label: _positive(label, each) for label, each in durations.items()}
    short = {
        label: float(np.quantile(each, _SHORT, method="lower"))
        for label, each in known.items()
        if each
    }
    wanted, reason = _frame_seconds(short)
    wanted = max(wanted, _FEWEST_SAMPLES / sample_rate)
    pooling = _time_pooling(wanted)
    hop = math.floor(wanted * sample_rate / pooling + 1e-6)
    frame = hop * pooling / sample_rate
    window = max(_WINDOW_FRAMES * hop * pooling, _SHORTEST_WINDOW)
    every = [x for each in known.values() for x in each]
    return Resolution(
        sample_rate=sample_rate,
        hop_length=hop,
        time_pooling=pooling,
        pooling=_network_pooling(pooling),
        win_length=window,
        n_fft=_dft_length(window, sample_rate),
        f_max=sample_rate / 2,
        median_windows={
            label: _median_window(each or every, frame)
            for label, each in known.items()
        },
        reason=reason,
    )


def _positive(label: str, durations: Sequence[float]) -> list[float]:
    for seconds in durations:
        if not 0 <= seconds < math.inf:
            raise ValueError(
                f"an event of {label!r} lasts {seconds} s: a duration is 0 s "
                "or longer"
            )
    return [float(seconds) for seconds in durations if seconds > 0]


def _frame_seconds(short: Mapping[str, float]) -> tuple[float, str]:
    """The length that short events ask for, and why."""
    if not short:
        return _FRAME_SECONDS, "No durations of events are known."
    label = min(short, key=lambda each: short[each])
    begin = f"The shortest tenth of {label!r} is up to {short[label]:.4g} s"
    wanted = short[label] / _FRAMES_OF_SHORT
    if wanted >= _FRAME_SECONDS:
        return _FRAME_SECONDS, f"{begin}: frames of 64 ms are short enough."
    if wanted < _SHORTEST_FRAME:
        return _SHORTEST_FRAME, f"{begin}: frames are as short as they can be."
    return wanted, f"{begin}: others have {_FRAMES_OF_SHORT} frames or more."


def _time_pooling(frame_seconds: float) -> int:
    for pooling in (_POOLING, 2):
        if frame_seconds / pooling >= _SHORTEST_HOP:
            return pooling
    return 1


def _network_pooling(time_pooling: int) -> tuple[tuple[int, int], ...]:
    """The pooling of the published network, with less of it in time."""
    halvings = {1: 0, 2: 1, 4: 2}[time_pooling]
    return tuple((2 if block < halvings else 1, 2) for block in range(7))


def _dft_length(window: int, sample_rate: int) -> int:
    """A power of two that is fine enough for the lowest mel bin."""
    highest = math.log1p(sample_rate / 2 / 700)
    lowest_width = 700 * math.expm1(2 * highest / (_N_MELS + 1))  # Hz
    least = max(window, math.ceil(sample_rate / lowest_width))
    return 2 ** math.ceil(math.log2(least))


def _median_window(durations: Sequence[float], frame_seconds: float) -> int:
    if not durations:
        return 1
    median = float(np.median(durations))
    return max(1, round(_MEDIAN_SHARE * median / frame_seconds))

"""The runs of frames in which one class sounds, piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.ndimage import median_filter

from lgc_plugin.data.encoder import active_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Span(NamedTuple):
    """A part of a recording in which one class sounds; times in frames."""

    onset: float
    offset: float
    #: Sum of the scores from onset to offset, weighted by time.
    total: float
    #: The same from the offset of the span before to the onset.
    gap: float
    #: Whether it was joined of several.
    joined: bool = False


class Found(NamedTuple):
    """What is known of the spans of one class."""

    #: Those that became final, in order.
    spans: list[Span]
    #: No other span begins earlier.
    earliest: float


class Filtered(NamedTuple):
    """Some frames of one class, and what their median filter needs.

    Example
    -------
    >>> frames = Filtered(np.array([0.0, 1.0, 0.75, 0.0]), window=3)
    >>> frames.scores, frames.medians, frames.above(0.5)
    (array([1.  , 0.75]), array([0.75, 0.75]), array([ True,  True]))
    """

    #: (n + window - 1,) scores from the first that a median depends on.
    known: NDArray[np.floating]
    #: Of the median, in frames.
    window: int

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return max(0, len(self.known) - self.window + 1)

    @property
    def scores(self) -> NDArray[np.floating]:
        """(n,) scores, not filtered."""
        return self._inside(self.known)

    @property
    def medians(self) -> NDArray[np.floating]:
        """(n,) filtered scores."""
        if self.window == 1 or not self.n_frames:
            return self.scores
        return self._inside(median_filter(self.known, self.window))

    def above(self, limit: float) -> NDArray[np.bool_]:
        """(n,) whether the median is greater.

        A rank filter commutes with thresholding, so that counting the scores
        above the limit replaces the median: no window is sorted.
        """
        above = self.known > self.known.dtype.type(limit)
        sums = np.concatenate([[0], np.cumsum(above)])
        begin = sums[: self.n_frames]
        # An even window takes the upper of its two middle ranks.
        needed = self.window - self.window // 2
        return sums[self.window : self.window + len(begin)] - begin >= needed

    def _inside(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        begin = self.window // 2
        return values[begin : begin + self.n_frames]


class MedianStream:
    """Median filter of one class, piece by piece.

    Example
    -------
    >>> stream = MedianStream(3)
    >>> stream.push(np.array([0.0, 1.0, 0.0])).medians
    array([0., 0.])
    >>> stream.finish().medians
    array([0.])
    """

    def __init__(self, window: int) -> None:
        self._before = window // 2
        #: Frames after one that have a say in its median.
        self.after = (window - 1) // 2
        self._window = window
        # Scores from the first that the next median depends on.
        self._kept: NDArray[np.floating] = np.empty(0, dtype=np.float32)
        self._begun = False

    def push(self, scores: NDArray[np.floating]) -> Filtered:
        """Takes the next frames, and gives those that are final."""
        self._kept = np.concatenate([self._kept, scores])
        if not self._begun:
            # The mirror image is complete before frame 0 can be decided:
            # a window has as many frames on its right, or one less.
            if len(self._kept) < self._before:
                return Filtered(self._kept[:0], self._window)
            self._mirror(self._before, 0)
            self._begun = True
        return self._decided()

    def finish(self) -> Filtered:
        """Ends the recording: it goes on with its mirror image."""
        if not self._begun and not len(self._kept):
            return Filtered(self._kept, self._window)
        self._mirror(0 if self._begun else self._before, self.after)
        return self._decided()

    def _mirror(self, before: int, after: int) -> None:
        self._kept = np.pad(self._kept, (before, after), mode="symmetric")

    def _decided(self) -> Filtered:
        """The frames whose windows are complete."""
        frames = Filtered(self._kept, self._window)
        # A copy: a view would keep the whole piece.
        self._kept = self._kept[frames.n_frames :].copy()
        return frames


class RunFinder:
    """Threshold of one class, if wanted with hysteresis.

    Example
    -------
    >>> finder = RunFinder(threshold=0.5, deactivation=0.5)
    >>> finder.push(Filtered(np.array([0.0, 1.0]), 1))
    Found(spans=[], earliest=1)
    >>> finder.push(Filtered(np.array([0.75, 0.0]), 1)).spans
    [Span(onset=1, offset=3, total=1.75, gap=0.0, joined=False)]
    """

    def __init__(self, threshold: float, deactivation: float) -> None:
        self._limits = threshold, deactivation
        self._n_frames = 0
        self._onset: int | None = None
        self._total = self._gap = 0.0

    def push(self, frames: Filtered) -> Found:
        """Takes the next frames."""
        spans = []
        sounding, scores = self._sounding(frames), frames.scores
        begin = 0
        if self._onset is not None and len(sounding) and not sounding[0]:
            spans.append(self._end(self._n_frames))
        for _, first, end in active_runs(sounding[None]):
            if self._onset is None:
                self._gap = _added(self._gap, scores[begin:first])
                self._onset = self._n_frames + first
            self._total = _added(self._total, scores[first:end])
            begin = end
            if end < len(sounding):
                spans.append(self._end(self._n_frames + end))
        if self._onset is None:
            self._gap = _added(self._gap, scores[begin:])
        self._n_frames += len(sounding)
        open_since = self._n_frames if self._onset is None else self._onset
        return Found(spans, open_since)

    def finish(self) -> list[Span]:
        """Ends the recording."""
        return [] if self._onset is None else [self._end(self._n_frames)]

    def _sounding(self, frames: Filtered) -> NDArray[np.bool_]:
        """Where a run has begun and did not end since."""
        threshold, lower = self._limits
        high = frames.above(threshold)
        if lower == threshold:
            return high
        low = frames.above(lower)
        # A first entry stands for the frames before.
        is_open = self._onset is not None
        order = np.arange(1, len(high) + 2)
        begun = np.where(np.insert(high, 0, is_open), order, 0)
        ended = np.where(np.insert(low, 0, is_open), 0, order)
        accumulate = np.maximum.accumulate
        return (accumulate(begun) > accumulate(ended))[1:]

    def _end(self, offset: int) -> Span:
        assert self._onset is not None
        span = Span(self._onset, offset, self._total, self._gap)
        self._onset, self._total, self._gap = None, 0.0, 0.0
        return span


def _added(total: float, scores: NDArray[np.floating]) -> float:
    # One after the other (np.sum adds in pairs), so that the mean does not
    # depend on the pieces.
    return float(np.cumsum(np.concatenate([[total], scores]))[-1])

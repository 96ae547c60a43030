"""The runs of frames in which one class sounds, piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lgc_plugin.data.encoder import active_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Run(NamedTuple):
    """Frames in which one class sounds."""

    #: First frame.
    onset: int
    #: First frame after it.
    offset: int
    #: Mean score of its frames, before the median filter.
    confidence: float


class RunFinder:
    """Median filter and threshold of one class.

    A rank filter commutes with thresholding, so that counting the frames above
    the threshold replaces the median: no window is sorted.

    Example
    -------
    >>> finder = RunFinder(window=1, threshold=0.5)
    >>> finder.push(np.array([0.0, 1.0]))
    []
    >>> finder.push(np.array([0.75, 0.0]))
    [Run(onset=1, offset=3, confidence=0.875)]
    """

    def __init__(self, window: int, threshold: float) -> None:
        self._before = window // 2
        #: Frames behind one that have a say in whether it sounds.
        self.after = (window - 1) // 2
        self._window = window
        self._threshold = threshold
        # An even window takes the upper of its two middle ranks.
        self._needed = window - window // 2
        # Scores from the first that the next decision depends on.
        self._kept: NDArray[np.floating] = np.empty(0, dtype=np.float32)
        self._begun = False
        self._n_decided = 0
        self._onset: int | None = None
        self._total = 0.0

    def push(self, scores: NDArray[np.floating]) -> list[Run]:
        """Takes the next frames."""
        self._kept = np.concatenate([self._kept, scores])
        if not self._begun:
            # The mirror image is complete before frame 0 can be decided:
            # a window has as many frames on its right, or one less.
            if len(self._kept) < self._before:
                return []
            self._mirror(self._before, 0)
            self._begun = True
        return self._decide()

    def finish(self) -> list[Run]:
        """Ends the recording: it goes on with its mirror image."""
        if not self._begun and not len(self._kept):
            return []
        self._mirror(0 if self._begun else self._before, self.after)
        runs = self._decide()
        if self._onset is not None:
            runs.append(self._end(self._n_decided))
        return runs

    def _mirror(self, before: int, after: int) -> None:
        self._kept = np.pad(self._kept, (before, after), mode="symmetric")

    def _decide(self) -> list[Run]:
        """Runs among the frames whose windows are complete."""
        count = len(self._kept) - self._window + 1
        if count < 1:
            return []
        over = self._kept > self._kept.dtype.type(self._threshold)
        sums = np.concatenate([[0], np.cumsum(over)])
        sounding = sums[self._window :] - sums[:count] >= self._needed
        scores = self._kept[self._before : self._before + count]
        # A copy: a view would keep the whole piece.
        self._kept = self._kept[count:].copy()
        return self._runs(sounding, scores)

    def _runs(
        self, sounding: NDArray[np.bool_], scores: NDArray[np.floating]
    ) -> list[Run]:
        runs = []
        if self._onset is not None and not sounding[0]:
            runs.append(self._end(self._n_decided))
        for _, first, end in active_runs(sounding[None]):
            if self._onset is None:
                self._onset, self._total = self._n_decided + first, 0.0
            self._add(scores[first:end])
            if end < len(sounding):
                runs.append(self._end(self._n_decided + end))
        self._n_decided += len(sounding)
        return runs

    def _add(self, scores: NDArray[np.floating]) -> None:
        # One after the other (np.sum adds in pairs), so that the mean does
        # not depend on the pieces.
        terms = np.concatenate([[self._total], scores])
        self._total = float(np.cumsum(terms)[-1])

    def _end(self, offset: int) -> Run:
        assert self._onset is not None
        run = Run(self._onset, offset, self._total / (offset - self._onset))
        self._onset = None
        return run

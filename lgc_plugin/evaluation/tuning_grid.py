"""The candidates of tuning, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.class_scores import ClassScores
from lgc_plugin.evaluation.decoding import PostProcessing
from lgc_plugin.utils.parallel import progress_bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Scores nearer than this are equal: sums are rounded.
_EQUAL = 1e-12


def default_windows(n_frames: int) -> tuple[int, ...]:
    """Odd windows, each a third longer than the one before.

    Arguments
    ---------
    n_frames : int
        Of a clip: no window is longer.

    Returns
    -------
    tuple[int, ...]

    Example
    -------
    >>> default_windows(100)
    (1, 3, 5, 7, 9, 13, 17, 23, 31, 41, 55, 73, 97)
    """
    windows = [1]
    while True:
        longer = max(windows[-1] + 2, 2 * (2 * windows[-1] // 3) + 1)
        if longer > n_frames:
            return tuple(windows)
        windows.append(longer)


@dataclass(frozen=True, eq=False)
class TuningGrid:
    """Scores of each class with each window and threshold.

    Arguments
    ---------
    windows : tuple[int, ...]
        W windows, ascending.
    limits : tuple[float, ...] or None
        J thresholds; None if they are not to be chosen, J is 1 then.
    scores : numpy.ndarray
        (C, W, J); NaN where not tried, or where the truth has no event.

    Example
    -------
    >>> grid = TuningGrid((1, 3), None, np.array([[[0.5], [0.6]]]))
    >>> start = PostProcessing(1).for_labels(["Cat"])
    >>> grid.choose(start, ["Cat"]).median_windows
    (3,)
    """

    windows: tuple[int, ...]
    limits: tuple[float, ...] | None
    scores: NDArray[np.float64]

    @classmethod
    def search(
        cls,
        scores: ClassScores,
        start: PostProcessing,
        windows: Sequence[int],
        limits: tuple[float, ...] | None,
        progress: bool,
    ) -> TuningGrid:
        """Tries each window on all classes, and the starting ones together.

        Arguments
        ---------
        scores : ClassScores
            What tells how good they are.
        start : PostProcessing
            What to begin with, one window per class.
        windows : Sequence[int]
            Candidates, each once, ascending.
        limits : tuple[float, ...], optional
            Thresholds to try; None takes those of ``start``.
        progress : bool
            Whether a progress bar is shown.

        Returns
        -------
        TuningGrid
        """
        classes = np.arange(len(scores.labels))
        tried = sorted({*windows, *start.median_windows})
        passes = [(window,) * len(classes) for window in windows]
        if len(tried) > len(windows):
            passes.append(start.median_windows)
        n_points = 1 if limits is None else len(limits)
        grid = np.full((len(classes), len(tried), n_points), np.nan)
        bar = {"desc": "tuning", "unit": "window", "shown": progress}
        for each in progress_bar(passes, **bar):
            decoding = replace(start, median_windows=each)
            if limits is None:
                found = scores.at(decoding)[:, None]
            else:
                found = scores.at_points(decoding, limits)
            grid[classes, np.searchsorted(tried, each)] = found
        return cls(tuple(tried), limits, grid)

    def choose(
        self, start: PostProcessing, labels: Sequence[str]
    ) -> PostProcessing:
        """The best of each class.

        Arguments
        ---------
        start : PostProcessing
            What a class without scores keeps, one window per class.
        labels : Sequence[str]
            C class names.

        Returns
        -------
        PostProcessing
            Of equal scores the smallest window, then the threshold nearest to
            0.5, then the lower.
        """
        windows = list(start.median_windows)
        limits = start.class_thresholds(labels).tolist()
        for row, scores in enumerate(self.scores):
            if np.isnan(scores).all():
                continue
            best = np.argwhere(scores >= np.nanmax(scores) - _EQUAL)
            window, limit = min(best.tolist(), key=self._preference)
            windows[row] = self.windows[window]
            if self.limits is not None:
                limits[row] = self.limits[limit]
        chosen = replace(start, median_windows=tuple(windows))
        if self.limits is None:
            return chosen
        named = dict(zip(labels, limits, strict=True))
        return replace(chosen, decision_threshold=named)

    def best(self) -> NDArray[np.float64]:
        """What each window brings.

        Returns
        -------
        numpy.ndarray
            (C, W) scores at the best threshold.
        """
        known = ~np.isnan(self.scores).all(axis=2)
        best = np.where(np.isnan(self.scores), -np.inf, self.scores).max(axis=2)
        return np.where(known, best, np.nan)

    def _preference(self, cell: Sequence[int]) -> tuple[float, ...]:
        """Sorts equal scores."""
        window, limit = cell
        if self.limits is None:
            return (window,)
        threshold = self.limits[limit]
        # 0.49 and 0.51 are equally near, whatever binary fractions say.
        return (window, round(abs(threshold - 0.5), 9), threshold)

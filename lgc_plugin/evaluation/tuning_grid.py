"""Scores of each class with each window and threshold, and the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.events import CodedEvents
from lgc_plugin.evaluation.f1 import PointCounts, f1_averages
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import (
    EVENT_METRICS,
    FREE_METRICS,
    PSDS_METRICS,
)
from lgc_plugin.evaluation.postprocess.median_filter import LONGEST_WINDOW
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds import PSDSCounts, psds_counts
from lgc_plugin.evaluation.psds_free import psds_free_counts
from lgc_plugin.utils.parallel import progress_bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Scores nearer than this are equal: sums are rounded.
_EQUAL = 1e-12
# Clips looked at together: what is detected in them at every threshold is
# held at once.
_BLOCK_CLIPS = 64


def default_windows(n_frames: int) -> tuple[int, ...]:
    """Odd windows, each a third longer than the one before."""
    windows = [1]
    while True:
        longer = max(windows[-1] + 2, 2 * (2 * windows[-1] // 3) + 1)
        if longer > min(n_frames, LONGEST_WINDOW):
            return tuple(windows)
        windows.append(longer)


@dataclass(frozen=True, eq=False)
class TuningGrid:
    """Scores of each class with each window and threshold."""

    #: W windows, ascending.
    windows: tuple[int, ...]
    #: J thresholds; None if they are not to be chosen, J is 1 then.
    limits: tuple[float, ...] | None
    #: (C, W, J); NaN where not tried, or where the truth has no event.
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
        """Tries each window on all classes, and the starting ones together."""
        classes = np.arange(len(scores.labels))
        begin = start.class_windows(scores.labels)
        tried = sorted({*windows, *begin})
        passes = [(window,) * len(classes) for window in windows]
        if len(tried) > len(windows):
            passes.append(begin)
        n_points = 1 if limits is None else len(limits)
        grid = np.full((len(classes), len(tried), n_points), np.nan)
        for each in progress_bar(
            passes, desc="tuning", unit="window", shown=progress
        ):
            post_processing = replace(start, median_windows=each)
            if limits is None:
                found = scores.at(post_processing)[:, None]
            else:
                found = scores.at_points(post_processing, limits)
            grid[classes, np.searchsorted(tried, each)] = found
        return cls(tuple(tried), limits, grid)

    def choose(
        self, start: PostProcessing, labels: Sequence[str]
    ) -> PostProcessing:
        """The best of each class."""
        windows = list(start.class_windows(labels))
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
        """(C, W) scores of each window at its best threshold."""
        known = ~np.isnan(self.scores).all(axis=2)
        best = np.where(np.isnan(self.scores), -np.inf, self.scores).max(axis=2)
        return np.where(known, best, np.nan)

    def _preference(self, cell: Sequence[int]) -> tuple[float, ...]:
        """Sorts equal scores."""
        window, limit = cell
        if self.limits is None:
            return (window,)
        threshold = self.limits[limit]
        # 0.49 and 0.51 are equally near, despite binary fractions.
        return (window, round(abs(threshold - 0.5), 9), threshold)


class ClassScores:
    """Scores classes one by one, for any windows and thresholds.

    Clips are counted block by block, so that memory does not grow with what
    is detected in all of them (but for the threshold-free metrics, whose
    library wants all clips at once).
    """

    def __init__(
        self, frames: FrameScores, truth: GroundTruth, metric: str
    ) -> None:
        self.metric = metric
        self.labels = frames.labels
        self._frames, self._truth = frames, truth
        clips = sorted(frames.clips)
        blocks = [
            clips[start : start + _BLOCK_CLIPS]
            for start in range(0, len(clips), _BLOCK_CLIPS)
        ]
        self._blocks = [(names, truth.restrict(names)) for names in blocks]

    def at(self, post_processing: PostProcessing) -> NDArray[np.float64]:
        """(C,) the class's score, for PSDS the area under its own curve.

        Classes as in the frame scores; NaN where the truth has none.
        """
        if self.metric in EVENT_METRICS:
            return self._f1(post_processing, None)[:, 0]
        if self.metric in PSDS_METRICS:
            return self._psds(post_processing)
        counts = psds_free_counts(
            self._frames,
            self._truth,
            post_processing.median_windows,
            **FREE_METRICS[self.metric],
        )
        areas = counts.score().per_class
        return np.array([areas[label] for label in self.labels])

    def at_points(
        self, post_processing: PostProcessing, thresholds: Sequence[float]
    ) -> NDArray[np.float64]:
        """(C, J) F1 scores of all classes at each threshold."""
        return self._f1(post_processing, thresholds)

    def _f1(
        self,
        post_processing: PostProcessing,
        thresholds: Sequence[float] | None,
    ) -> NDArray[np.float64]:
        parts: list[PointCounts] = []
        for clips, truth in self._blocks:
            frames = self._frames.select(clips)
            coded = _coded(frames, truth, post_processing, thresholds)
            counts = EVENT_METRICS[self.metric](coded, truth)
            parts.append(PointCounts(*(each.sum(axis=0) for each in counts)))
        tp = np.sum([part.tp for part in parts], axis=0)
        fp = np.sum([part.fp for part in parts], axis=0)
        fn = np.sum([part.n_true for part in parts], axis=0)[:, None] - tp
        scores = f1_averages(tp.T, fn.T, fp.T).per_class
        return scores.T[self._rows()]

    def _psds(self, post_processing: PostProcessing) -> NDArray[np.float64]:
        options = PSDS_METRICS[self.metric]
        parts = []
        for clips, truth in self._blocks:
            frames = self._frames.select(clips)
            coded = _coded(
                frames, truth, post_processing, post_processing.thresholds
            )
            parts.append(psds_counts(coded, truth, **options))
        # No curve is drawn, which takes longer than all the rest.
        counts = PSDSCounts.join(parts)
        weights = np.ones((1, len(counts.durations)))
        return counts.averages(weights).per_class[0][self._rows()]

    def _rows(self) -> list[int]:
        """Where the classes of the frame scores are in the truth."""
        return [self._truth.labels.index(label) for label in self.labels]


def _coded(
    frames: FrameScores,
    truth: GroundTruth,
    post_processing: PostProcessing,
    thresholds: Sequence[float] | None,
) -> CodedEvents:
    """Events at each threshold, found or not; None: each class at its own."""
    if thresholds is None:
        events = post_processing.operating_events(frames)
        return truth.code(events.drop(columns="threshold"))
    events = replace(post_processing, thresholds=thresholds).all_events(frames)
    table = truth.select(events, thresholds=True)
    return CodedEvents.from_table(
        table, truth.durations.filename, truth.labels, thresholds
    )

"""Scores of each class on its own: what tuning maximises.

Whether an event of a class is found, and whether a detection of it is false,
depends on the detections of that class and on the truth, never on the
detections of other classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.clip_counts import PointCounts, f1_averages
from lgc_plugin.evaluation.coded_events import CodedEvents
from lgc_plugin.evaluation.decoding import PostProcessing
from lgc_plugin.evaluation.families import EVENT_METRICS, PSDS_METRICS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.psds import psds_counts
from lgc_plugin.evaluation.psds_counts import PSDSCounts
from lgc_plugin.evaluation.psds_free import psds_free_counts
from lgc_plugin.evaluation.scoring import FREE_METRICS
from lgc_plugin.evaluation.truth import GroundTruth

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Clips looked at together: what is detected in them at every threshold is
# held at once.
_BLOCK_CLIPS = 64


class ClassScores:
    """Scores classes one by one, for any windows and thresholds.

    Clips are counted block by block, so that memory does not grow with what
    is detected in all of them (but for the threshold-free metrics, whose
    library wants all clips at once).

    Arguments
    ---------
    frames : FrameScores
        Scores of clips of the truth.
    truth : GroundTruth
        The truth.
    metric : str
        One of PSDS, with or without thresholds, or an F1 score of events.

    Example
    -------
    >>> import pandas as pd
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a.wav", 0.0, 1.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a.wav"], "duration": [2.0]}),
    ...     ["Cat"],
    ... )
    >>> frames = FrameScores(
    ...     ("Cat",), ("a.wav",), np.array([[[0.9, 0.2]]], np.float32),
    ...     np.array([2]), np.array([0.0, 1.0, 2.0]),
    ... )
    >>> scores = ClassScores(frames, truth, "event_f1")
    >>> scores.at_points(PostProcessing(), [0.1, 0.5]).tolist()
    [[0.0, 1.0]]
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

    def at(self, decoding: PostProcessing) -> NDArray[np.float64]:
        """Scores of all classes with their windows and thresholds.

        Arguments
        ---------
        decoding : PostProcessing
            Windows and thresholds.

        Returns
        -------
        numpy.ndarray
            (C,), classes as in the frame scores; NaN where the truth has
            none. PSDS: the area under the class's own curve.
        """
        if self.metric in EVENT_METRICS:
            return self._f1(decoding, None)[:, 0]
        if self.metric in PSDS_METRICS:
            return self._psds(decoding)
        counts = psds_free_counts(
            self._frames,
            self._truth,
            decoding.median_windows,
            **FREE_METRICS[self.metric],
        )
        areas = counts.score().per_class
        return np.array([areas[label] for label in self.labels])

    def at_points(
        self, decoding: PostProcessing, thresholds: Sequence[float]
    ) -> NDArray[np.float64]:
        """F1 scores of all classes at each threshold.

        Arguments
        ---------
        decoding : PostProcessing
            Windows.
        thresholds : Sequence[float]
            J different ones.

        Returns
        -------
        numpy.ndarray
            (C, J).
        """
        return self._f1(decoding, thresholds)

    def _f1(
        self, decoding: PostProcessing, thresholds: Sequence[float] | None
    ) -> NDArray[np.float64]:
        parts: list[PointCounts] = []
        for clips, truth in self._blocks:
            frames = self._frames.select(clips)
            coded = _coded(frames, truth, decoding, thresholds)
            counts = EVENT_METRICS[self.metric](coded, truth)
            parts.append(PointCounts(*(each.sum(axis=0) for each in counts)))
        hits, false_alarms, events = map(sum, zip(*parts, strict=True))
        misses = events[:, None] - hits
        scores = f1_averages(hits.T, misses.T, false_alarms.T).per_class
        return scores.T[self._rows()]

    def _psds(self, decoding: PostProcessing) -> NDArray[np.float64]:
        options = PSDS_METRICS[self.metric]
        parts = []
        for clips, truth in self._blocks:
            frames = self._frames.select(clips)
            coded = _coded(frames, truth, decoding, decoding.thresholds)
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
    decoding: PostProcessing,
    thresholds: Sequence[float] | None,
) -> CodedEvents:
    """Events at each threshold, found or not; None: each class at its own."""
    if thresholds is None:
        events = decoding.operating_events(frames)
        return truth.code(events.drop(columns="threshold"))
    events = replace(decoding, thresholds=thresholds).all_events(frames)
    table = truth.select(events, thresholds=True)
    return CodedEvents.from_table(
        table, truth.durations.filename, truth.labels, thresholds
    )

"""Scores of each class alone, for settings that are tried one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.events import CodedEvents
from lgc_plugin.evaluation.f1 import f1_averages
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import (
    EVENT_METRICS,
    FREE_METRICS,
    PSDS_METRICS,
)
from lgc_plugin.evaluation.postprocess.median_filter import median_filter_scores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.postprocess.sebbs import Segments, find_segments
from lgc_plugin.evaluation.psds import PSDSCounts, psds_counts
from lgc_plugin.evaluation.psds_free import psds_free_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Clips looked at together: what is detected in them at every threshold is
# held at once.
_BLOCK_CLIPS = 128


class ClassScores:
    """Scores classes one by one, on all clips and without each fold.

    Clips are counted block by block, so that memory does not grow with what
    is detected in all of them (but for the threshold-free metrics, whose
    library wants all clips at once). Counts of clips add up, so that the sets
    of clips cost only sums.
    """

    def __init__(
        self,
        frames: FrameScores,
        truth: GroundTruth,
        metric: str,
        fold: NDArray[np.int64] | None = None,
    ) -> None:
        self.metric = metric
        self.labels = frames.labels
        clips = truth.durations.filename.tolist()
        # Classes have the same order in both.
        self._truth = truth = replace(truth, labels=frames.labels)
        self._frames = frames
        starts = range(0, len(clips), _BLOCK_CLIPS)
        names = [clips[start : start + _BLOCK_CLIPS] for start in starts]
        self._blocks = [(frames.select(x), truth.restrict(x)) for x in names]
        #: (R, N) how often each clip counts: all once, then all but a fold.
        self.weights = np.ones((1, len(clips)))
        if fold is not None:
            others = fold != np.arange(fold.max() + 1)[:, None]
            self.weights = np.concatenate([self.weights, others])
        self._settings: tuple = ()
        self._segments: list[Segments] = []

    def at(
        self,
        post_processing: PostProcessing,
        thresholds: Sequence[float] | None = None,
    ) -> NDArray[np.float64]:
        """(R, C, J) the class's score, for PSDS the area under its own curve.

        Classes as in the frame scores; NaN where the truth has none. F1 scores
        are those at J thresholds; None: at each class's own, J is 1.
        """
        if self.metric in EVENT_METRICS:
            return self._f1(post_processing, thresholds)
        if self.metric in PSDS_METRICS:
            return self._psds(post_processing)
        swept = post_processing.swept_scores(self._frames)
        options = FREE_METRICS[self.metric]
        counts = psds_free_counts(swept, self._truth, 1, **options)
        return counts.averages(self.weights).per_class[..., None]

    def _f1(
        self,
        post_processing: PostProcessing,
        thresholds: Sequence[float] | None,
    ) -> NDArray[np.float64]:
        count = EVENT_METRICS[self.metric]
        parts = [
            count(events, truth)
            for events, (_, truth) in zip(
                self._coded(post_processing, thresholds),
                self._blocks,
                strict=True,
            )
        ]
        tp, fp, true = (
            np.tensordot(self.weights, np.concatenate(each), axes=1)
            for each in zip(*parts, strict=True)
        )
        # (R J, C), and back.
        counts = [
            np.moveaxis(each, 2, 1) for each in (tp, true[..., None] - tp, fp)
        ]
        shape = counts[0].shape
        scores = f1_averages(*(each.reshape(-1, shape[2]) for each in counts))
        return np.moveaxis(scores.per_class.reshape(shape), 1, 2)

    def _psds(self, post_processing: PostProcessing) -> NDArray[np.float64]:
        options = PSDS_METRICS[self.metric]
        limits = sorted(post_processing.thresholds)
        parts = [
            psds_counts(events, truth, **options)
            for events, (_, truth) in zip(
                self._coded(post_processing, limits), self._blocks, strict=True
            )
        ]
        # No curve is drawn, which takes longer than all the rest.
        counts = PSDSCounts.join(parts)
        return counts.averages(self.weights).per_class[..., None]

    def _coded(
        self,
        post_processing: PostProcessing,
        thresholds: Sequence[float] | None,
    ) -> Iterator[CodedEvents]:
        """Events of each block; None: at the operating point of each class."""
        if post_processing.finds_boxes and not post_processing.has_rules:
            found = self._coded_boxes(post_processing, thresholds)
        else:
            found = (
                post_processing.coded_events(frames, thresholds)
                for frames, _ in self._blocks
            )
        for events, (frames, truth) in zip(found, self._blocks, strict=True):
            yield truth.recode(events, frames.clips, frames.labels)

    def _coded_boxes(
        self,
        post_processing: PostProcessing,
        thresholds: Sequence[float] | None,
    ) -> Iterator[CodedEvents]:
        """The same, written once for all thresholds below a confidence."""
        labels, dtype = self.labels, self._frames.scores.dtype
        merging = [
            post_processing.class_values(name, labels)
            for name in ("merge_threshold_abs", "merge_threshold_rel")
        ]
        own = post_processing.class_thresholds(labels).astype(dtype)
        for segments, (frames, _) in zip(
            self._found(post_processing), self._blocks, strict=True
        ):
            boxes = segments.merged(*merging)
            confidence = boxes.confidence.astype(dtype)
            if thresholds is None:
                confidence -= own[boxes.label]
            yield CodedEvents.from_confidences(
                (boxes.clip, boxes.label),
                (boxes.onset, boxes.offset),
                confidence,
                np.array([0.0] if thresholds is None else thresholds, dtype),
                (len(frames.clips), len(labels)),
            )

    def _found(self, post_processing: PostProcessing) -> list[Segments]:
        """Boxes of each block before they are merged, kept for the next."""
        windows = post_processing.class_windows(self.labels)
        lengths = post_processing.class_values(
            "step_filter_length", self.labels
        )
        settings = (windows, tuple(lengths))
        if settings != self._settings:
            self._settings = settings
            self._segments = [
                find_segments(
                    median_filter_scores(
                        frames.scores, windows, frames.valid_frames
                    ),
                    frames.edges,
                    frames.valid_frames,
                    lengths,
                )
                for frames, _ in self._blocks
            ]
        return self._segments

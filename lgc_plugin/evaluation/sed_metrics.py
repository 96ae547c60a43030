"""All metrics of one network, in SpeechBrain's way: append, then summarize."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import count_scores, result_of_counts
from lgc_plugin.evaluation.postprocess.median_filter import (
    as_array,
    as_score_array,
    as_valid_frames,
)
from lgc_plugin.evaluation.postprocess.post_processing import (
    NOT_SWEPT,
    PostProcessing,
)
from lgc_plugin.evaluation.postprocess.thresholds import PSDS_THRESHOLDS
from lgc_plugin.evaluation.score import SEDResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor

    from lgc_plugin.data.encoder import EventEncoder


logger = logging.getLogger(__name__)


class SEDMetrics:
    """Collects frame scores of clips and turns them into metrics.

    Arguments
    ---------
    encoder : EventEncoder
        Class names and the length of a frame.
    ground_truth : GroundTruth
        The truth; clips that are never appended are left out of it.
    median_windows : int or Sequence[int] or Mapping[str, int]
        Output frames, see
        :func:`.postprocess.median_filter.resolve_median_windows`.
    thresholds : Sequence[float]
        Operating points of PSDS.
    decision_threshold : float or Mapping[str, float]
        Where the F1 scores are taken, of all classes or class by class; it
        need not be among ``thresholds``.
    **settings : Any
        Others of :class:`.postprocess.post_processing.PostProcessing`, by
        name.

    Raises
    ------
    ValueError
        If the classes of encoder and truth differ, or a setting is wrong.

    Example
    -------
    >>> from lgc_plugin.data.encoder import EventEncoder
    >>> encoder = EventEncoder(["Cat"], clip_seconds=10.24)
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 0.64, 1.28, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.24]}),
    ...     ["Cat"],
    ... )
    >>> metrics = SEDMetrics(encoder, truth, median_windows=3)
    >>> scores = np.zeros((1, 1, 160))
    >>> scores[0, 0, 10:20] = 0.9
    >>> metrics.append(["a"], scores)
    >>> result = metrics.summarize()
    >>> result.flat()["psds1"], result.scores["event_f1"].macro
    (1.0, 1.0)
    >>> result.coverage
    '1/1'
    """

    def __init__(
        self,
        encoder: EventEncoder,
        ground_truth: GroundTruth,
        median_windows: int | Sequence[int] | Mapping[str, int] = 1,
        thresholds: Sequence[float] = PSDS_THRESHOLDS,
        decision_threshold: float | Mapping[str, float] = 0.5,
        **settings: Any,
    ) -> None:
        if encoder.labels != ground_truth.labels:
            raise ValueError(
                "the encoder and the ground truth have different classes: "
                f"{', '.join(encoder.labels)} and "
                f"{', '.join(ground_truth.labels)}"
            )
        self.encoder = encoder
        self.ground_truth = ground_truth
        self.post_processing = PostProcessing(
            median_windows, thresholds, decision_threshold, **settings
        ).for_labels(encoder.labels)
        self._annotated = ground_truth.clips
        self.clear()

    def clear(self) -> None:
        """Forgets every clip."""
        self._clips: set[str] = set()
        self._parts: list[FrameScores] = []
        self._detections: pd.DataFrame | None = None

    def append(
        self,
        clip_ids: Sequence[str],
        frame_scores: ArrayLike | Tensor,
        valid_frames: ArrayLike | Tensor | None = None,
        clip_scores: ArrayLike | Tensor | None = None,
    ) -> None:
        """Keeps the scores of a batch, on the CPU; nothing is decoded yet.

        Arguments
        ---------
        clip_ids : Sequence[str]
            B names, exactly as the ground truth writes them.
        frame_scores : Tensor or array
            (B, C, T') probabilities.
        valid_frames : Tensor or array, optional
            (B,) output frames that hold sound. None means all.
        clip_scores : Tensor or array, optional
            (B, C) probabilities that a class sounds at all. None means the
            largest of a clip's frames.

        Raises
        ------
        ValueError
            If a clip is not annotated or was appended before, or the shapes
            do not fit.
        """
        clip_ids = list(clip_ids)
        for clip in clip_ids:
            if clip not in self._annotated:
                raise ValueError(
                    f"clip {clip!r} is not in the annotations: names must "
                    "match exactly, with the suffix"
                )
        if len(self._clips.union(clip_ids)) < len(self._clips) + len(clip_ids):
            again = next(
                clip
                for clip in clip_ids
                if clip in self._clips or clip_ids.count(clip) > 1
            )
            raise ValueError(
                f"clip {again!r} is scored twice: clear() between two passes"
            )
        # A copy: the caller may reuse its buffer.
        scores = np.array(as_score_array(frame_scores), dtype=np.float32)
        n_frames = scores.shape[2]
        valid = as_valid_frames(valid_frames, len(scores), n_frames).copy()
        if clip_scores is not None:
            clip_scores = np.array(as_array(clip_scores), dtype=np.float32)
        # Python's rounding, as the encoder's, not numpy's.
        edges = [self.encoder.seconds(i) for i in range(n_frames + 1)]
        part = FrameScores(
            self.encoder.labels,
            tuple(clip_ids),
            scores,
            valid,
            np.array(edges),
            clip_scores,
        )
        self._keep(part)

    @property
    def parts(self) -> list[FrameScores]:
        """What was appended so far, batch by batch; picklable."""
        return list(self._parts)

    def extend(self, parts: Sequence[FrameScores]) -> None:
        """Adds what another process appended, of other clips."""
        for part in parts:
            self._keep(part)

    @property
    def scored_clips(self) -> frozenset[str]:
        """Names of the clips appended so far."""
        return frozenset(self._clips)

    def frame_scores(self) -> FrameScores:
        """All that was appended, as one."""
        if not self._parts:
            raise ValueError("no clip was scored: append scores first")
        self._parts = [FrameScores.join(self._parts)]
        return self._parts[0]

    def detections(self) -> pd.DataFrame:
        """Events of all clips at all thresholds; decoded once."""
        if self._detections is None:
            self._detections = self.post_processing.all_events(
                self.frame_scores()
            )
        return self._detections

    def operating_detections(self) -> pd.DataFrame:
        """Events at the operating threshold."""
        return self.post_processing.operating_events(self.frame_scores())

    def summarize(
        self,
        metrics: Collection[str] | None = None,
        *,
        resamples: int = 0,
        seed: int = 0,
    ) -> SEDResult:
        """Scores what was appended.

        Arguments
        ---------
        metrics : Collection[str], optional
            Names of :data:`lgc_plugin.evaluation.metrics.ALL_METRICS`. None
            means all that can be computed: seconds for a thousand clips.
        resamples : int
            Of the bootstrap that gives intervals; 0 leaves them out.
        seed : int
            Decides what the bootstrap draws.

        Returns
        -------
        SEDResult

        Raises
        ------
        ValueError
            If nothing was appended, or a score is NaN.
        """
        frames = self.frame_scores()
        if metrics is None and self.post_processing.has_rules:
            logger.info("Threshold-free PSDS is left out: %s", NOT_SWEPT)
        truth = self.ground_truth.restrict(self._clips)
        counts = count_scores(
            frames,
            truth,
            self.post_processing,
            metrics,
            all_events=self._detections,
        )
        return result_of_counts(
            counts,
            truth,
            len(self._annotated),
            resamples=resamples,
            seed=seed,
        )

    def _keep(self, part: FrameScores) -> None:
        self._parts.append(part)
        self._clips.update(part.clips)
        self._detections = None

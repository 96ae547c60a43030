"""Metrics of student and teacher on the same strong and weak clips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.evaluation.clip_tags import clip_counts
from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth, truth_of_rows
from lgc_plugin.evaluation.metrics import score_counts
from lgc_plugin.evaluation.postprocess.thresholds import spaced_thresholds
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.evaluation.sed_metrics import SEDMetrics
from lgc_plugin.types import LabelKind, SEDOutput


class Collected(NamedTuple):
    """Scores of some clips by network, on the CPU; picklable."""

    #: Of the strongly labeled clips.
    frames: dict[str, list[FrameScores]]
    #: Of the weakly labeled clips.
    clip_scores: dict[str, list[np.ndarray]]
    #: Their true labels.
    tags: list[np.ndarray]


class EvaluationMetrics:
    """Collects the outputs of several networks for one set of clips.

    Arguments
    ---------
    encoder : EventEncoder
        Labels and the length of a frame.
    ground_truth : GroundTruth
        Truth of the strongly labeled clips.
    networks : Sequence[str]
        Their names.
    **options : Any
        See :class:`~lgc_plugin.evaluation.sed_metrics.SEDMetrics`.

    Attributes
    ----------
    clips : frozenset[str]
        The strongly labeled clips.

    Example
    -------
    >>> import pandas as pd
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 0.0, 1.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
    ...     ["Cat"],
    ... )
    >>> metrics = EvaluationMetrics(EventEncoder(["Cat"]), truth)
    >>> list(metrics.frames), sorted(metrics.clips)
    (['student', 'teacher'], ['a'])
    """

    def __init__(
        self,
        encoder: EventEncoder,
        ground_truth: GroundTruth,
        networks: Sequence[str] = ("student", "teacher"),
        **options: Any,
    ) -> None:
        self.labels = encoder.labels
        self.frame_seconds = encoder.frame_seconds
        self.profile = ground_truth.profile
        self.criteria = ground_truth.criteria
        self.clips = ground_truth.clips
        self.frames = {
            name: SEDMetrics(encoder, ground_truth, **options)
            for name in networks
        }
        self.clear()

    def clear(self) -> None:
        """Forgets every clip."""
        for metrics in self.frames.values():
            metrics.clear()
        self._tags: list[np.ndarray] = []
        self._clip_scores: dict[str, list[np.ndarray]] = {
            name: [] for name in self.frames
        }

    def append(
        self,
        clip_ids: Sequence[str],
        outputs: Mapping[str, SEDOutput],
        label_kind: Tensor,
        clip_labels: Tensor,
        valid_frames: Tensor | None = None,
    ) -> None:
        """Keeps the scores of a batch, on the CPU.

        Arguments
        ---------
        clip_ids : Sequence[str]
            B names, as the ground truth writes them.
        outputs : Mapping[str, SEDOutput]
            Outputs of each network.
        label_kind : Tensor
            (B,) values of :class:`~lgc_plugin.types.LabelKind`: strong clips
            count for the event metrics, weak ones for the clip F1.
        clip_labels : Tensor
            (B, C), read where the kind is weak.
        valid_frames : Tensor, optional
            (B,) output frames that hold sound.
        """
        kind = label_kind.cpu()
        strong = kind == LabelKind.STRONG
        weak = kind == LabelKind.WEAK
        names = [
            name for name, use in zip(clip_ids, strong, strict=True) if use
        ]
        if valid_frames is not None:
            valid_frames = valid_frames.cpu()[strong]
        for network, output in outputs.items():
            if names:
                scores = output.frame.float().cpu()[strong]
                tags = output.clip.float().cpu()[strong]
                self.frames[network].append(names, scores, valid_frames, tags)
            scores = output.clip.float().cpu()[weak]
            self._clip_scores[network].append(scores.numpy())
        self._tags.append(clip_labels.cpu()[weak].numpy())

    def collected(self) -> Collected:
        """All that was appended so far, to be merged in another process."""
        frames = {name: m.parts for name, m in self.frames.items()}
        return Collected(frames, self._clip_scores, self._tags)

    def extend(self, other: Collected) -> None:
        """Adds what another process collected, of other clips."""
        for name, metrics in self.frames.items():
            metrics.extend(other.frames[name])
            self._clip_scores[name].extend(other.clip_scores[name])
        self._tags.extend(other.tags)

    def scored_clips(self) -> frozenset[str]:
        """Names of the strongly labeled clips appended so far."""
        return next(iter(self.frames.values())).scored_clips

    def summarize(
        self, metrics: Collection[str] | None = None, **options: int
    ) -> dict[str, SEDResult]:
        """Scores what was appended.

        Arguments
        ---------
        metrics : Collection[str], optional
            See :meth:`.sed_metrics.SEDMetrics.summarize`. The clip F1
            of weakly labeled clips, ``weak_f1``, is there if there are any.
        **options : int
            ``resamples`` and ``seed``.

        Returns
        -------
        dict[str, SEDResult]
            By name of the network.
        """
        tags = np.concatenate(self._tags) if self._tags else ()
        results = {}
        for network, frames in self.frames.items():
            result = frames.summarize(metrics, **options)
            if len(tags):
                scores = np.concatenate(self._clip_scores[network])
                counts = {"weak_f1": clip_counts(scores, tags, self.labels)}
                weak = score_counts(counts, len(tags), **options)
                result = replace(result, scores={**result.scores, **weak})
            results[network] = result
        return results


def metrics_of_manifest(
    manifest: str | Path,
    encoder: EventEncoder,
    *,
    n_thresholds: int = 50,
    profile: str = "dcase",
    criteria: Criteria | None = None,
    **options: Any,
) -> EvaluationMetrics:
    """Metrics of student and teacher on the strong clips of a manifest."""
    rows = read_manifest(manifest)
    truth = truth_of_rows(rows, encoder.labels, profile, criteria)
    return EvaluationMetrics(
        encoder, truth, thresholds=spaced_thresholds(n_thresholds), **options
    )

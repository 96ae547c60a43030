"""All metrics by name: from frame scores or events to counts and scores.

Validation, test and the command line all use these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.bootstrap import resample, with_intervals
from lgc_plugin.evaluation.clip_tags import APCounts, clip_counts
from lgc_plugin.evaluation.events import CodedEvents
from lgc_plugin.evaluation.f1 import (
    PointCounts,
    event_counts,
    intersection_counts,
    segment_counts,
)
from lgc_plugin.evaluation.frame_errors import frame_error_counts
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.operating_counts import operating_counts
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds import PSDS1, PSDS2, psds_counts
from lgc_plugin.evaluation.psds_free import (
    has_sed_scores_eval,
    psds_free_counts,
)
from lgc_plugin.evaluation.score import ClipCounts, Score, SEDResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: F1 scores of events.
EVENT_METRICS: dict[str, Callable[..., PointCounts]] = {
    "event_f1": event_counts,
    "segment_f1": segment_counts,
    "intersection_f1": intersection_counts,
}
FRAME_METRICS = {"frame_error_rate": frame_error_counts}
#: Metrics of events at one operating point.
OPERATING_METRICS = (*EVENT_METRICS, *FRAME_METRICS)
#: Metrics that are errors.
LOWER_IS_BETTER = tuple(FRAME_METRICS)
#: Metrics over all operating points, and their criteria.
PSDS_METRICS = {"psds1": PSDS1, "psds2": PSDS2}
FREE_METRICS = {f"{name}_free": each for name, each in PSDS_METRICS.items()}
TAG_METRICS = ("clip_f1", "clip_ap")
#: Names of all metrics, in the order in which they are shown.
ALL_METRICS = (
    *PSDS_METRICS,
    *FREE_METRICS,
    *OPERATING_METRICS,
    *TAG_METRICS,
)
#: Those that need the lengths of the clips.
TIMED_METRICS = (*PSDS_METRICS, *FREE_METRICS, *FRAME_METRICS)


def count_points(
    detections: pd.DataFrame,
    truth: GroundTruth,
    metrics: Collection[str] = tuple(PSDS_METRICS),
) -> dict[str, ClipCounts]:
    """Counts of PSDS."""
    if not set(PSDS_METRICS) & set(metrics):
        return {}
    return _psds(truth.code(detections, thresholds=True), truth, metrics)


def _psds(
    coded: CodedEvents, truth: GroundTruth, metrics: Collection[str]
) -> dict[str, ClipCounts]:
    return {
        name: psds_counts(coded, truth, **options)
        for name, options in PSDS_METRICS.items()
        if name in metrics
    }


def count_events(
    detections: pd.DataFrame,
    truth: GroundTruth,
    metrics: Collection[str] = OPERATING_METRICS,
) -> dict[str, ClipCounts]:
    """Counts of events at one operating point."""
    if not set(OPERATING_METRICS) & set(metrics):
        return {}
    coded = truth.code(detections)
    counts: dict[str, ClipCounts] = {
        name: count(coded, truth).at(0, truth.labels)
        for name, count in EVENT_METRICS.items()
        if name in metrics
    }
    for name, count_frames in FRAME_METRICS.items():
        if name in metrics:
            counts[name] = count_frames(coded, truth)
    return counts


def count_tags(
    clips: Sequence[str],
    scores: NDArray[np.floating],
    truth: GroundTruth,
    thresholds: NDArray[np.floating] | float = 0.5,
) -> dict[str, ClipCounts]:
    """Counts of tags of whole clips: ``clip_f1`` and ``clip_ap``."""
    known = truth.durations.filename
    rows = pd.Index(known).get_indexer(list(clips))
    if (rows < 0).any():
        clip = clips[int(np.argmin(rows))]
        raise ValueError(f"clip {clip!r} is not in the annotations")
    wrong = np.isnan(scores).any(axis=1)
    if wrong.any():
        raise ValueError(
            f"clip {clips[int(np.argmax(wrong))]!r} has a NaN score: look for "
            "a diverged network or a damaged file"
        )
    counted = ~known.isin(truth.left_out).to_numpy()
    known_scores = np.full((len(known), len(truth.labels)), -np.inf)
    known_scores[rows] = scores
    known_scores[~counted] = -np.inf
    tags = truth.coded.counts()[..., 0] > 0
    return {
        "clip_f1": clip_counts(
            known_scores, tags, truth.labels, threshold=thresholds
        ),
        "clip_ap": APCounts(truth.labels, known_scores, tags, counted),
    }


def score_counts(
    counts: Mapping[str, ClipCounts],
    n_clips: int,
    *,
    resamples: int = 0,
    seed: int = 0,
) -> dict[str, Score]:
    """Scores of counts, with intervals if asked."""
    scores = {name: each.score() for name, each in counts.items()}
    if not resamples:
        return scores
    drawn = resample(counts, n_clips, resamples=resamples, seed=seed)
    return {k: with_intervals(v, drawn[k]) for k, v in scores.items()}


def result_of_counts(
    counts: Mapping[str, ClipCounts],
    truth: GroundTruth,
    n_annotated: int,
    *,
    durations_known: bool = True,
    resamples: int = 0,
    seed: int = 0,
) -> SEDResult:
    """Scores of the clips of a truth, and what is detected in them."""
    n_clips = len(truth.durations)
    scores = score_counts(counts, n_clips, resamples=resamples, seed=seed)
    hours = truth.counted_hours if durations_known else None
    operating = operating_counts(counts, hours)
    return SEDResult(scores, n_clips, n_annotated, resamples, operating)


def available_metrics(
    post_processing: PostProcessing | None = None,
) -> tuple[str, ...]:
    """The metrics that can be computed here, with some settings."""
    swept = post_processing is None or not post_processing.has_rules
    if swept and has_sed_scores_eval():
        return ALL_METRICS
    return tuple(name for name in ALL_METRICS if name not in FREE_METRICS)


def count_scores(
    frames: FrameScores,
    truth: GroundTruth,
    post_processing: PostProcessing,
    metrics: Collection[str] | None = None,
    *,
    all_events: pd.DataFrame | None = None,
) -> dict[str, ClipCounts]:
    """Counts of frame scores; clips of the truth without any have no detection.

    ``all_events``: events at all thresholds, where they are known already.
    """
    wanted = available_metrics(post_processing) if metrics is None else metrics
    check_metrics(wanted)
    counts: dict[str, ClipCounts] = {}
    if all_events is not None:
        counts |= count_points(all_events, truth, wanted)
    elif set(PSDS_METRICS) & set(wanted):
        points = sorted(post_processing.thresholds)
        events = post_processing.coded_events(frames, points)
        coded = truth.recode(events, frames.clips, frames.labels)
        counts |= _psds(coded, truth, wanted)
    if set(FREE_METRICS) & set(wanted):
        swept = post_processing.swept_scores(frames)
        counts |= count_free(swept, truth, wanted)
    if set(OPERATING_METRICS) & set(wanted):
        # Each class may have a threshold of its own: one operating point.
        operating = post_processing.operating_events(frames)
        operating = operating.drop(columns="threshold")
        counts |= count_events(operating, truth, wanted)
    if set(TAG_METRICS) & set(wanted):
        limits = post_processing.class_thresholds(frames.labels)
        tags = count_tags(frames.clips, frames.tags(), truth, limits)
        counts |= {k: v for k, v in tags.items() if k in wanted}
    return _ordered(counts)


def count_free(
    swept: FrameScores, truth: GroundTruth, metrics: Collection[str]
) -> dict[str, ClipCounts]:
    """Counts of threshold-free PSDS, of scores that thresholds sweep."""
    return {
        name: psds_free_counts(swept, truth, 1, **options)
        for name, options in FREE_METRICS.items()
        if name in metrics
    }


def count_detections(
    operating: pd.DataFrame,
    truth: GroundTruth,
    all_events: pd.DataFrame | None = None,
    metrics: Collection[str] | None = None,
    *,
    swept: FrameScores | None = None,
) -> dict[str, ClipCounts]:
    """Counts of events, where frame scores are not known.

    A clip has the classes that are detected in it; their rank, for the
    average precision, is the highest threshold at which they are. ``swept``:
    see :func:`.confidences.swept_scores`.
    """
    wanted = ALL_METRICS if metrics is None else metrics
    check_metrics(wanted)
    operating = operating.drop(columns="threshold", errors="ignore")
    counts = count_events(operating, truth, wanted)
    if all_events is not None:
        counts |= count_points(all_events, truth, wanted)
    if "clip_f1" in wanted:
        clips, tags = _tags(truth, operating.assign(threshold=1.0))
        counts["clip_f1"] = count_tags(clips, tags, truth)["clip_f1"]
    if swept is not None:
        counts |= count_free(swept, truth, wanted)
    if "clip_ap" in wanted and all_events is not None:
        clips, tags = _tags(truth, all_events)
        if swept is not None:
            clips, tags = list(swept.clips), swept.tags()
        counts["clip_ap"] = count_tags(clips, tags, truth)["clip_ap"]
    return _ordered(counts)


def check_metrics(names: Collection[str]) -> None:
    """Refuses names that are no metric."""
    unknown = [name for name in names if name not in ALL_METRICS]
    if unknown:
        raise ValueError(
            f"metric {unknown[0]!r} is unknown: use {', '.join(ALL_METRICS)}"
        )


def _tags(
    truth: GroundTruth, detections: pd.DataFrame
) -> tuple[list[str], np.ndarray]:
    """The highest threshold at which each clip has each class."""
    clips = truth.durations.filename.tolist()
    table = detections.groupby(["filename", "event_label"]).threshold.max()
    wide = table.unstack().reindex(index=clips, columns=list(truth.labels))
    return clips, wide.fillna(-np.inf).to_numpy(dtype=float)


def _ordered(counts: dict[str, ClipCounts]) -> dict[str, ClipCounts]:
    return {name: counts[name] for name in ALL_METRICS if name in counts}

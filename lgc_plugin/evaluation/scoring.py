"""One way from what a system says to the counts of every metric.

Validation, test and the command line all come through here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.clip_counts import ClipCounts
from lgc_plugin.evaluation.decoding import PostProcessing
from lgc_plugin.evaluation.families import (
    EVENT_METRICS,
    PSDS_METRICS,
    count_events,
    count_points,
    count_tags,
)
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.psds_free import (
    has_sed_scores_eval,
    psds_free_counts,
)
from lgc_plugin.evaluation.truth import GroundTruth

if TYPE_CHECKING:
    import pandas as pd

FREE_METRICS = {f"{name}_free": each for name, each in PSDS_METRICS.items()}
TAG_METRICS = ("clip_f1", "clip_ap")
#: Names of all metrics, in the order in which they are shown.
ALL_METRICS = (*PSDS_METRICS, *FREE_METRICS, *EVENT_METRICS, *TAG_METRICS)


def available_metrics() -> tuple[str, ...]:
    """The metrics that can be computed here.

    Returns
    -------
    tuple[str, ...]
        All, without the threshold-free ones where sed_scores_eval is missing.

    Example
    -------
    >>> available_metrics()[:2]
    ('psds1', 'psds2')
    """
    if has_sed_scores_eval():
        return ALL_METRICS
    return tuple(name for name in ALL_METRICS if name not in FREE_METRICS)


def count_scores(
    frames: FrameScores,
    truth: GroundTruth,
    decoding: PostProcessing,
    metrics: Collection[str] | None = None,
    *,
    all_events: pd.DataFrame | None = None,
) -> dict[str, ClipCounts]:
    """Counts of frame scores.

    Arguments
    ---------
    frames : FrameScores
        What the system says. Clips of the truth that are missing have no
        detection; the truth may be restricted before
        (:meth:`GroundTruth.restrict`).
    truth : GroundTruth
        The truth; it names every clip of the scores.
    decoding : PostProcessing
        Windows and thresholds.
    metrics : Collection[str], optional
        Names of :data:`ALL_METRICS`; None takes :func:`available_metrics`.
    all_events : pandas.DataFrame, optional
        Events at all thresholds, where they are known already.

    Returns
    -------
    dict[str, ClipCounts]
        By name, in the order of :data:`ALL_METRICS`.

    Raises
    ------
    ValueError
        If scores, truth and decoding do not fit, or a score is NaN.
    """
    wanted = available_metrics() if metrics is None else metrics
    check_metrics(wanted)
    counts: dict[str, ClipCounts] = {}
    if set(PSDS_METRICS) & set(wanted):
        if all_events is None:
            all_events = decoding.all_events(frames)
        counts |= count_points(all_events, truth, wanted)
    for name, options in FREE_METRICS.items():
        if name in wanted:
            windows = decoding.median_windows
            counts[name] = psds_free_counts(frames, truth, windows, **options)
    if set(EVENT_METRICS) & set(wanted):
        # Each class may have a threshold of its own: one operating point.
        operating = decoding.operating_events(frames)
        operating = operating.drop(columns="threshold")
        counts |= count_events(operating, truth, wanted)
    if set(TAG_METRICS) & set(wanted):
        limits = decoding.class_thresholds(frames.labels)
        tags = count_tags(frames.clips, frames.tags(), truth, limits)
        counts |= {k: v for k, v in tags.items() if k in wanted}
    return _ordered(counts)


def count_detections(
    operating: pd.DataFrame,
    truth: GroundTruth,
    all_events: pd.DataFrame | None = None,
    metrics: Collection[str] | None = None,
) -> dict[str, ClipCounts]:
    """Counts of events, where frame scores are not known.

    A clip has the classes that are detected in it; their rank, for the
    average precision, is the highest threshold at which they are.

    Arguments
    ---------
    operating : pandas.DataFrame
        Events at the operating point.
    truth : GroundTruth
        The truth.
    all_events : pandas.DataFrame, optional
        Events at many thresholds; None leaves out what needs them.
    metrics : Collection[str], optional
        Names of :data:`ALL_METRICS`; None takes those that detections allow.

    Returns
    -------
    dict[str, ClipCounts]

    Raises
    ------
    ValueError
        If detections and truth do not fit.
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
    if "clip_ap" in wanted and all_events is not None:
        clips, tags = _tags(truth, all_events)
        counts["clip_ap"] = count_tags(clips, tags, truth)["clip_ap"]
    return _ordered(counts)


def check_metrics(names: Collection[str]) -> None:
    """Refuses names that are no metric.

    Arguments
    ---------
    names : Collection[str]
        Names to check.

    Raises
    ------
    ValueError
        If one is unknown.
    """
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

"""Every metric of one system: counted once, then scored and resampled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.bootstrap import resample, with_intervals
from lgc_plugin.evaluation.clip_ap import APCounts
from lgc_plugin.evaluation.clip_counts import ClipCounts
from lgc_plugin.evaluation.clip_f1 import clip_counts
from lgc_plugin.evaluation.event_f1 import event_counts
from lgc_plugin.evaluation.intersection_f1 import intersection_counts
from lgc_plugin.evaluation.psds import PSDS1, PSDS2, psds_counts
from lgc_plugin.evaluation.score import Score
from lgc_plugin.evaluation.segment_f1 import segment_counts
from lgc_plugin.evaluation.truth import GroundTruth

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Metrics of events at one operating point.
EVENT_METRICS = {
    "event_f1": event_counts,
    "segment_f1": segment_counts,
    "intersection_f1": intersection_counts,
}
#: Metrics over all operating points, and their criteria.
PSDS_METRICS = {"psds1": PSDS1, "psds2": PSDS2}


def count_points(
    detections: pd.DataFrame,
    truth: GroundTruth,
    metrics: Collection[str] = tuple(PSDS_METRICS),
) -> dict[str, ClipCounts]:
    """Counts of PSDS.

    Arguments
    ---------
    detections : pandas.DataFrame
        Events at many thresholds, ``threshold`` among the columns.
    truth : GroundTruth
        The truth.
    metrics : Collection[str]
        Which of ``psds1`` and ``psds2``.

    Returns
    -------
    dict[str, ClipCounts]

    Raises
    ------
    ValueError
        If the detections do not fit the truth.
    """
    wanted = {k: v for k, v in PSDS_METRICS.items() if k in metrics}
    if not wanted:
        return {}
    coded = truth.code(detections, thresholds=True)
    return {
        name: psds_counts(coded, truth, **options)
        for name, options in wanted.items()
    }


def count_events(
    detections: pd.DataFrame,
    truth: GroundTruth,
    metrics: Collection[str] = tuple(EVENT_METRICS),
) -> dict[str, ClipCounts]:
    """Counts of the F1 scores of events.

    Arguments
    ---------
    detections : pandas.DataFrame
        Events at one operating point.
    truth : GroundTruth
        The truth.
    metrics : Collection[str]
        Which of ``event_f1``, ``segment_f1`` and ``intersection_f1``.

    Returns
    -------
    dict[str, ClipCounts]

    Raises
    ------
    ValueError
        If the detections do not fit the truth.
    """
    wanted = {k: v for k, v in EVENT_METRICS.items() if k in metrics}
    if not wanted:
        return {}
    coded = truth.code(detections)
    return {
        name: count(coded, truth).at(0, truth.labels)
        for name, count in wanted.items()
    }


def count_tags(
    clips: Sequence[str],
    scores: NDArray[np.floating],
    truth: GroundTruth,
    thresholds: NDArray[np.floating] | float = 0.5,
) -> dict[str, ClipCounts]:
    """Counts of what is said of whole clips: ``clip_f1`` and ``clip_ap``.

    Arguments
    ---------
    clips : Sequence[str]
        M clips of the truth, each once; nothing is said of the others.
    scores : numpy.ndarray
        (M, C) probabilities.
    truth : GroundTruth
        The truth: a clip has the classes of its events.
    thresholds : numpy.ndarray or float
        A class is detected where its score is greater; (C,) or one.

    Returns
    -------
    dict[str, ClipCounts]

    Raises
    ------
    ValueError
        If a clip is unknown, or a score is NaN.
    """
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
    said = np.full((len(known), len(truth.labels)), -np.inf)
    said[rows] = scores
    said[~counted] = -np.inf
    tags = truth.coded.counts()[..., 0] > 0
    return {
        "clip_f1": clip_counts(said, tags, truth.labels, threshold=thresholds),
        "clip_ap": APCounts(truth.labels, said, tags, counted),
    }


def score_counts(
    counts: Mapping[str, ClipCounts],
    n_clips: int,
    *,
    resamples: int = 0,
    seed: int = 0,
) -> dict[str, Score]:
    """Scores of counts, with intervals if asked.

    Arguments
    ---------
    counts : Mapping[str, ClipCounts]
        Metrics by name, of the same N clips.
    n_clips : int
        N.
    resamples : int
        Of the bootstrap; 0 leaves the intervals out.
    seed : int
        Decides which clips are drawn.

    Returns
    -------
    dict[str, Score]
    """
    scores = {name: each.score() for name, each in counts.items()}
    if not resamples:
        return scores
    drawn = resample(counts, n_clips, resamples=resamples, seed=seed)
    return {k: with_intervals(v, drawn[k]) for k, v in scores.items()}

"""Intersection-based F1, the counts of psds_eval."""

from __future__ import annotations

import pandas as pd

from lgc_plugin.evaluation.clip_counts import PointCounts
from lgc_plugin.evaluation.coded_events import CodedEvents
from lgc_plugin.evaluation.intersections import find_intersections
from lgc_plugin.evaluation.score import Score
from lgc_plugin.evaluation.truth import GroundTruth


def intersection_f1(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    dtc: float = 0.5,
    gtc: float = 0.5,
) -> Score:
    """F1 of events that detections cover well enough, however cut up.

    The criteria of PSDS at one operating point. The macro mean is that of
    psds_eval's ``compute_macro_f_score``, but for classes without any hit:
    they score 0 here, whereas psds_eval leaves them out of the mean.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``, at one
        threshold.
    ground_truth : GroundTruth
        The truth.
    dtc : float
        Share of a detection that true events of its class must cover.
    gtc : float
        Share of a true event that such detections must cover.

    Returns
    -------
    Score

    Raises
    ------
    ValueError
        If the detections do not fit the truth.

    Example
    -------
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 1.0, 3.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
    ...     ["Cat"],
    ... )
    >>> intersection_f1(truth.events.assign(onset=1.9), truth).macro
    1.0
    >>> intersection_f1(truth.events.assign(onset=2.1), truth).macro
    0.0
    """
    counts = intersection_counts(
        ground_truth.code(detections), ground_truth, dtc=dtc, gtc=gtc
    )
    return counts.at(0, ground_truth.labels).score()


def intersection_counts(
    detections: CodedEvents,
    ground_truth: GroundTruth,
    *,
    dtc: float = 0.5,
    gtc: float = 0.5,
) -> PointCounts:
    """The counts of :func:`intersection_f1`, at J operating points.

    Arguments
    ---------
    detections : CodedEvents
        From :meth:`GroundTruth.code`.
    ground_truth : GroundTruth
        The truth.
    dtc, gtc : float
        Criteria.

    Returns
    -------
    PointCounts
    """
    truth = ground_truth.coded
    found = find_intersections(
        detections,
        truth,
        ground_truth.durations.duration.to_numpy(),
        dtc=dtc,
        gtc=gtc,
    )
    return PointCounts.of(
        found.hits,
        found.false_alarms,
        (truth.clip, truth.label),
        detections.shape,
    )

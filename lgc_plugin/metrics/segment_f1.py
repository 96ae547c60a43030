"""Segment-based F1, by sed_eval."""

from __future__ import annotations

import pandas as pd

from lgc_plugin.metrics.score import Score
from lgc_plugin.metrics.sed_eval_counts import (
    load_sed_eval,
    score_by_sed_eval,
)
from lgc_plugin.metrics.truth import GroundTruth


def segment_f1(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    segment_seconds: float = 1.0,
) -> Score:
    """F1 of segments: a class sounds in a segment that an event touches.

    A class that is never detected scores 0, whereas sed_eval's own macro mean
    leaves it out.

    Mesaros, Heittola, Virtanen: Metrics for Polyphonic Sound Event
    Detection, Applied Sciences, 2016.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``, at one
        threshold.
    ground_truth : GroundTruth
        The truth.
    segment_seconds : float
        Length of a segment, in seconds.

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
    >>> segment_f1(truth.events.assign(onset=2.5), truth).macro
    0.6666666666666666
    """
    metric = load_sed_eval().SegmentBasedMetrics(
        event_label_list=list(ground_truth.labels),
        time_resolution=float(segment_seconds),
    )
    return score_by_sed_eval(metric, detections, ground_truth)

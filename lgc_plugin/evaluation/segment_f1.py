"""Segment-based F1, the counts of sed_eval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.clip_counts import PointCounts
from lgc_plugin.evaluation.coded_events import CodedEvents
from lgc_plugin.evaluation.score import Score
from lgc_plugin.evaluation.segments import found_segments, touched_segments
from lgc_plugin.evaluation.truth import GroundTruth


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
    counts = segment_counts(
        ground_truth.code(detections),
        ground_truth,
        segment_seconds=segment_seconds,
    )
    return counts.at(0, ground_truth.labels).score()


def segment_counts(
    detections: CodedEvents,
    ground_truth: GroundTruth,
    *,
    segment_seconds: float = 1.0,
) -> PointCounts:
    """The counts of :func:`segment_f1`, clip by clip, at J operating points.

    Arguments
    ---------
    detections : CodedEvents
        From :meth:`GroundTruth.code`.
    ground_truth : GroundTruth
        The truth.
    segment_seconds : float
        Length of a segment, in seconds.

    Returns
    -------
    PointCounts
    """
    detected = touched_segments(detections, segment_seconds)
    true = touched_segments(ground_truth.coded, segment_seconds)
    found = found_segments(detected, true, len(ground_truth.labels))
    cells = np.array([detected.clip, detected.label, detected.point])
    return PointCounts.of(
        tuple(cells[:, found]),
        tuple(cells[:, ~found]),
        (true.clip, true.label),
        detections.shape,
    )

"""Event-based F1 (collars), the counts of sed_eval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.clip_counts import PointCounts
from lgc_plugin.evaluation.coded_events import CodedEvents
from lgc_plugin.evaluation.collars import match_collars
from lgc_plugin.evaluation.score import Score
from lgc_plugin.evaluation.truth import GroundTruth


def event_f1(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> Score:
    """F1 of events whose onset and offset are both found.

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
    collar : float
        Seconds by which an onset or offset may be off.
    offset_share : float
        Share of the true event's length by which the offset may be off, where
        that is more than the collar.

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
    ...     pd.DataFrame([["a", 1.0, 2.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
    ...     ["Cat"],
    ... )
    >>> event_f1(truth.events.assign(onset=1.1), truth).macro
    1.0
    >>> event_f1(truth.events.assign(onset=1.3), truth).macro
    0.0
    """
    counts = event_counts(
        ground_truth.code(detections),
        ground_truth,
        collar=collar,
        offset_share=offset_share,
    )
    return counts.at(0, ground_truth.labels).score()


def event_counts(
    detections: CodedEvents,
    ground_truth: GroundTruth,
    *,
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> PointCounts:
    """The counts of :func:`event_f1`, clip by clip, at J operating points.

    Arguments
    ---------
    detections : CodedEvents
        From :meth:`GroundTruth.code`.
    ground_truth : GroundTruth
        The truth.
    collar : float
        Seconds.
    offset_share : float
        Share of the true event's length.

    Returns
    -------
    PointCounts
    """
    truth = ground_truth.coded
    found = match_collars(
        detections, truth, collar=collar, offset_share=offset_share
    )
    cells = np.array([detections.clip, detections.label, detections.point])
    return PointCounts.of(
        tuple(cells[:, found]),
        tuple(cells[:, ~found]),
        (truth.clip, truth.label),
        detections.shape,
    )

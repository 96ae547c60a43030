"""Event-based F1 (collars), by sed_eval."""

from __future__ import annotations

import pandas as pd

from lgc_plugin.metrics.score import Score
from lgc_plugin.metrics.sed_eval_counts import (
    load_sed_eval,
    score_by_sed_eval,
)
from lgc_plugin.metrics.truth import GroundTruth


def event_f1(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> Score:
    """F1 of events whose onset and offset are both found.

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
    metric = load_sed_eval().EventBasedMetrics(
        event_label_list=list(ground_truth.labels),
        t_collar=float(collar),
        percentage_of_length=float(offset_share),
    )
    return score_by_sed_eval(metric, detections, ground_truth)

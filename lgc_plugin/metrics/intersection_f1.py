"""Intersection-based F1, by psds_eval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lgc_plugin.metrics.psds import evaluate_operating_points
from lgc_plugin.metrics.score import Score
from lgc_plugin.metrics.truth import GroundTruth


def intersection_f1(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    dtc: float = 0.5,
    gtc: float = 0.5,
    cttc: float = 0.3,
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
    cttc : float
        Cross-trigger criterion; it changes no count of this score.

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
    found = ground_truth.select(detections)
    labels, total = ground_truth.labels, ground_truth.event_counts()
    hits = np.zeros(len(labels))
    # In a class that never sounds, every detection is a false alarm.
    false_alarms = np.array([(found.event_label == x).sum() for x in labels])
    scored = found[found.event_label.isin(ground_truth.present)]
    if len(scored):
        evaluation = evaluate_operating_points(
            [scored], ground_truth, dtc=dtc, gtc=gtc, cttc=cttc
        )
        counts = evaluation.operating_points.counts[0]
        # psds_eval orders the classes by name; its last column, the world,
        # holds the false alarms.
        for row, label in enumerate(sorted(ground_truth.present)):
            hits[labels.index(label)] = counts[row, row]
            false_alarms[labels.index(label)] = counts[row, -1]
    return Score.from_counts(
        labels, hits=hits, misses=total - hits, false_alarms=false_alarms
    )

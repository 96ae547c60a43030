"""Polyphonic sound detection score (PSDS)."""

from __future__ import annotations

from types import MappingProxyType

import pandas as pd

from lgc_plugin.evaluation.coded_events import CodedEvents
from lgc_plugin.evaluation.intersections import find_intersections
from lgc_plugin.evaluation.psds_counts import (
    PSDSCounts,
    sparse_counts,
    truth_totals,
)
from lgc_plugin.evaluation.score import Score
from lgc_plugin.evaluation.truth import GroundTruth

#: Rewards exact timing (DCASE, scenario 1).
PSDS1 = MappingProxyType(
    {"dtc": 0.7, "gtc": 0.7, "alpha_ct": 0.0, "alpha_st": 1.0}
)
#: Forgives timing, punishes confused classes (DCASE, scenario 2).
PSDS2 = MappingProxyType(
    {"dtc": 0.1, "gtc": 0.1, "cttc": 0.3, "alpha_ct": 0.5, "alpha_st": 1.0}
)


_DEFAULTS = MappingProxyType(
    {"cttc": None, "alpha_ct": 0.0, "alpha_st": 1.0, "max_efpr": 100.0}
)


def psds(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    dtc: float,
    gtc: float,
    cttc: float | None = None,
    alpha_ct: float = 0.0,
    alpha_st: float = 1.0,
    max_efpr: float = 100.0,
) -> Score:
    """PSDS over operating points, one per threshold.

    Bilen et al.: A Framework for the Robust Evaluation of Sound Event
    Detection, ICASSP 2020. The two scenarios of DCASE are
    ``psds(..., **PSDS1)`` and ``psds(..., **PSDS2)``. Classes that are absent
    from the truth take no part.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``,
        ``threshold``.
    ground_truth : GroundTruth
        The truth.
    dtc : float
        Share of a detection that true events of its class must cover.
    gtc : float
        Share of a true event that such detections must cover.
    cttc : float, optional
        Share of a false detection that events of another class must cover to
        make it a cross-trigger; needed if ``alpha_ct`` is not 0.
    alpha_ct : float
        Weight of cross-triggers, 0 to 1.
    alpha_st : float
        Weight of the spread over classes, at least 0.
    max_efpr : float
        Effective false positives per hour up to which the area is taken.

    Returns
    -------
    Score
        With the PSD-ROC. Its class scores are the areas under each class's
        own curve, over the same range; their mean is the score without the
        penalty on unequal classes.

    Raises
    ------
    ValueError
        If the detections do not fit the truth, or ``cttc`` is missing.

    Example
    -------
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 1.0, 2.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
    ...     ["Cat"],
    ... )
    >>> psds(truth.events.assign(threshold=0.5), truth, **PSDS1).value
    1.0
    """
    counts = psds_counts(
        ground_truth.code(detections, thresholds=True),
        ground_truth,
        **{"dtc": dtc, "gtc": gtc, "cttc": cttc},
        **{"alpha_ct": alpha_ct, "alpha_st": alpha_st, "max_efpr": max_efpr},
    )
    return counts.score()


def psds_counts(
    detections: CodedEvents, ground_truth: GroundTruth, **options: float
) -> PSDSCounts:
    """The counts of PSDS, clip by clip.

    Arguments
    ---------
    detections : CodedEvents
        From :meth:`GroundTruth.code`, at J operating points.
    ground_truth : GroundTruth
        The truth.
    **options : float
        See :func:`psds`.

    Returns
    -------
    PSDSCounts

    Raises
    ------
    ValueError
        If ``cttc`` is missing.
    """
    options = {**_DEFAULTS, **options}
    if options["cttc"] is None and options["alpha_ct"]:
        raise ValueError(
            f"alpha_ct={options['alpha_ct']} weighs cross-triggers: set cttc"
        )
    n_clips, n_labels, n_points = detections.shape
    durations = ground_truth.durations.duration.to_numpy()
    truth = ground_truth.coded
    found = find_intersections(
        detections,
        truth,
        durations,
        dtc=options["dtc"],
        gtc=options["gtc"],
        cttc=options["cttc"] if options["alpha_ct"] else None,
    )
    shape = (n_clips, n_labels, n_points)
    cross = None
    if options["alpha_ct"]:
        wide = (n_clips, n_labels, n_labels, n_points)
        cross = sparse_counts(found.cross_triggers, wide)
    return PSDSCounts(
        ground_truth.labels,
        sparse_counts(found.hits, shape),
        sparse_counts(found.false_alarms, shape),
        cross,
        *truth_totals(truth),
        durations,
        {key: options[key] for key in ("alpha_ct", "alpha_st", "max_efpr")},
    )

"""Polyphonic sound detection score (PSDS), by psds_eval."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.metrics.coded_events import CodedEvents
from lgc_plugin.metrics.intersections import find_intersections
from lgc_plugin.metrics.psds_counts import (
    PSDSCounts,
    sparse_counts,
    truth_totals,
)
from lgc_plugin.metrics.quiet import quiet
from lgc_plugin.metrics.score import Curve, Score
from lgc_plugin.metrics.truth import GroundTruth

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    return scored_by_psds_eval(counts).score()


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


def scored_by_psds_eval(counts: PSDSCounts) -> PSDSCounts:
    """Lets psds_eval draw the curve of counts, and take its area.

    Its own counting takes seconds for a thousand clips.

    Arguments
    ---------
    counts : PSDSCounts
        From :func:`psds_counts`.

    Returns
    -------
    PSDSCounts
        The same, whose score is psds_eval's, with the PSD-ROC.
    """
    return replace(counts, known=_score_by_psds_eval(counts))


def _score_by_psds_eval(counts: PSDSCounts) -> Score:
    # It orders classes by name and knows no class without events.
    once = np.ones((1, len(counts.durations)))
    rates = counts.rates(once)
    labels, max_efpr = counts.labels, float(counts.options["max_efpr"])
    rows = [i for i in np.argsort(labels) if rates.present[0, i]]
    if not rows or not counts.hits.shape[1]:
        return _flat_score(counts, bool(rows))
    n_points = rates.tpr.shape[2]
    ctr = np.zeros((len(rows), len(rows), n_points))
    if rates.ctr is not None:
        ctr = rates.ctr[0][np.ix_(rows, rows)]
    if len(rows) > 1:
        # Its mean over the other classes passes over NaN.
        ctr[np.arange(len(rows)), np.arange(len(rows))] = np.nan
    with quiet():
        # It imports matplotlib's pyplot: only where it is needed.
        from psds_eval.psds import WORLD, PSDSEval

        names = [*(labels[i] for i in rows), WORLD]
        evaluation = PSDSEval(class_names=names)
        evaluation.operating_points = pd.DataFrame(
            {
                "id": [str(j) for j in range(n_points)],
                "counts": None,
                "tpr": list(rates.tpr[0, rows].T),
                "fpr": list(rates.fpr[0, rows].T),
                "ctr": list(np.moveaxis(ctr, 2, 0)),
            }
        )
        alpha_ct = counts.options["alpha_ct"]
        result = evaluation.psds(alpha_ct, counts.options["alpha_st"], max_efpr)
    # Drawing the curves again, for those of the classes, takes longer than
    # all the rest: these areas are ours.
    per_class = counts.averages(once).per_class[0].tolist()
    per_class = dict(zip(labels, per_class, strict=True))
    curve = Curve(*_until(max_efpr, result.plt.xp, result.plt.yp))
    return Score(float(result.value), None, per_class, curve)


def _flat_score(counts: PSDSCounts, has_events: bool) -> Score:
    """The score of no detection: 0, or NaN where there is nothing to find."""
    present = counts.events.sum(axis=0) > 0
    per_class = [0.0 if found else np.nan for found in present]
    value = 0.0 if has_events else np.nan
    efpr = np.array([0.0, counts.options["max_efpr"]])
    return Score(
        value,
        None,
        dict(zip(counts.labels, per_class, strict=True)),
        Curve(efpr, np.full(2, value)),
    )


def _until(
    end: float, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A staircase cut off at an end, which it reaches with its last step."""
    inside = x < end
    return np.append(x[inside], end), np.append(y[inside], y[inside][-1])

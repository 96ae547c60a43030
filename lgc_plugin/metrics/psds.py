"""Polyphonic sound detection score (PSDS), by psds_eval."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.metrics.event_tables import EVENT_COLUMNS
from lgc_plugin.metrics.truth import GroundTruth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from psds_eval import PSDSEval

#: Rewards exact timing (DCASE, scenario 1).
PSDS1 = MappingProxyType(
    {"dtc": 0.7, "gtc": 0.7, "alpha_ct": 0.0, "alpha_st": 1.0}
)
#: Forgives timing, punishes confused classes (DCASE, scenario 2).
PSDS2 = MappingProxyType(
    {"dtc": 0.1, "gtc": 0.1, "cttc": 0.3, "alpha_ct": 0.5, "alpha_st": 1.0}
)

# psds_eval wants a tolerance even where cross-triggers have no weight.
_DEFAULT_CTTC = 0.3


@dataclass(frozen=True, eq=False)
class PSDSScore:
    """A PSDS and the curve under which it is the area.

    Arguments
    ---------
    value : float
        Between 0 and 1; NaN if the truth has no event.
    efpr : numpy.ndarray
        (P,) effective false positives per hour, from 0 to ``max_efpr``.
    etpr : numpy.ndarray
        (P,) effective true positive rate from each point to the next.
    per_class : dict[str, float]
        Area under each class's own curve, over the same range; NaN for a
        class that is absent from the truth. Their mean is the score without
        the penalty on unequal classes.
    max_efpr : float
        Where the curve ends, per hour.

    Example
    -------
    >>> score = PSDSScore(0.5, np.array([0, 100]), np.array([0.5, 0.5]), {})
    >>> score.value, score.max_efpr
    (0.5, 100.0)
    """

    value: float
    efpr: NDArray[np.float64]
    etpr: NDArray[np.float64]
    per_class: dict[str, float]
    max_efpr: float = 100.0


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
) -> PSDSScore:
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
    PSDSScore

    Raises
    ------
    ValueError
        If the detections do not fit the truth, or ``cttc`` is missing.

    Example
    -------
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 1.0, 2.0, "Cat"]], columns=EVENT_COLUMNS),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
    ...     ["Cat"],
    ... )
    >>> psds(truth.events.assign(threshold=0.5), truth, **PSDS1).value
    1.0
    """
    if cttc is None and alpha_ct:
        raise ValueError(f"alpha_ct={alpha_ct} weighs cross-triggers: set cttc")
    found = ground_truth.select(detections, thresholds=True)
    found = found[found.event_label.isin(ground_truth.present)]
    if not ground_truth.present or found.empty:
        return _flat_score(ground_truth, max_efpr)
    evaluation = evaluate_operating_points(
        [table for _, table in found.groupby("threshold")],
        ground_truth,
        dtc=dtc,
        gtc=gtc,
        cttc=_DEFAULT_CTTC if cttc is None else cttc,
    )
    if len(ground_truth.present) == 1:
        # The mean over no other class is NaN and would spread: no class, no
        # cross-trigger.
        none = [np.zeros((1, 1))] * evaluation.num_operating_points()
        evaluation.operating_points["ctr"] = none
    with _quiet():
        result = evaluation.psds(alpha_ct, alpha_st, max_efpr)
        curves = evaluation.psd_roc_curves(alpha_ct)[2]
    efpr, etpr = _until(max_efpr, result.plt.xp, result.plt.yp)
    # psds_eval orders the classes by name.
    areas = {
        label: _area(*_until(max_efpr, curves.xp, tpr)) / max_efpr
        for label, tpr in zip(
            sorted(ground_truth.present), curves.yp, strict=True
        )
    }
    per_class = {
        label: areas.get(label, np.nan) for label in ground_truth.labels
    }
    return PSDSScore(
        float(result.value), efpr, etpr, per_class, float(max_efpr)
    )


def evaluate_operating_points(
    tables: Sequence[pd.DataFrame],
    ground_truth: GroundTruth,
    *,
    dtc: float,
    gtc: float,
    cttc: float,
) -> PSDSEval:
    """Counts by intersection, one operating point per table.

    Arguments
    ---------
    tables : Sequence[pandas.DataFrame]
        Checked detections (:meth:`GroundTruth.select`), none empty.
    ground_truth : GroundTruth
        The truth, with at least one event.
    dtc, gtc, cttc : float
        Criteria, as for :func:`psds`.

    Returns
    -------
    psds_eval.PSDSEval
    """
    with _quiet():
        # It imports matplotlib's pyplot: only where it is needed.
        from psds_eval import PSDSEval

        evaluation = PSDSEval(
            dtc_threshold=dtc,
            gtc_threshold=gtc,
            cttc_threshold=cttc,
            ground_truth=ground_truth.events,
            metadata=ground_truth.durations,
        )
        for table in tables:
            evaluation.add_operating_point(table[EVENT_COLUMNS])
    return evaluation


@contextmanager
def _quiet() -> Iterator[None]:
    """psds_eval warns about pandas, numpy and equal operating points."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _flat_score(ground_truth: GroundTruth, max_efpr: float) -> PSDSScore:
    """The score of no detection: 0, or NaN where there is nothing to find."""
    value = 0.0 if ground_truth.present else np.nan
    per_class = {
        label: 0.0 if label in ground_truth.present else np.nan
        for label in ground_truth.labels
    }
    efpr = np.array([0.0, max_efpr])
    return PSDSScore(value, efpr, np.full(2, value), per_class, float(max_efpr))


def _until(
    end: float, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A staircase cut off at an end, which it reaches with its last step."""
    inside = x < end
    return np.append(x[inside], end), np.append(y[inside], y[inside][-1])


def _area(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(np.sum(np.diff(x) * y[:-1]))

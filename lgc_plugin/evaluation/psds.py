"""Polyphonic sound detection score (PSDS) at given thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, vstack

from lgc_plugin.evaluation.events import CodedEvents
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.matching import find_intersections
from lgc_plugin.evaluation.psd_roc import (
    PSDROC,
    SECONDS_PER_HOUR,
    ScoredByROC,
    psd_roc,
)
from lgc_plugin.evaluation.score import Score

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


def psds_score(
    detections: pd.DataFrame,
    truth: GroundTruth,
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
    ``psds_score(..., **PSDS1)`` and ``psds_score(..., **PSDS2)``. Classes that
    are absent from the truth take no part.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``,
        ``threshold``.
    truth : GroundTruth
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
    >>> psds_score(truth.events.assign(threshold=0.5), truth, **PSDS1).value
    1.0
    """
    counts = psds_counts(
        truth.code(detections, thresholds=True),
        truth,
        dtc=dtc,
        gtc=gtc,
        cttc=cttc,
        alpha_ct=alpha_ct,
        alpha_st=alpha_st,
        max_efpr=max_efpr,
    )
    return counts.score()


def psds_counts(
    detections: CodedEvents,
    truth: GroundTruth,
    *,
    dtc: float,
    gtc: float,
    cttc: float | None = None,
    alpha_ct: float = 0.0,
    alpha_st: float = 1.0,
    max_efpr: float = 100.0,
) -> PSDSCounts:
    """The counts of :func:`psds_score`, clip by clip."""
    if cttc is None and alpha_ct:
        raise ValueError(f"alpha_ct={alpha_ct} weighs cross-triggers: set cttc")
    n_clips, n_labels, n_points = shape = detections.shape
    durations = truth.durations.duration.to_numpy()
    found = find_intersections(
        detections,
        truth.coded,
        durations,
        dtc=dtc,
        gtc=gtc,
        cttc=cttc if alpha_ct else None,
    )
    cross = None
    if alpha_ct:
        wide = (n_clips, n_labels, n_labels, n_points)
        cross = sparse_counts(found.cross_triggers, wide)
    return PSDSCounts(
        truth.labels,
        *truth_totals(truth.coded),
        durations,
        {"alpha_ct": alpha_ct, "alpha_st": alpha_st, "max_efpr": max_efpr},
        sparse_counts(found.tp, shape),
        sparse_counts(found.fp, shape),
        cross,
    )


class Rates(NamedTuple):
    """Rates of R weightings of the clips."""

    #: (R, C, J) true positives of events; 0 for a class without events.
    tpr: NDArray[np.float64]
    #: (R, C, J) false positives per hour.
    fpr: NDArray[np.float64]
    #: (R, C, C, J) false positives for the first class per hour of the second;
    #: 0 where that has no event, and for a class with itself.
    ctr: NDArray[np.float64] | None
    #: (R, C) whether the class has an event.
    present: NDArray[np.bool_]

    def effective(self, alpha_ct: float) -> NDArray[np.float64]:
        """(R, C, J) false positives per hour, cross-triggers added."""
        if self.ctr is None or not alpha_ct:
            return self.fpr
        others = np.maximum(self.present.sum(axis=1) - 1, 1)
        return (
            self.fpr + alpha_ct * self.ctr.sum(axis=2) / others[:, None, None]
        )


@dataclass(frozen=True, eq=False)
class PSDSCounts(ScoredByROC):
    """Counts of PSDS, clip by clip, in sparse matrices.

    Most clips have few classes, so that nearly all counts are 0.
    """

    #: (N, C * J) counts.
    tp: csr_matrix
    fp: csr_matrix
    #: (N, C * C * J) counts; None where they have no weight.
    cross_triggers: csr_matrix | None

    @classmethod
    def join(cls, parts: Sequence[PSDSCounts]) -> PSDSCounts:
        """Counts of several sets of clips as those of one."""
        crossed = [
            part.cross_triggers
            for part in parts
            if part.cross_triggers is not None
        ]
        return replace(
            parts[0],
            tp=vstack([part.tp for part in parts]),
            fp=vstack([part.fp for part in parts]),
            cross_triggers=vstack(crossed) if crossed else None,
            events=np.concatenate([part.events for part in parts]),
            seconds=np.concatenate([part.seconds for part in parts]),
            durations=np.concatenate([part.durations for part in parts]),
        )

    def rates(self, weights: NDArray[np.floating]) -> Rates:
        """Rates at all operating points."""
        n_classes = len(self.labels)
        weights = weights.astype(np.float64)
        events = weights @ self.events
        present = events > 0
        shape = (len(weights), n_classes, -1)
        tp = _total(self.tp, weights).reshape(shape)
        fp = _total(self.fp, weights).reshape(shape)
        hours = (weights @ self.durations)[:, None, None] / SECONDS_PER_HOUR
        ctr = None
        if self.cross_triggers is not None:
            ctr = _total(self.cross_triggers, weights)
            ctr = ctr.reshape((*shape[:2], *shape[1:]))
            # A class without events has no cross-triggers to divide.
            length = np.where(present, weights @ self.seconds, 1.0)
            ctr = ctr / (length[:, None, :, None] / SECONDS_PER_HOUR)
        tpr = tp / np.where(present, events, 1)[..., None]
        return Rates(tpr, fp / hours, ctr, present)

    def roc(self, weights: NDArray[np.floating]) -> PSDROC:
        """The PSD-ROC for (R, N) weights: how often each clip counts."""
        rates = self.rates(weights)
        n_sets, n_classes, n_points = rates.tpr.shape
        return psd_roc(
            rates.effective(self.options["alpha_ct"]).reshape(n_sets, -1),
            rates.tpr.reshape(n_sets, -1),
            np.repeat(np.arange(n_classes), n_points),
            rates.present,
            alpha_st=self.options["alpha_st"],
            max_efpr=self.options["max_efpr"],
        )


def _total(
    counts: csr_matrix, weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(R, columns) sums of weighted clips."""
    return np.asarray((counts.T @ weights.T).T)


def truth_totals(
    truth: CodedEvents,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(N, C) number and (N, C) seconds of the true events."""
    seconds = np.zeros(truth.shape[:2])
    length = truth.offset - truth.onset
    np.add.at(seconds, (truth.clip, truth.label), length)
    return truth.counts()[..., 0], seconds


def sparse_counts(
    index: tuple[NDArray[np.int64], ...],
    shape: tuple[int, ...],
) -> csr_matrix:
    """(N, product of the other axes) counts."""
    clip, *others = index
    column = np.ravel_multi_index(tuple(others), shape[1:])
    size = (shape[0], int(np.prod(shape[1:])))
    # Equal entries add up.
    return csr_matrix((np.ones(len(clip)), (clip, column)), shape=size)

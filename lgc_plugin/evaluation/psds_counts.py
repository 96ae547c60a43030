"""What PSDS needs of every clip, at every operating point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, vstack

from lgc_plugin.evaluation.coded_events import CodedEvents
from lgc_plugin.evaluation.psd_roc import PSDROC, ScoredByROC, psd_roc

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECONDS_PER_HOUR = 3600.0


class Rates(NamedTuple):
    """Rates of R weightings of the clips.

    Arguments
    ---------
    tpr : numpy.ndarray
        (R, C, J) true positives of events; 0 for a class without events.
    fpr : numpy.ndarray
        (R, C, J) false alarms per hour.
    ctr : numpy.ndarray or None
        (R, C, C, J) false alarms for the first class per hour of the second;
        0 where that has no event, and for a class with itself.
    present : numpy.ndarray
        (R, C) whether the class has an event.
    """

    tpr: NDArray[np.float64]
    fpr: NDArray[np.float64]
    ctr: NDArray[np.float64] | None
    present: NDArray[np.bool_]

    def effective(self, alpha_ct: float) -> NDArray[np.float64]:
        """(R, C, J) false alarms per hour, cross-triggers added."""
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

    Arguments
    ---------
    labels : tuple[str, ...]
        C class names.
    hits, false_alarms : scipy.sparse.csr_matrix
        (N, C * J) counts.
    cross_triggers : scipy.sparse.csr_matrix or None
        (N, C * C * J) counts; None where they have no weight.
    events, seconds : numpy.ndarray
        (N, C) number of true events, and how long they last in sum.
    durations : numpy.ndarray
        (N,) seconds.
    options : Mapping[str, float]
        ``alpha_ct``, ``alpha_st``, ``max_efpr``.
    """

    labels: tuple[str, ...]
    hits: csr_matrix
    false_alarms: csr_matrix
    cross_triggers: csr_matrix | None
    events: NDArray[np.int64]
    seconds: NDArray[np.float64]
    durations: NDArray[np.float64]
    options: Mapping[str, float]

    @classmethod
    def join(cls, parts: Sequence[PSDSCounts]) -> PSDSCounts:
        """Counts of several sets of clips as those of one.

        Arguments
        ---------
        parts : Sequence[PSDSCounts]
            With the same classes, operating points and options.

        Returns
        -------
        PSDSCounts
        """
        first = parts[0]
        fields = ("hits", "false_alarms", "cross_triggers")
        sparse = {
            name: None
            if getattr(first, name) is None
            else vstack([getattr(part, name) for part in parts])
            for name in fields
        }
        dense = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("events", "seconds", "durations")
        }
        return replace(first, **sparse, **dense)

    def rates(self, weights: NDArray[np.floating]) -> Rates:
        """Rates at all operating points.

        Arguments
        ---------
        weights : numpy.ndarray
            (R, N) how often each clip counts.

        Returns
        -------
        Rates
        """
        n_classes = len(self.labels)
        weights = weights.astype(np.float64)
        events = weights @ self.events
        present = events > 0
        shape = (len(weights), n_classes, -1)
        hits = _total(self.hits, weights).reshape(shape)
        alarms = _total(self.false_alarms, weights).reshape(shape)
        hours = (weights @ self.durations)[:, None, None] / SECONDS_PER_HOUR
        ctr = None
        if self.cross_triggers is not None:
            ctr = _total(self.cross_triggers, weights)
            ctr = ctr.reshape((*shape[:2], *shape[1:]))
            # A class without events has no cross-triggers to divide.
            length = np.where(present, weights @ self.seconds, 1.0)
            ctr = ctr / (length[:, None, :, None] / SECONDS_PER_HOUR)
        tpr = hits / np.where(present, events, 1)[..., None]
        return Rates(tpr, alarms / hours, ctr, present)

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
    counts: csr_matrix, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(R, columns) sums of weighted clips."""
    return np.asarray((counts.T @ weights.T).T)


def truth_totals(
    truth: CodedEvents,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Number and length of the true events.

    Arguments
    ---------
    truth : CodedEvents
        At one point.

    Returns
    -------
    tuple[numpy.ndarray, numpy.ndarray]
        (N, C) counts and (N, C) seconds.
    """
    seconds = np.zeros(truth.shape[:2])
    length = truth.offset - truth.onset
    np.add.at(seconds, (truth.clip, truth.label), length)
    return truth.counts()[..., 0], seconds


def sparse_counts(
    index: tuple[NDArray[np.int64], ...],
    shape: tuple[int, ...],
) -> csr_matrix:
    """Counts by clip, all other axes in one.

    Arguments
    ---------
    index : tuple of arrays
        The clip first; one array for each axis.
    shape : tuple[int, ...]
        Lengths of the axes.

    Returns
    -------
    scipy.sparse.csr_matrix
        (N, product of the others).

    Example
    -------
    >>> index = tuple(np.array([[0, 0], [1, 1], [2, 2]]))
    >>> sparse_counts(index, (1, 2, 3)).toarray()
    array([[0., 0., 0., 0., 0., 2.]])
    """
    clip, *others = index
    column = np.ravel_multi_index(tuple(others), shape[1:])
    size = (shape[0], int(np.prod(shape[1:])))
    # Equal entries add up.
    return csr_matrix((np.ones(len(clip)), (clip, column)), shape=size)

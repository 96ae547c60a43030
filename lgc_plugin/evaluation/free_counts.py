"""What threshold-free PSDS needs of every clip: each change, at its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lgc_plugin.evaluation.psd_roc import PSDROC, ScoredByROC, psd_roc
from lgc_plugin.evaluation.psds_counts import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassSteps(NamedTuple):
    """How the counts of a class change as the threshold falls.

    Arguments
    ---------
    clip : numpy.ndarray
        (M,) where.
    score : numpy.ndarray
        (M,) below which threshold; descending.
    hits, false_alarms : numpy.ndarray
        (M,) by how much.
    cross_triggers : numpy.ndarray or None
        (C, M) the same with each other class; None where there are none.
    """

    clip: NDArray[np.int64]
    score: NDArray[np.float64]
    hits: NDArray[np.float64]
    false_alarms: NDArray[np.float64]
    cross_triggers: NDArray[np.float64] | None

    @classmethod
    def none(cls) -> ClassSteps:
        """Of a class that never changes.

        Returns
        -------
        ClassSteps
        """
        empty = np.zeros(0)
        return cls(empty.astype(np.int64), empty, empty, empty, None)

    def staircase(
        self,
        weights: NDArray[np.floating],
        hours: NDArray[np.float64],
        other_hours: NDArray[np.float64],
        alpha_ct: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The points at which the number of hits changes.

        Between two of them only false alarms change: their smallest number
        is what the curve needs.

        Arguments
        ---------
        weights : numpy.ndarray
            (R, N) how often each clip counts.
        hours : numpy.ndarray
            (R,) of all clips.
        other_hours : numpy.ndarray
            (R, C) of the other classes' events, times how many they are;
            infinite for a class that takes no part.
        alpha_ct : float
            Weight of cross-triggers.

        Returns
        -------
        tuple[numpy.ndarray, numpy.ndarray]
            (R, S) effective false positives per hour and (R, S) hits.
        """
        # Equal scores are one threshold, at the last of them.
        changes = self.score[1:] != self.score[:-1]
        ends = np.append(np.flatnonzero(changes), len(self.score) - 1)
        group = np.searchsorted(ends, np.arange(len(self.score)))
        change = self.hits != 0
        starts = np.unique(group[change])
        if not len(starts):
            return np.zeros((len(weights), 0)), np.zeros((len(weights), 0))
        drawn = weights[:, self.clip]
        effective = self.false_alarms / hours[:, None]
        if self.cross_triggers is not None:
            rates = (alpha_ct / other_hours) @ self.cross_triggers
            effective = effective + rates
        effective = np.cumsum(effective * drawn, axis=1)[:, ends]
        hits = np.cumsum(drawn[:, change] * self.hits[change], axis=1)
        last = np.searchsorted(group[change], starts, side="right") - 1
        lowest = np.minimum.reduceat(effective, starts, axis=1)
        return lowest, hits[:, last]


@dataclass(frozen=True, eq=False)
class FreePSDSCounts(ScoredByROC):
    """Counts of threshold-free PSDS, clip by clip.

    Arguments
    ---------
    labels : tuple[str, ...]
        C class names.
    steps : tuple[ClassSteps, ...]
        One per class.
    events, seconds : numpy.ndarray
        (N, C) number of true events, and how long they last in sum.
    durations : numpy.ndarray
        (N,) seconds.
    options : Mapping[str, float]
        ``alpha_ct``, ``alpha_st``, ``max_efpr``.
    """

    labels: tuple[str, ...]
    steps: tuple[ClassSteps, ...]
    events: NDArray[np.float64]
    seconds: NDArray[np.float64]
    durations: NDArray[np.float64]
    options: Mapping[str, float]

    def roc(self, weights: NDArray[np.floating]) -> PSDROC:
        """The PSD-ROC for (R, N) weights: how often each clip counts."""
        weights = weights.astype(np.float64)
        events = weights @ self.events
        present = events > 0
        hours = weights @ self.durations / SECONDS_PER_HOUR
        lengths = np.where(present, weights @ self.seconds, np.inf)
        others = np.maximum(present.sum(axis=1) - 1, 1)[:, None]
        curves = [
            step.staircase(
                weights,
                hours,
                lengths / SECONDS_PER_HOUR * others,
                self.options["alpha_ct"],
            )
            for step in self.steps
        ]
        rate = [
            hits / np.where(present, events, 1)[:, [row]]
            for row, (_, hits) in enumerate(curves)
        ]
        sizes = [each.shape[1] for each in rate]
        return psd_roc(
            np.concatenate([efpr for efpr, _ in curves], axis=1),
            np.concatenate(rate, axis=1),
            np.repeat(np.arange(len(sizes)), sizes),
            present,
            alpha_st=self.options["alpha_st"],
            max_efpr=self.options["max_efpr"],
        )

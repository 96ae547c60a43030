"""PSD-ROC curves and the areas under them, of many resamples at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lgc_plugin.evaluation.score import Averages, Curve, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECONDS_PER_HOUR = 3600.0


class PSDROC(NamedTuple):
    """The PSD-ROC of R resamples, and the areas under it."""

    #: (R, P) effective false positives per hour, ascending, cut at the end.
    efpr: NDArray[np.float64]
    #: (R, P) effective true positive rate from each point to the next.
    etpr: NDArray[np.float64]
    #: (R,) PSDS; NaN where there is no event.
    value: NDArray[np.float64]
    #: (R, C) areas under each class's own curve; NaN without an event.
    per_class: NDArray[np.float64]

    def score(self, labels: Sequence[str], max_efpr: float) -> Score:
        """The score and the curve of the first resample."""
        efpr, etpr = self.efpr[0], self.etpr[0]
        # Of points with equal false positives, the last has them all.
        kept = np.append(efpr[1:] > efpr[:-1], True)[: len(efpr)]
        kept &= efpr < max_efpr
        efpr, etpr = efpr[kept], etpr[kept]
        if not len(efpr) or efpr[0] > 0:
            start = np.nan if np.isnan(self.value[0]) else 0.0
            efpr, etpr = np.append(0.0, efpr), np.append(start, etpr)
        per_class = self.per_class[0].tolist()
        return Score(
            float(self.value[0]),
            None,
            dict(zip(labels, per_class, strict=True)),
            Curve(np.append(efpr, max_efpr), np.append(etpr, etpr[-1])),
        )


@dataclass(frozen=True, eq=False)
class ScoredByROC:
    """What counts of PSDS have in common: scores from their PSD-ROC."""

    #: C class names.
    labels: tuple[str, ...]
    #: (N, C) number of true events, and how long they last in sum.
    events: NDArray[np.float64] | NDArray[np.int64]
    seconds: NDArray[np.float64]
    #: (N,) seconds.
    durations: NDArray[np.float64]
    #: ``alpha_ct``, ``alpha_st``, ``max_efpr``.
    options: Mapping[str, float]

    def roc(self, weights: NDArray[np.floating]) -> PSDROC:
        """The PSD-ROC for (R, N) weights: how often each clip counts."""
        raise NotImplementedError

    def averages(self, weights: NDArray[np.floating]) -> Averages:
        """PSDS, and the area under each class's own curve."""
        roc = self.roc(weights)
        return Averages(roc.value, None, roc.per_class)

    def score(self) -> Score:
        """The score of all clips, each counted once, with the PSD-ROC."""
        roc = self.roc(np.ones((1, len(self.durations))))
        return roc.score(self.labels, self.options["max_efpr"])


def psd_roc(
    efpr: NDArray[np.float64],
    tpr: NDArray[np.float64],
    owner: NDArray[np.int64],
    present: NDArray[np.bool_],
    *,
    alpha_st: float,
    max_efpr: float,
) -> PSDROC:
    """PSD-ROC and PSDS from rates (Bilen et al., ICASSP 2020, eq. 6 to 9).

    PSDS is the mean over e of max(0, mu(e) - alpha_st * sigma(e)): mean and
    deviation over classes of the best rate with at most e false positives.
    """
    x = np.minimum(efpr, max_efpr)
    order = np.argsort(x, axis=1)
    x = np.take_along_axis(x, order, 1)
    last = np.full((len(x), 1), max_efpr)
    widths = np.diff(x, axis=1, append=last) / max_efpr
    tpr, owner = np.take_along_axis(tpr, order, 1), owner[order]
    n_classes = present.shape[1]
    mean, areas = np.zeros_like(x), np.empty(present.shape)
    curves = []
    for row in range(n_classes):
        # All points are on one axis: a class keeps its best value so far
        # between its own.
        own = np.where(owner == row, tpr, 0.0)
        curve = np.maximum.accumulate(own, axis=1)
        areas[:, row] = (curve * widths).sum(axis=1)
        curves.append(curve)
    number = np.maximum(present.sum(axis=1), 1)[:, None]
    for curve, counted in zip(curves, present.T, strict=True):
        mean += curve * (counted[:, None] / number)
    spread = np.zeros_like(x)
    for curve, counted in zip(curves, present.T, strict=True):
        spread += (curve - mean) ** 2 * (counted[:, None] / number)
    effective = np.maximum(mean - alpha_st * np.sqrt(spread), 0.0)
    value = (effective * widths).sum(axis=1)
    return PSDROC(
        x,
        effective,
        np.where(present.any(axis=1), value, np.nan),
        np.where(present, areas, np.nan),
    )

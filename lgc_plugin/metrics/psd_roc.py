"""Area under PSD-ROC curves, of many resamples at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def psds_of_rates(
    efpr: NDArray[np.float64],
    tpr: NDArray[np.float64],
    owner: NDArray[np.int64],
    present: NDArray[np.bool_],
    *,
    alpha_st: float,
    max_efpr: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """PSDS from the rates of operating points, psds_eval's way.

    A class's curve is the best true positive rate among the points of at most
    so many effective false positives; the PSD-ROC is the mean over classes
    minus ``alpha_st`` times their standard deviation, not below 0.

    Arguments
    ---------
    efpr : numpy.ndarray
        (R, P) effective false positives per hour, of all classes' points.
    tpr : numpy.ndarray
        (R, P) true positive rates.
    owner : numpy.ndarray
        (P,) the class of each point.
    present : numpy.ndarray
        (R, C), whether the class has an event; others take no part.
    alpha_st : float
        Weight of the spread over classes.
    max_efpr : float
        Where the area ends.

    Returns
    -------
    tuple[numpy.ndarray, numpy.ndarray]
        (R,) scores and (R, C) areas under each class's curve, both NaN where
        there is no event.

    Example
    -------
    >>> efpr, tpr = np.array([[50.0]]), np.array([[0.5]])
    >>> score, areas = psds_of_rates(
    ...     efpr, tpr, np.array([0]), np.array([[True]]),
    ...     alpha_st=1.0, max_efpr=100.0,
    ... )
    >>> float(score[0]), float(areas[0, 0])
    (0.25, 0.25)
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
    score = (effective * widths).sum(axis=1)
    score = np.where(present.any(axis=1), score, np.nan)
    return score, np.where(present, areas, np.nan)

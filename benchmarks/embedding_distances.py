"""Cosine distances of frames within and between classes, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TINY = 1e-12


class Distances(NamedTuple):
    """What was measured on the frames of one test set.

    Every array has one number per group: the classes, the background last.
    NaN stands for a group that has no pair.

    Arguments
    ---------
    frames : numpy.ndarray
        (C+1,) frames that were counted.
    intra : numpy.ndarray
        (C+1,) mean distance of two frames of the group.
    inter : numpy.ndarray
        (C+1,) mean distance of a frame of the group and one of another
        class; other classes weigh equally, the background is none of them.
    """

    frames: NDArray[np.int64]
    intra: NDArray[np.float64]
    inter: NDArray[np.float64]

    @property
    def ratio(self) -> NDArray[np.float64]:
        """(C+1,) inter / intra; 1 means that the group does not stand out."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.intra > 0, self.inter / self.intra, np.nan)


def measure_distances(
    vectors: ArrayLike, groups: ArrayLike, clips: ArrayLike, n_classes: int
) -> Distances:
    """Mean distances within and between groups, over frames of other clips.

    Arguments
    ---------
    vectors : ArrayLike
        (N, D), of any length.
    groups : ArrayLike
        (N,) class of each frame; ``n_classes`` is the background.
    clips : ArrayLike
        (N,) clip of each frame.
    n_classes : int
        Number of classes.

    Returns
    -------
    Distances

    Example
    -------
    >>> vectors = [[1, 0], [2, 0], [0, 3], [0, 1]]
    >>> found = measure_distances(vectors, [0, 0, 1, 1], [5, 6, 5, 6], 2)
    >>> found.frames.tolist(), found.intra.tolist(), found.inter.tolist()
    ([2, 2, 0], [0.0, 0.0, nan], [1.0, 1.0, nan])
    """
    groups = np.asarray(groups, dtype=np.int64)
    between = pair_distances(vectors, groups, clips, n_classes + 1)
    others = between[:, :n_classes].copy()
    others[np.arange(n_classes), np.arange(n_classes)] = np.nan
    return Distances(
        np.bincount(groups, minlength=n_classes + 1),
        np.diag(between).copy(),
        nan_mean(others),
    )


def pair_distances(
    vectors: ArrayLike, groups: ArrayLike, clips: ArrayLike, n_groups: int
) -> NDArray[np.float64]:
    """Mean ``1 - cos`` over all pairs of frames, one of each group.

    The sum of the cosines of all pairs is the product of the sums of the
    unit vectors, so no pair is ever formed. Pairs within a clip, where
    neighbours are alike whatever the network learnt, are taken off by the
    same rule, clip by clip.

    Arguments
    ---------
    vectors : ArrayLike
        (N, D), of any length.
    groups : ArrayLike
        (N,) integers from 0 to ``n_groups`` - 1.
    clips : ArrayLike
        (N,) any integers.
    n_groups : int
        G.

    Returns
    -------
    numpy.ndarray
        (G, G), symmetric; NaN where no two frames are of different clips.
    """
    units = unit_vectors(vectors)
    names, clip = np.unique(np.asarray(clips), return_inverse=True)
    cell = clip.ravel() * n_groups + np.asarray(groups, dtype=np.int64)
    shape = (len(names), n_groups, units.shape[1])
    # (clips, groups, D): what each group sums up to in each clip.
    sums = np.zeros((shape[0] * shape[1], shape[2]))
    np.add.at(sums, cell, units)
    sums = sums.reshape(shape)
    counts = np.bincount(cell, minlength=shape[0] * shape[1])
    counts = counts.reshape(shape[:2])
    whole, numbers = sums.sum(axis=0), counts.sum(axis=0)
    cosines = whole @ whole.T - np.einsum("kgd,khd->gh", sums, sums)
    pairs = np.outer(numbers, numbers) - counts.T @ counts
    return np.where(pairs > 0, 1 - cosines / np.maximum(pairs, 1), np.nan)


def unit_vectors(vectors: ArrayLike) -> NDArray[np.float64]:
    """Vectors of length 1, in double precision; zeros stay zeros.

    Arguments
    ---------
    vectors : ArrayLike
        (N, D)

    Returns
    -------
    numpy.ndarray
        (N, D)

    Example
    -------
    >>> unit_vectors([[3, 4], [0, 0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, _TINY)


def nan_mean(numbers: ArrayLike) -> NDArray[np.float64]:
    """The mean along the last axis of what is not NaN.

    Arguments
    ---------
    numbers : ArrayLike
        (..., N)

    Returns
    -------
    numpy.ndarray
        (...), NaN where nothing is left; NumPy's own would warn.

    Example
    -------
    >>> nan_mean([[1.0, 2.0], [3.0, np.nan], [np.nan, np.nan]]).tolist()
    [1.5, 3.0, nan]
    """
    numbers = np.asarray(numbers, dtype=np.float64)
    known = ~np.isnan(numbers)
    count = known.sum(axis=-1)
    total = np.where(known, numbers, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)

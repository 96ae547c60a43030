"""Cosine distances of frames within and between classes, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from tables import markdown_table, mean_and_spread

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TINY = 1e-12


class Distances(NamedTuple):
    """What was measured on the frames of one test set.

    Every array has one number per group: the classes, the background last.
    NaN stands for a group that has no pair.
    """

    #: (C+1,) frames that were counted
    frames: NDArray[np.int64]
    #: (C+1,) mean distance of two frames of the group
    intra: NDArray[np.float64]
    #: (C+1,) mean distance of a frame of the group and one of another class;
    #: other classes weigh equally, the background is none of them
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

    ``vectors``: (N, D), of any length; ``groups``: (N,) class of each frame;
    ``n_classes`` is the background; ``clips``: (N,) clip of each frame.

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
    neighbors are alike whatever the network learnt, are taken off by the
    same rule, clip by clip.

    ``vectors``: (N, D), of any length; ``groups``: (N,) integers from 0 to
    ``n_groups`` - 1; ``clips``: (N,) any integers. Returns (G, G), symmetric;
    NaN where no two frames are of different clips.
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

    ``vectors``: (N, D). Returns (N, D)

    >>> unit_vectors([[3, 4], [0, 0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, _TINY)


def nan_mean(numbers: ArrayLike) -> NDArray[np.float64]:
    """The mean along the last axis of what is not NaN.

    Returns (...), NaN where nothing is left; NumPy's own would warn.

    >>> nan_mean([[1.0, 2.0], [3.0, np.nan], [np.nan, np.nan]]).tolist()
    [1.5, 3.0, nan]
    """
    numbers = np.asarray(numbers, dtype=np.float64)
    known = ~np.isnan(numbers)
    count = known.sum(axis=-1)
    total = np.where(known, numbers, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


MEASURES = {
    "intra": "intra-class",
    "inter": "inter-class",
    "ratio": "inter / intra",
}
MEAN, BACKGROUND = "mean over classes", "background"


class Pair(NamedTuple):
    """One number of both methods, on the same seeds."""

    #: One per seed; seeds without a number are left out of both
    without: list[float]
    with_term: list[float]

    @property
    def differences(self) -> list[float]:
        """With - without, seed by seed.

        >>> Pair([1.0, 2.0], [0.5, 2.5]).differences
        [-0.5, 0.5]
        """
        return [b - a for a, b in zip(*self, strict=True)]

    @property
    def agreeing(self) -> int:
        """Seeds whose difference has the sign of the mean difference.

        >>> Pair([1.0, 1.0, 1.0], [0.2, 0.7, 1.1]).agreeing
        2
        """
        signs = np.sign(self.differences)
        return int((signs == np.sign(mean(self.differences))).sum())


class Line(NamedTuple):
    """A class, the mean over the classes, or the background."""

    #: Which of them
    title: str
    #: Of each seed's test set
    frames: list[int]
    #: By the names of :data:`MEASURES`
    measures: dict[str, Pair]


def make_lines(
    labels: Sequence[str],
    without: Sequence[Distances],
    with_term: Sequence[Distances],
) -> list[Line]:
    """All lines of a table: classes, their mean, the background.

    The mean over the classes is taken within a seed, of the classes that
    have a number there; seeds weigh equally.
    """
    frames = np.array([each.frames for each in without])
    tables = {
        name: [_with_mean(each, name) for each in (without, with_term)]
        for name in MEASURES
    }
    titles = [*labels, MEAN, BACKGROUND]
    counts = np.insert(frames, len(labels), frames[:, :-1].sum(1), axis=1)
    return [
        Line(
            title,
            counts[:, i].tolist(),
            {name: _pair(a[:, i], b[:, i]) for name, (a, b) in tables.items()},
        )
        for i, title in enumerate(titles)
    ]


def distance_table(lines: Sequence[Line]) -> str:
    """Means over the seeds, and the paired differences.

    >>> pair = Pair([0.5, 0.25], [0.25, 0.125])
    >>> line = Line("Cat", [10, 20], {name: pair for name in MEASURES})
    >>> print(distance_table([line]).splitlines()[-1])
    ... # doctest: +ELLIPSIS
    | Cat | 15 | 0.375 → 0.188 | -0.188 ± 0.088 (2/2) | ...
    """
    columns = ["class", "frames"]
    for title in MEASURES.values():
        columns += [title, "difference"]
    rows = []
    for line in lines:
        cells = [line.title, f"{mean(line.frames):.0f}"]
        for name in MEASURES:
            cells += _cells(line.measures[name])
        rows.append(
            [f"**{cell}**" for cell in cells] if line.title == MEAN else cells
        )
    return markdown_table(columns, rows)


def line_values(line: Line) -> dict[str, Any]:
    """A line as plain values.

    Returns frames, and for each measure the means over the seeds, the mean
    difference, its standard deviation and on how many seeds its sign agrees;
    None where there is no number.
    """
    measures = {
        name: {
            "without": mean(pair.without) if pair.without else None,
            "with": mean(pair.with_term) if pair.without else None,
            "difference": mean(pair.differences) if pair.without else None,
            "deviation": (
                stdev(pair.differences) if len(pair.without) > 1 else None
            ),
            "agreeing_seeds": pair.agreeing if pair.without else None,
            "seeds": len(pair.without),
        }
        for name, pair in line.measures.items()
    }
    return {"frames": mean(line.frames), **measures}


def seed_values(
    labels: Sequence[str], found: Distances
) -> dict[str, dict[str, Any]]:
    """The distances of one run as plain values, by class.

    Returns none where there is no number.

    >>> numbers = np.array([0.5, np.nan])
    >>> found = Distances(np.array([3, 0]), numbers, numbers * 2)
    >>> seed_values(["Cat"], found)["Cat"]
    {'frames': 3, 'intra': 0.5, 'inter': 1.0, 'ratio': 2.0}
    >>> seed_values(["Cat"], found)["background"]["intra"] is None
    True
    """
    return {
        title: {
            "frames": int(found.frames[i]),
            **{name: _plain(getattr(found, name)[i]) for name in MEASURES},
        }
        for i, title in enumerate([*labels, BACKGROUND])
    }


def _with_mean(found: Sequence[Distances], name: str) -> np.ndarray:
    """(seeds, C+2): the classes, their mean, the background."""
    numbers = np.array([getattr(each, name) for each in found])
    classes, background = numbers[:, :-1], numbers[:, -1:]
    return np.hstack([classes, nan_mean(classes)[:, None], background])


def _pair(without: np.ndarray, with_term: np.ndarray) -> Pair:
    known = ~(np.isnan(without) | np.isnan(with_term))
    return Pair(without[known].tolist(), with_term[known].tolist())


def _cells(pair: Pair) -> tuple[str, str]:
    if not pair.without:
        return "-", "-"
    before, after = mean(pair.without), mean(pair.with_term)
    return f"{before:.3f} → {after:.3f}", _gap(pair)


def _gap(pair: Pair) -> str:
    text = mean_and_spread(pair.differences, "+")
    several = len(pair.differences) > 1
    agreeing = f" ({pair.agreeing}/{len(pair.differences)})"
    return text + agreeing if several else text


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else float(number)

"""Distances without and with the global term, seed by seed, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any, NamedTuple

import numpy as np
from embedding_distances import Distances, nan_mean
from report_table import markdown_table

MEASURES = {
    "intra": "intra-class",
    "inter": "inter-class",
    "ratio": "inter / intra",
}
MEAN, BACKGROUND = "mean over classes", "background"

_DIGITS = 3


class Pair(NamedTuple):
    """One number of both methods, on the same seeds.

    Arguments
    ---------
    without, with_term : list[float]
        One per seed; seeds without a number are left out of both.
    """

    without: list[float]
    with_term: list[float]

    @property
    def differences(self) -> list[float]:
        """With - without, seed by seed.

        Example
        -------
        >>> Pair([1.0, 2.0], [0.5, 2.5]).differences
        [-0.5, 0.5]
        """
        return [b - a for a, b in zip(*self, strict=True)]

    @property
    def agreeing(self) -> int:
        """Seeds whose difference has the sign of the mean difference.

        Example
        -------
        >>> Pair([1.0, 1.0, 1.0], [0.2, 0.7, 1.1]).agreeing
        2
        """
        signs = np.sign(self.differences)
        return int((signs == np.sign(mean(self.differences))).sum())


class Line(NamedTuple):
    """A class, the mean over the classes, or the background.

    Arguments
    ---------
    title : str
        Which of them.
    frames : list[int]
        Of each seed's test set.
    measures : dict[str, Pair]
        By the names of :data:`MEASURES`.
    """

    title: str
    frames: list[int]
    measures: dict[str, Pair]


def make_lines(
    labels: Sequence[str],
    without: Sequence[Distances],
    with_term: Sequence[Distances],
) -> list[Line]:
    """All lines of a table: classes, their mean, the background.

    The mean over the classes is taken within a seed, of the classes that
    have a number there; seeds weigh equally.

    Arguments
    ---------
    labels : Sequence[str]
        The classes.
    without, with_term : Sequence[Distances]
        One per seed, of the same frames.

    Returns
    -------
    list[Line]
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

    Arguments
    ---------
    lines : Sequence[Line]
        From :func:`make_lines`.

    Returns
    -------
    str
        Markdown: without → with, then with - without as mean ± standard
        deviation (seeds with the sign of the mean / seeds).

    Example
    -------
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

    Arguments
    ---------
    line : Line
        From :func:`make_lines`.

    Returns
    -------
    dict[str, Any]
        Frames, and for each measure the means over the seeds, the mean
        difference, its standard deviation and on how many seeds its sign
        agrees; None where there is no number.
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

    Arguments
    ---------
    labels : Sequence[str]
        The classes.
    found : Distances
        Of one run.

    Returns
    -------
    dict[str, dict[str, Any]]
        None where there is no number.

    Example
    -------
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
    return f"{before:.{_DIGITS}f} → {after:.{_DIGITS}f}", _gap(pair)


def _gap(pair: Pair) -> str:
    numbers = pair.differences
    text = f"{mean(numbers):+.{_DIGITS}f}"
    if len(numbers) < 2:
        return text
    spread = f"± {stdev(numbers):.{_DIGITS}f}"
    return f"{text} {spread} ({pair.agreeing}/{len(numbers)})"


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else float(number)

"""By how much one system is better than another, as a plain text table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lgc_plugin.report.names import METRIC_NAMES, SCORE_NAMES
from lgc_plugin.report.tables import resamples_text
from lgc_plugin.report.text import (
    aligned,
    interval_text,
    score_text,
    share_text,
)

if TYPE_CHECKING:
    from lgc_plugin.evaluation.bootstrap import Difference
    from lgc_plugin.evaluation.score import Score

_MARK = "*"


def difference_table(
    differences: Mapping[str, Difference],
    first: Mapping[str, Score],
    second: Mapping[str, Score],
    names: tuple[str, str] = ("A", "B"),
    *,
    resamples: int = 0,
) -> str:
    """Two systems and their paired differences, then class by class.

    Arguments
    ---------
    differences : Mapping[str, Difference]
        By metric, see :func:`lgc_plugin.evaluation.bootstrap.compare`.
    first, second : Mapping[str, Score]
        The same metrics of each system.
    names : tuple[str, str]
        What the systems are called.
    resamples : int
        Behind the intervals, to be told; 0 leaves that out.

    Returns
    -------
    str
        Lines without a trailing newline. Differences are first minus second,
        and have a ``*`` where their interval does not hold 0. Next to them
        stands in which share of the resamples the first system wins; ties
        have a column if there are any. NaN is shown as ``-``.

    Raises
    ------
    ValueError
        If a system lacks a metric.

    Example
    -------
    >>> import numpy as np
    >>> from lgc_plugin.evaluation.bootstrap import compare
    >>> from lgc_plugin.evaluation.score import Averages
    >>> from lgc_plugin.evaluation.score import Score
    >>> cats = [Score(0.6, None, {"Cat": 0.6}), Score(0.5, None, {"Cat": 0.5})]
    >>> drawn = [
    ...     Averages(np.array(x), None, np.array([x]).T)
    ...     for x in ([0.58, 0.62], [0.49, 0.51])
    ... ]
    >>> print(
    ...     difference_table(
    ...         {"psds1": compare(*cats, *drawn)},
    ...         {"psds1": cats[0]},
    ...         {"psds1": cats[1]},
    ...         ("new", "old"),
    ...         resamples=2,
    ...     )
    ... )
             new    old  difference     95 % interval  new wins
    PSDS1  0.600  0.500    +0.100 *  [+0.090, +0.109]   100.0 %
    <BLANKLINE>
    PSDS1    new    old  difference     95 % interval  new wins
    Cat    0.600  0.500    +0.100 *  [+0.090, +0.109]   100.0 %
    <BLANKLINE>
    difference: new minus old; * its interval does not hold 0
    95 % intervals: 2 resamples of the clips
    """
    for name, scores in zip(names, (first, second), strict=True):
        missing = [key for key in differences if key not in scores]
        if missing:
            raise ValueError(f"{name} has no score {missing[0]!r}")
    header = [*names, "difference", "95 % interval", f"{names[0]} wins", "ties"]
    blocks = [[["", *header]]]
    for key, each in differences.items():
        blocks[0] += _averages(key, first[key], second[key], each)
    for key, each in differences.items():
        rows = _classes(first[key], second[key], each)
        blocks.append([[METRIC_NAMES.get(key, key), *header], *rows])
    if not any(row[-1] for block in blocks for row in block[1:]):
        blocks = [[row[:-1] for row in block] for block in blocks]
    meaning = f"difference: {' minus '.join(names)}"
    if any(_MARK in row[3] for block in blocks for row in block):
        meaning += f"; {_MARK} its interval does not hold 0"
    notes = filter(None, [meaning, resamples_text({"": resamples})])
    return "\n\n".join([aligned(*blocks), "\n".join(notes)])


def _averages(
    key: str, first: Score, second: Score, difference: Difference
) -> list[list[str]]:
    """A row for each average of a metric."""
    told = (difference.wins.flat(key), difference.ties.flat(key))
    intervals = difference.score.flat_intervals(key)
    return [
        _row(
            SCORE_NAMES.get(name, name),
            (first.flat(key).get(name), second.flat(key).get(name), gap),
            intervals.get(name),
            *(shares[name] for shares in told),
        )
        for name, gap in difference.score.flat(key).items()
    ]


def _classes(
    first: Score, second: Score, difference: Difference
) -> list[list[str]]:
    """A row for each class of a metric."""
    intervals = difference.score.intervals
    known = {} if intervals is None else intervals.per_class
    return [
        _row(
            label,
            (first.per_class.get(label), second.per_class.get(label), gap),
            known.get(label),
            difference.wins.per_class[label],
            difference.ties.per_class[label],
        )
        for label, gap in difference.score.per_class.items()
    ]


def _row(
    title: str,
    numbers: tuple[float | None, float | None, float],
    interval: Sequence[float] | None,
    wins: float,
    ties: float,
) -> list[str]:
    """Both scores and their difference, how sure it is, wins and ties."""
    first, second, gap = numbers
    bounds = interval_text(interval, signed=True)
    sure = bounds and (min(interval) > 0 or max(interval) < 0)
    return [
        title,
        score_text(first),
        score_text(second),
        f"{score_text(gap, signed=True)} {_MARK if sure else ' '}",
        bounds or "-",
        share_text(wins),
        share_text(ties) if ties > 0 else "",
    ]

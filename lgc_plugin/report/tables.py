"""Scores of systems, and their differences, as plain text tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lgc_plugin.report.text import (
    METRIC_NAMES,
    SCORE_NAMES,
    SHORT_NAMES,
    aligned,
    interval_text,
    score_text,
    share_text,
    sure_text,
)
from lgc_plugin.utils.text import printable

if TYPE_CHECKING:
    from lgc_plugin.evaluation.bootstrap import Difference
    from lgc_plugin.evaluation.score import Score, SEDResult

_MARK = "*"
# All columns would not fit a terminal.
_NO_COLUMN = ("frame_error_rate",)


def score_table(results: Mapping[str, SEDResult], *, digits: int = 3) -> str:
    r"""Scores of several systems side by side, then class by class.

    Arguments
    ---------
    results : Mapping[str, SEDResult]
        By column, say ``student`` and ``teacher``. Anything with the same
        ``as_dict`` will do.
    digits : int
        Decimals of the averages. Intervals and classes have three: there is
        not more to know of them.

    Returns
    -------
    str
        Lines without a trailing newline. NaN is shown as ``-``; what was
        not computed has no row. The coverage is how many of the
        annotated clips were scored. The intervals and frame error rates of
        classes would not fit a terminal; they are in ``as_dict``, intervals
        are drawn by
        :func:`~lgc_plugin.report.score_figures.plot_per_class`.

    Example
    -------
    >>> from lgc_plugin.evaluation.score import Interval, Intervals, Score
    >>> from lgc_plugin.evaluation.score import SEDResult
    >>> classes = {"Cat": 0.5, "Dog": float("nan")}
    >>> score = Score(0.5, 0.25, classes)
    >>> result = SEDResult({"intersection_f1": score}, 962, 1168)
    >>> print(score_table({"student": result}))
                             student
    intersection F1, macro     0.500
    intersection F1, micro     0.250
    coverage                962/1168
    <BLANKLINE>
             inters.
    student       F1
    Cat        0.500
    Dog            -
    >>> known = Intervals(Interval(0.41, 0.6), Interval(0.22, 0.3), {})
    >>> score = Score(0.5, 0.25, classes, intervals=known)
    >>> result = SEDResult({"intersection_f1": score}, 962, 1168, 1000)
    >>> print(score_table({"student": result}).partition("\n\n")[0])
                            student
    intersection F1, macro  0.500 [0.410, 0.600]
    intersection F1, micro  0.250 [0.220, 0.300]
    coverage                962/1168
    95 % intervals: 1000 resamples of the clips
    """
    contents = {name: result.as_dict() for name, result in results.items()}
    rows = [["", *contents]]
    for key, title in SCORE_NAMES.items():
        if any(key in content for content in contents.values()):
            cells = [_cell(x, key, digits) for x in contents.values()]
            rows.append([title, *cells])
    coverage = [
        f"{content['clips_scored']}/{content['clips_annotated']}"
        for content in contents.values()
    ]
    rows.append(["coverage", *coverage])
    resamples = {k: x.get("resamples", 0) for k, x in contents.items()}
    # Scores end alike; with intervals behind them, they begin alike.
    averages = aligned(rows, left=any(resamples.values()))
    parts = ["\n".join(filter(None, [averages, resamples_text(resamples)]))]
    for name, content in contents.items():
        parts.append(aligned(_class_rows(name, content["per_class"])))
    return "\n\n".join(parts)


def resamples_text(resamples: Mapping[str, int]) -> str:
    """What intervals mean, as a line below a table.

    >>> resamples_text({"student": 1000, "teacher": 1000})
    '95 % intervals: 1000 resamples of the clips'
    >>> resamples_text({"student": 1000, "teacher": 0})
    '95 % intervals: 1000 (student) resamples of the clips'
    """
    counts = set(resamples.values())
    if not any(counts):
        return ""
    told = (
        f"{counts.pop()}"
        if len(counts) == 1
        else ", ".join(
            f"{n} ({printable(name)})" for name, n in resamples.items() if n
        )
    )
    return f"95 % intervals: {told} resamples of the clips"


def _cell(content: Mapping[str, Any], key: str, digits: int) -> str:
    """A score, and its interval if there is one."""
    interval = content.get("intervals", {}).get(key)
    return sure_text(content.get(key), interval, digits)


def _class_rows(
    name: str, per_class: Mapping[str, Mapping[str, float]]
) -> list[list[str]]:
    """A row per class, a column per metric, below names in two lines."""
    per_class = {k: v for k, v in per_class.items() if k not in _NO_COLUMN}
    labels = list(dict.fromkeys(x for each in per_class.values() for x in each))
    names = [SHORT_NAMES.get(key, ("", key)) for key in per_class]
    rows = [["", *(above for above, _ in names)]]
    rows.append([name, *(below for _, below in names)])
    if not any(rows[0]):
        del rows[0]
    return rows + [
        [label, *(score_text(each.get(label)) for each in per_class.values())]
        for label in labels
    ]


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
        Behind the intervals, to be reported; 0 omits it.

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
    meaning = f"difference: {printable(' minus '.join(names))}"
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
    sure = interval and bounds and (min(interval) > 0 or max(interval) < 0)
    return [
        title,
        score_text(first),
        score_text(second),
        f"{score_text(gap, signed=True)} {_MARK if sure else ' '}",
        bounds or "-",
        share_text(wins),
        share_text(ties) if ties > 0 else "",
    ]

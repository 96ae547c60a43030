"""Scores as a plain text table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lgc_plugin.report.names import SCORE_NAMES, SHORT_NAMES
from lgc_plugin.report.text import aligned, score_text, sure_text

if TYPE_CHECKING:
    from lgc_plugin.evaluation.score import SEDResult


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
        Lines without a trailing newline. NaN is shown as ``-``; what nobody
        computed has no row. The coverage says on how many of the annotated
        clips the scores rest. The intervals of classes would not fit a
        terminal; they are in ``as_dict`` and drawn by
        :func:`~lgc_plugin.report.per_class.plot_per_class`.

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

    Arguments
    ---------
    resamples : Mapping[str, int]
        Behind the intervals of each system; 0 if it has none.

    Returns
    -------
    str
        Empty if no system has intervals.

    Example
    -------
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
        else ", ".join(f"{n} ({name})" for name, n in resamples.items() if n)
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

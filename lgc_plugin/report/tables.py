"""Scores as a plain text table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lgc_plugin.metrics.result import SEDResult

#: Rows of the table, and how people call them.
SCORE_NAMES = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "event_f1_macro": "event F1, macro",
    "event_f1_micro": "event F1, micro",
    "segment_f1_macro": "segment F1, macro",
    "segment_f1_micro": "segment F1, micro",
    "intersection_f1_macro": "intersection F1, macro",
    "intersection_f1_micro": "intersection F1, micro",
    "weak_f1_macro": "clip F1, macro",
    "weak_f1_micro": "clip F1, micro",
}

_FAMILY_NAMES = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "event_f1": "event F1",
    "segment_f1": "segment F1",
    "intersection_f1": "inters. F1",
    "weak_f1": "clip F1",
}


def score_table(results: Mapping[str, SEDResult]) -> str:
    """Scores of several networks side by side, then class by class.

    Arguments
    ---------
    results : Mapping[str, SEDResult]
        By column, say ``student`` and ``teacher``. Anything with the same
        ``as_dict`` will do.

    Returns
    -------
    str
        Lines without a trailing newline. NaN is shown as ``-``; what nobody
        computed has no row. The coverage says on how many of the annotated
        clips the scores rest.

    Example
    -------
    >>> from lgc_plugin.metrics.score import Score
    >>> from lgc_plugin.metrics.result import SEDResult
    >>> score = Score(0.5, 0.25, {"Cat": 0.5, "Dog": float("nan")})
    >>> result = SEDResult(None, None, None, None, score, 962, 1168)
    >>> print(score_table({"student": result}))
                             student
    intersection F1, macro     0.500
    intersection F1, micro     0.250
    coverage                962/1168
    <BLANKLINE>
    student  inters. F1
    Cat           0.500
    Dog               -
    """
    contents = {name: result.as_dict() for name, result in results.items()}
    rows = [["", *contents]]
    for key, title in SCORE_NAMES.items():
        if any(key in content for content in contents.values()):
            numbers = [content.get(key) for content in contents.values()]
            rows.append([title, *map(score_text, numbers)])
    coverage = [
        f"{content['clips_scored']}/{content['clips_annotated']}"
        for content in contents.values()
    ]
    rows.append(["coverage", *coverage])
    parts = [_aligned(rows)]
    for name, content in contents.items():
        parts.append(_aligned(_class_rows(name, content["per_class"])))
    return "\n\n".join(parts)


def score_text(value: float | None) -> str:
    """A score with three decimals.

    Arguments
    ---------
    value : float or None
        The score.

    Returns
    -------
    str
        ``-`` for None and NaN.

    Example
    -------
    >>> score_text(0.44706), score_text(float("nan"))
    ('0.447', '-')
    """
    return "-" if value is None or math.isnan(value) else f"{value:.3f}"


def _class_rows(
    name: str, per_class: Mapping[str, Mapping[str, float]]
) -> list[list[str]]:
    """One row per class, one column per family of scores."""
    labels = list(dict.fromkeys(x for each in per_class.values() for x in each))
    header = [name, *(_FAMILY_NAMES.get(key, key) for key in per_class)]
    return [header] + [
        [label, *(score_text(each.get(label)) for each in per_class.values())]
        for label in labels
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """First column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [
            cell.rjust(width)
            for cell, width in zip(others, widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)

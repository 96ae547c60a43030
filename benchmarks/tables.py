"""Tables and goals of the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean, stdev
from typing import Any, Protocol


class Measured(Protocol):
    """A row of a table of results."""

    @property
    def failed(self) -> str | None:
        """Why there are no numbers."""


def markdown_table(
    columns: Sequence[str], lines: Iterable[Sequence[str]]
) -> str:
    """A Markdown table with its numbers at the right; missing cells are empty.

    >>> print(markdown_table(["what", "s"], [["ours", "1.50"], ["none"]]))
    | what | s |
    | --- | ---: |
    | ours | 1.50 |
    | none |  |
    """
    rule = ["---", *["---:"] * (len(columns) - 1)]
    full = ([*line, *[""] * (len(columns) - len(line))] for line in lines)
    rows = [columns, rule, *full]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def measured_table(
    columns: Sequence[str],
    rows: Iterable[Measured],
    first: Callable[[Any], list[str]],
    cells: Callable[[Any], list[str]],
) -> str:
    """A Markdown table, one line per row; of one that failed, the reason.

    ``first`` gives the cells that describe a row, ``cells`` its numbers.
    """
    lines = []
    for row in rows:
        numbers = [f"failed: {row.failed}"] if row.failed else cells(row)
        lines.append([*first(row), *numbers])
    return markdown_table(columns, lines)


def mean_and_spread(numbers: Sequence[float], sign: str = "") -> str:
    """Mean and standard deviation; of one number no deviation, of none "-".

    >>> mean_and_spread([0.25, 0.75]), mean_and_spread([0.5], "+")
    ('0.500 ± 0.354', '+0.500')
    """
    if not numbers:
        return "-"
    text = f"{mean(numbers):{sign}.3f}"
    return text if len(numbers) < 2 else f"{text} ± {stdev(numbers):.3f}"


def number_cells(numbers: Iterable[tuple[float | None, int]]) -> list[str]:
    """Numbers with so many decimals; None is an empty cell.

    >>> number_cells([(1234.5, 2), (None, 0)])
    ['1,234.50', '']
    """
    return ["" if x is None else f"{x:,.{n}f}" for x, n in numbers]


def check_goals(
    *goals: tuple[str, float, float | None],
) -> list[dict[str, Any]]:
    """Whether goals, which end in ``at least`` or ``at most``, are met.

    Each is a goal, its limit and what was measured; without that it is no
    part of the result.

    >>> check_goals(("ratio, at least", 10, 12), ("s, at most", 9, None))
    [{'goal': 'ratio, at least', 'limit': 10, 'measured': 12, 'met': True}]
    """
    found = []
    for goal, limit, measured in goals:
        if measured is not None:
            least = goal.endswith("least")
            met = measured >= limit if least else measured <= limit
            found.append(
                dict(goal=goal, limit=limit, measured=measured, met=met)
            )
    return found


def print_goals(goals: Iterable[Mapping[str, Any]]) -> None:
    """Prints a line for each result of :func:`check_goals`."""
    for goal in goals:
        met = "met" if goal["met"] else "NOT met"
        measured = f"{goal['measured']:.2f}"
        print(f"{goal['goal']} {goal['limit']:g}: {measured}, {met}")

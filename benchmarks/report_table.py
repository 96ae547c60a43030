"""What the tables of all benchmarks have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def markdown_table(
    columns: Sequence[str], lines: Iterable[Sequence[str]]
) -> str:
    """A Markdown table with its numbers at the right.

    Arguments
    ---------
    columns : Sequence[str]
        Their titles; the first holds text.
    lines : Iterable[Sequence[str]]
        Cells; missing ones are empty.

    Returns
    -------
    str

    Example
    -------
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


def number_cells(numbers: Iterable[tuple[float | None, int]]) -> list[str]:
    """Numbers with so many decimals; None is an empty cell.

    Arguments
    ---------
    numbers : Iterable[tuple[float or None, int]]
        Each with its decimals.

    Returns
    -------
    list[str]

    Example
    -------
    >>> number_cells([(1234.5, 2), (None, 0)])
    ['1,234.50', '']
    """
    return ["" if x is None else f"{x:,.{n}f}" for x, n in numbers]


def compare_with_goal(
    goal: str, limit: float, measured: float
) -> dict[str, Any]:
    """Whether a goal is met.

    Arguments
    ---------
    goal : str
        What is asked; ends in ``at least`` or ``at most``.
    limit : float
        How much.
    measured : float
        What was found.

    Returns
    -------
    dict[str, Any]
        ``goal``, ``limit``, ``measured``, ``met``.

    Example
    -------
    >>> compare_with_goal("ratio, at least", 10, 12)["met"]
    True
    """
    least = goal.endswith("least")
    met = measured >= limit if least else measured <= limit
    return {"goal": goal, "limit": limit, "measured": measured, "met": met}

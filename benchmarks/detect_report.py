"""From measured seconds of detecting to one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from detect_variants import START, Case, duration, length_name
from report_table import compare_with_goal, markdown_table, number_cells

Runs = Mapping[str, Sequence[Mapping[str, Any]]]

# What is asked on a CPU.
_HOUR_SECONDS = 60.0
_PEAK_MIB = 1e9 / 2**20  # 1 GB
_TIME_GROWTH = 1.15  # beyond proportional, from one hour to three
_PEAK_GROWTH_MIB = 50.0  # from ten minutes to three hours
_SHORT, _HOUR, _LONG = 600.0, 3600.0, 10800.0


@dataclass(frozen=True)
class Row:
    """One line of the table, all rounds together.

    Arguments
    ---------
    title : str
        What was measured.
    failed : str, optional
        Why there are no numbers.
    audio_seconds : float
        Length of the recording.
    seconds : list[float]
        Of each round, from the start of the process to its end.
    min_seconds, median_seconds : float, optional
        Over the rounds.
    real_time_factor : float, optional
        Shortest time / length of the recording.
    speed : float, optional
        How many seconds of audio a second is enough for, starting aside.
    cpu_seconds : float, optional
        Of all threads, the least of all rounds.
    peak_mib : float, optional
        Largest memory of the process in any round.
    events : int, optional
        How many were detected.
    """

    title: str
    failed: str | None
    audio_seconds: float
    seconds: Sequence[float] = ()
    min_seconds: float | None = None
    median_seconds: float | None = None
    real_time_factor: float | None = None
    speed: float | None = None
    cpu_seconds: float | None = None
    peak_mib: float | None = None
    events: int | None = None


def summarize(cases: Sequence[Case], runs: Runs) -> dict[str, Row]:
    """Rows by name.

    Arguments
    ---------
    cases : Sequence[Case]
        What was measured.
    runs : Mapping
        Of each name, what was measured in each round: ``seconds``,
        ``cpu_seconds``, ``peak_mib``, ``events``; or why it ``failed``.

    Returns
    -------
    dict[str, Row]
    """
    start = None
    if not any("failed" in run for run in runs[START]):
        start = min(run["seconds"] for run in runs[START])
    return {each.name: _row(each, runs[each.name], start) for each in cases}


def _row(
    case: Case, runs: Sequence[Mapping[str, Any]], start: float | None
) -> Row:
    length = case.audio.seconds
    failed = next((run["failed"] for run in runs if "failed" in run), None)
    if failed is not None:
        return Row(case.title, failed, length)
    seconds = [run["seconds"] for run in runs]
    shortest, speed = min(seconds), None
    # What takes no longer than the start says nothing.
    if start is not None and shortest > start:
        speed = length / (shortest - start)
    return Row(
        case.title,
        None,
        length,
        seconds,
        shortest,
        median(seconds),
        shortest / length,
        speed,
        min(run["cpu_seconds"] for run in runs),
        max(run["peak_mib"] for run in runs),
        runs[-1]["events"],
    )


def format_table(rows: Mapping[str, Row]) -> str:
    """A Markdown table, one line per row.

    Arguments
    ---------
    rows : Mapping[str, Row]
        From :func:`summarize`.

    Returns
    -------
    str
    """
    head = "what|audio|s, min|s, median|real-time factor|times real time"
    columns = [*head.split("|"), "CPU s", "peak MiB", "events"]
    lines = []
    for row in rows.values():
        cells = [row.title, duration(row.audio_seconds)]
        if row.failed is not None:
            lines.append([*cells, f"failed: {row.failed}"])
            continue
        numbers = [
            (row.min_seconds, 2),
            (row.median_seconds, 2),
            (row.real_time_factor, 4),
            (row.speed, 0),
            (row.cpu_seconds, 1),
            (row.peak_mib, 0),
            (row.events, 0),
        ]
        lines.append([*cells, *number_cells(numbers)])
    return markdown_table(columns, lines)


def goals(rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    """What is asked on a CPU, and what was measured.

    Arguments
    ---------
    rows : Mapping[str, Row]
        From :func:`summarize`.

    Returns
    -------
    list[dict[str, Any]]
        ``goal``, ``limit``, ``measured``, ``met``; without what was not
        measured.
    """
    good = {name: row for name, row in rows.items() if row.failed is None}
    start = good.get(START)
    short, hour, long = (
        good.get(length_name(seconds)) for seconds in (_SHORT, _HOUR, _LONG)
    )
    found = []
    if hour:
        goal = "1 h, s, at most"
        found.append(
            compare_with_goal(goal, _HOUR_SECONDS, hour.median_seconds)
        )
    if long:
        found.append(
            compare_with_goal("3 h, MiB, at most", _PEAK_MIB, long.peak_mib)
        )
    # Without what the start takes, which is the same for all.
    if long and hour and hour.speed and long.speed and start:
        goal = "s per hour of audio, 3 h / 1 h, start subtracted, at most"
        found.append(
            compare_with_goal(goal, _TIME_GROWTH, hour.speed / long.speed)
        )
    if long and short:
        goal = "peak of 3 h - peak of 10 min, MiB, at most"
        growth = long.peak_mib - short.peak_mib
        found.append(compare_with_goal(goal, _PEAK_GROWTH_MIB, growth))
    return found

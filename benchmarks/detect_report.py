"""Cases of the detector, each in a fresh process, and their table."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from detect_variants import START, Case, duration, length_name
from harness import HERE, Runs, failure
from tables import check_goals, measured_table, number_cells


def run_case(case: Case, folder: Path, device: str) -> dict[str, Any]:
    """One case in a fresh process."""
    audio = str(folder / "audio" / case.audio.name)
    command = [sys.executable, "-m", "lgc_plugin.cli.main", "detect"]
    command += ["-" if case.stream else audio, f"--model={folder / 'model'}"]
    command += [f"--device={device}", "--quiet", *case.options]
    if case.stream:
        command.append(f"--rate={case.audio.sample_rate}")
    request = {
        "command": command,
        "feed": audio if case.stream else None,
        "stdout": str(folder / f"{case.name}.tsv"),
        "stderr": str(folder / f"{case.name}.log"),
    }
    measured = subprocess.run(
        [sys.executable, HERE / "detect_process.py", json.dumps(request)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    run = json.loads(measured)
    if run["status"]:
        log = Path(request["stderr"]).read_text(encoding="utf-8").split("\n")
        last = next((line for line in reversed(log) if line.strip()), "")
        return {"failed": f"status {run['status']}: {last.strip()}"}
    return {**run, "events": count_events(Path(request["stdout"]))}


def count_events(path: Path) -> int:
    """How many events a table of ``lgc-sed detect`` has."""
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    label = header.split("\t").index("event_label")
    return sum(bool(row.split("\t")[label]) for row in rows)


# The goals on a CPU.
_HOUR_SECONDS = 60.0
_PEAK_MIB = 1e9 / 2**20  # 1 GB
_TIME_GROWTH = 1.15  # beyond proportional, from one hour to three
_PEAK_GROWTH_MIB = 50.0  # from ten minutes to three hours
_SHORT, _HOUR, _LONG = 600.0, 3600.0, 10800.0


@dataclass(frozen=True)
class Row:
    """One line of the table, all rounds together."""

    #: What was measured
    title: str
    #: Why there are no numbers
    failed: str | None
    #: Length of the recording
    audio_seconds: float
    #: Of each round, from the start of the process to its end
    seconds: Sequence[float] = ()
    #: Over the rounds
    min_seconds: float | None = None
    median_seconds: float | None = None
    #: Shortest time / length of the recording
    real_time_factor: float | None = None
    #: How many seconds of audio a second is enough for, starting aside
    speed: float | None = None
    #: Of all threads, the least of all rounds
    cpu_seconds: float | None = None
    #: Largest memory of the process in any round
    peak_mib: float | None = None
    #: How many were detected
    events: int | None = None


def summarize(cases: Sequence[Case], runs: Runs) -> dict[str, Row]:
    """Rows by name."""
    start = None
    if not failure(runs[START]):
        start = min(run["seconds"] for run in runs[START])
    return {each.name: _row(each, runs[each.name], start) for each in cases}


def _row(
    case: Case, runs: Sequence[Mapping[str, Any]], start: float | None
) -> Row:
    length = case.audio.seconds
    failed = failure(runs)
    if failed is not None:
        return Row(case.title, failed, length)
    seconds = [run["seconds"] for run in runs]
    shortest, speed = min(seconds), None
    # What takes no longer than the start gives no speed.
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
    """A Markdown table, one line per row."""
    head = "what|audio|s, min|s, median|real-time factor|times real time"
    columns = [*head.split("|"), "CPU s", "peak MiB", "events"]
    return measured_table(columns, rows.values(), _first_cells, _cells)


def _first_cells(row: Row) -> list[str]:
    return [row.title, duration(row.audio_seconds)]


def _cells(row: Row) -> list[str]:
    return number_cells(
        [
            (row.min_seconds, 2),
            (row.median_seconds, 2),
            (row.real_time_factor, 4),
            (row.speed, 0),
            (row.cpu_seconds, 1),
            (row.peak_mib, 0),
            (row.events, 0),
        ]
    )


def goals(rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    """The goals on a CPU, and what was measured."""
    good = {name: row for name, row in rows.items() if row.failed is None}
    start = good.get(START)
    short, hour, long = (
        good.get(length_name(seconds)) for seconds in (_SHORT, _HOUR, _LONG)
    )
    time = memory = None
    # Without what the start takes, which is the same for all.
    if long and hour and hour.speed and long.speed and start:
        time = hour.speed / long.speed
    if long and short:
        memory = long.peak_mib - short.peak_mib
    per_hour = "s per hour of audio, 3 h / 1 h, start subtracted, at most"
    growth = "peak of 3 h - peak of 10 min, MiB, at most"
    return check_goals(
        ("1 h, s, at most", _HOUR_SECONDS, hour and hour.median_seconds),
        ("3 h, MiB, at most", _PEAK_MIB, long and long.peak_mib),
        (per_hour, _TIME_GROWTH, time),
        (growth, _PEAK_GROWTH_MIB, memory),
    )

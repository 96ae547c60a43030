"""From measured seconds of scoring to one table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from harness import Runs, failure, ratios
from scoring_variants import OURS, PLAIN, Variant
from tables import check_goals, measured_table, number_cells

# The goals.
_DECODE_RATIO, _RATIO = 50.0, 10.0
_BOOTSTRAP_SECONDS = 60.0
_PEAK_MIB = 1e9 / 2**20  # 1 GB
_GROWTH = 1.25  # of the time per clip, from once to 16 times the clips
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Row:
    """One line of the table, all rounds together."""

    #: What was measured
    title: str
    #: Why there are no numbers
    failed: str | None
    #: How many were scored
    clips: int | None = None
    #: Of each round; of all clips, even if the plain path took fewer
    seconds: Sequence[float] = ()
    #: Whether it did: the time of decoding is extrapolated then
    extrapolated: bool = False
    #: Over the rounds
    min_seconds: float | None = None
    median_seconds: float | None = None
    #: Shortest plain time / shortest time, where the same is computed
    ratio: float | None = None
    #: Median over the rounds of plain time / time
    ratio_of_rounds: float | None = None
    #: Shortest time, of each clip and both networks
    ms_per_clip: float | None = None
    #: Largest memory of the process in any round
    peak_mib: float | None = None
    #: Of which it had as much before anything was scored
    base_mib: float | None = None


def summarize(
    variants: Sequence[Variant], runs: Runs, n_clips: int
) -> dict[str, Row]:
    """Rows by name; decoding alone has rows of its own."""
    rows = {}
    for key, kind in (("decode_seconds", "decode_"), ("seconds", "")):
        plain = _seconds(runs.get(PLAIN.name, ()), key, n_clips)
        for variant in variants:
            if kind and variant not in (PLAIN, OURS):
                continue
            title = ("decoding: " if kind else "test: ") + variant.title
            # Ratios are of what computes the same.
            against = plain if variant in (PLAIN, OURS) else []
            row = _row(title, runs[variant.name], key, n_clips, against)
            rows[kind + variant.name] = row
    return rows


def _seconds(
    runs: Sequence[Mapping[str, Any]], key: str, n_clips: int
) -> list[float]:
    """Of each round, for all clips."""
    if failure(runs):
        return []
    found = []
    for run in runs:
        seconds = run[key]
        if run["clips"] < n_clips:
            # Decoding takes as long for each clip. What the libraries need
            # for few clips is less than for all: the ratio is not made up.
            more = n_clips / run["clips"] - 1
            seconds += run["decode_seconds"] * more
        found.append(seconds)
    return found


def _row(
    title: str,
    runs: Sequence[Mapping[str, Any]],
    key: str,
    n_clips: int,
    plain: Sequence[float],
) -> Row:
    failed = failure(runs)
    if failed is not None:
        return Row(title, failed)
    seconds = _seconds(runs, key, n_clips)
    clips = max(runs[0]["clips"], n_clips)
    ratio = ratio_of_rounds = None
    if plain:
        ratio, ratio_of_rounds = ratios(
            [[one] for one in plain], [[one] for one in seconds]
        )
    alone = key == "decode_seconds"
    return Row(
        title,
        None,
        clips,
        seconds,
        runs[0]["clips"] < n_clips,
        min(seconds),
        median(seconds),
        ratio,
        ratio_of_rounds,
        1000 * min(seconds) / clips,
        None if alone else max(run["peak_mib"] for run in runs),
        None if alone else min(run["base_mib"] for run in runs),
    )


def format_table(rows: Mapping[str, Row]) -> str:
    """A Markdown table, one line per row."""
    head = "what|clips|s, min|s, median|ratio|ratio of rounds|ms/clip"
    columns = [*head.split("|"), "peak MiB", "of which base"]
    return measured_table(columns, rows.values(), _first_cells, _cells)


def _first_cells(row: Row) -> list[str]:
    mark = " (decoding extrapolated)" if row.extrapolated else ""
    return [row.title + mark]


def _cells(row: Row) -> list[str]:
    return number_cells(
        [
            (row.clips, 0),
            (row.min_seconds, 2),
            (row.median_seconds, 2),
            (row.ratio, 1),
            (row.ratio_of_rounds, 1),
            (row.ms_per_clip, 2),
            (row.peak_mib, 0),
            (row.base_mib, 0),
        ]
    )


def differences(runs: Runs) -> list[str]:
    """Where the plain path and ours do not agree."""
    found = []
    pairs = zip(runs[PLAIN.name], runs[OURS.name], strict=True)
    for plain, ours in pairs:
        for network, table in plain["events"].items():
            if ours["events"][network] != table:
                found.append(f"{network}: {table}, ours {ours['events']}")
        for name, value in plain["scores"].items():
            if not math.isclose(
                value, ours["scores"][name], rel_tol=0, abs_tol=_TOLERANCE
            ):
                found.append(f"{name}: {value}, ours {ours['scores'][name]}")
    return found


def goals(rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    """The goals, and what was measured."""
    listed = [
        ("decoding, ratio, at least", "decode_ours", "ratio", _DECODE_RATIO),
        ("whole test, ratio, at least", "ours", "ratio", _RATIO),
        ("whole test, MiB, at most", "ours", "peak_mib", _PEAK_MIB),
        ("all scores, MiB, at most", "everything", "peak_mib", _PEAK_MIB),
        *(
            (f"{name}, s, at most", name, "median_seconds", _BOOTSTRAP_SECONDS)
            for name in ("bootstrap", "bootstrap_free")
        ),
    ]
    more, growth = rows.get("ours_16x"), None
    if more and more.ms_per_clip and rows["ours"].ms_per_clip:
        growth = more.ms_per_clip / rows["ours"].ms_per_clip
    return check_goals(
        *(
            (goal, limit, getattr(rows.get(name), field, None))
            for goal, name, field, limit in listed
        ),
        ("ms/clip, 16 times the clips / once, at most", _GROWTH, growth),
    )

"""From measured seconds of scoring to one table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from report_table import compare_with_goal, markdown_table, number_cells
from scoring_variants import OURS, PLAIN, Variant

Runs = Mapping[str, Sequence[Mapping[str, Any]]]

# What is asked of ours.
_DECODE_RATIO, _RATIO = 50.0, 10.0
_BOOTSTRAP_SECONDS = 60.0
_PEAK_MIB = 1e9 / 2**20  # 1 GB
_GROWTH = 1.25  # of the time per clip, from once to 16 times the clips
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Row:
    """One line of the table, all rounds together.

    Arguments
    ---------
    title : str
        What was measured.
    failed : str, optional
        Why there are no numbers.
    clips : int, optional
        How many were scored.
    seconds : list[float]
        Of each round; of all clips, even if the plain path took fewer.
    extrapolated : bool
        Whether it did: the time of decoding is extrapolated then.
    min_seconds, median_seconds : float, optional
        Over the rounds.
    ratio : float, optional
        Shortest plain time / shortest time, where the same is computed.
    ratio_of_rounds : float, optional
        Median over the rounds of plain time / time.
    ms_per_clip : float, optional
        Shortest time, of each clip and both networks.
    peak_mib : float, optional
        Largest memory of the process in any round.
    base_mib : float, optional
        Of which it had as much before anything was scored.
    """

    title: str
    failed: str | None
    clips: int | None = None
    seconds: Sequence[float] = ()
    extrapolated: bool = False
    min_seconds: float | None = None
    median_seconds: float | None = None
    ratio: float | None = None
    ratio_of_rounds: float | None = None
    ms_per_clip: float | None = None
    peak_mib: float | None = None
    base_mib: float | None = None


def summarize(
    variants: Sequence[Variant], runs: Runs, n_clips: int
) -> dict[str, Row]:
    """Rows by name; decoding alone has rows of its own.

    Arguments
    ---------
    variants : Sequence[Variant]
        What was measured.
    runs : Mapping
        Of each name, what :func:`scoring_variants.measure` says in each
        round.
    n_clips : int
        Clips of the test.

    Returns
    -------
    dict[str, Row]
    """
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
    if any("failed" in run for run in runs):
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
    failed = next((run["failed"] for run in runs if "failed" in run), None)
    if failed is not None:
        return Row(title, failed)
    seconds = _seconds(runs, key, n_clips)
    clips = max(runs[0]["clips"], n_clips)
    ratio = ratio_of_rounds = None
    if plain:
        ratio = min(plain) / min(seconds)
        pairs = zip(plain, seconds, strict=True)
        ratio_of_rounds = median(theirs / mine for theirs, mine in pairs)
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
    """A Markdown table, one line per row.

    Arguments
    ---------
    rows : Mapping[str, Row]
        From :func:`summarize`.

    Returns
    -------
    str
    """
    head = "what|clips|s, min|s, median|ratio|ratio of rounds|ms/clip"
    columns = [*head.split("|"), "peak MiB", "of which base"]
    lines = []
    for row in rows.values():
        if row.failed is not None:
            lines.append([row.title, f"failed: {row.failed}"])
            continue
        mark = " (decoding extrapolated)" if row.extrapolated else ""
        numbers = [
            (row.min_seconds, 2),
            (row.median_seconds, 2),
            (row.ratio, 1),
            (row.ratio_of_rounds, 1),
            (row.ms_per_clip, 2),
            (row.peak_mib, 0),
            (row.base_mib, 0),
        ]
        cells = [row.title + mark, f"{row.clips:,}"]
        lines.append([*cells, *number_cells(numbers)])
    return markdown_table(columns, lines)


def differences(runs: Runs) -> list[str]:
    """Where the plain path and ours do not agree.

    Arguments
    ---------
    runs : Mapping
        As for :func:`summarize`; every round is compared.

    Returns
    -------
    list[str]
        One line each: tables of events that differ in anything, scores that
        are further apart than 1e-9.
    """
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
    """What is asked of ours, and what was measured.

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
    asked = [
        ("decoding, ratio, at least", "decode_ours", "ratio", _DECODE_RATIO),
        ("whole test, ratio, at least", "ours", "ratio", _RATIO),
        ("whole test, MiB, at most", "ours", "peak_mib", _PEAK_MIB),
        ("all scores, MiB, at most", "everything", "peak_mib", _PEAK_MIB),
        *(
            (f"{name}, s, at most", name, "median_seconds", _BOOTSTRAP_SECONDS)
            for name in ("bootstrap", "bootstrap_free")
        ),
    ]
    found = []
    for goal, name, field, limit in asked:
        measured = getattr(rows[name], field) if name in rows else None
        if measured is not None:
            found.append(compare_with_goal(goal, limit, measured))
    more = rows.get("ours_16x")
    if more and more.ms_per_clip and rows["ours"].ms_per_clip:
        growth = more.ms_per_clip / rows["ours"].ms_per_clip
        name = "ms/clip, 16 times the clips / once, at most"
        found.append(compare_with_goal(name, _GROWTH, growth))
    return found

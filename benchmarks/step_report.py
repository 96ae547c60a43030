"""From measured seconds to one table."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

from report_table import markdown_table
from step_variants import Variant

from lgc_plugin.utils.parallel import available_cores

Runs = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Row:
    """One variant, all rounds together.

    Arguments
    ---------
    name, title : str
        Of the variant.
    failed : str, optional
        Why there are no numbers.
    step_seconds : list[list[float]]
        Of each round, seconds per step.
    min_seconds, median_seconds : float, optional
        Over all of them.
    steps_per_second : float, optional
        1 / ``min_seconds``.
    ratio : float, optional
        Shortest plain step / shortest step.
    ratio_of_rounds : float, optional
        Median over the rounds of (median plain step / median step).
    peak_mib : float, optional
        Largest memory of any round, in MiB: on a CPU, of the process; on a
        GPU, of tensors.
    compile_seconds : float, optional
        What the first round spent on compiling, beyond the steps themselves.
    anchors : float, optional
        Mean number of anchors per step.
    loss : float, optional
        Of the last step.
    waits : str, optional
        What made the host wait for the GPU, "nothing" if nothing did; None
        if it was not asked.
    """

    name: str
    title: str
    failed: str | None
    step_seconds: list[list[float]]
    min_seconds: float | None = None
    median_seconds: float | None = None
    steps_per_second: float | None = None
    ratio: float | None = None
    ratio_of_rounds: float | None = None
    peak_mib: float | None = None
    compile_seconds: float | None = None
    anchors: float | None = None
    loss: float | None = None
    waits: str | None = None


def summarize(variants: Sequence[Variant], runs: Runs) -> list[Row]:
    """One row per variant, compared with the first.

    Arguments
    ---------
    variants : Sequence[Variant]
        The plain one first.
    runs : Mapping
        Of each name, what ``step_worker.py`` says in each round.

    Returns
    -------
    list[Row]
    """
    plain = runs[variants[0].name]
    return [_summarize_one(v, runs[v.name], plain) for v in variants]


def _summarize_one(
    variant: Variant,
    runs: Sequence[Mapping[str, Any]],
    plain: Sequence[Mapping[str, Any]],
) -> Row:
    rounds = [list(run.get("step_seconds", [])) for run in runs]
    failed = next((run["failed"] for run in runs if "failed" in run), None)
    if failed is not None:
        return Row(variant.name, variant.title, failed, rounds)
    seconds = [s for in_round in rounds for s in in_round]
    ratio = ratio_of_rounds = None
    if not any("failed" in run for run in plain):
        of_plain = [run["step_seconds"] for run in plain]
        ratio = min(s for r in of_plain for s in r) / min(seconds)
        ratio_of_rounds = median(
            median(theirs) / median(mine)
            for theirs, mine in zip(of_plain, rounds, strict=True)
        )
    last = runs[-1]
    waits = (last["waits"] or "nothing") if "waits" in last else None
    return Row(
        variant.name,
        variant.title,
        None,
        rounds,
        min(seconds),
        median(seconds),
        1.0 / min(seconds),
        ratio,
        ratio_of_rounds,
        max(run["peak_mib"] for run in runs),
        runs[0]["compile_seconds"],
        sum(run["anchors"] for run in runs) / len(runs),
        last["loss"],
        waits,
    )


def format_table(rows: Sequence[Row]) -> str:
    """A Markdown table, one line per variant.

    Arguments
    ---------
    rows : Sequence[Row]
        From :func:`summarize`.

    Returns
    -------
    str
    """
    checked = any(row.waits for row in rows)
    head = [
        "variant",
        "steps/s",
        "ratio",
        "ratio of rounds",
        "s, min",
        "s, median",
        "peak MiB",
        "compile s",
        "anchors",
    ]
    lines = []
    for row in rows:
        if row.failed is not None:
            lines.append([row.title, f"failed: {row.failed}"])
            continue
        cells = [
            row.title,
            f"{row.steps_per_second:.3f}",
            _number(row.ratio, 2),
            _number(row.ratio_of_rounds, 2),
            f"{row.min_seconds:.4f}",
            f"{row.median_seconds:.4f}",
            f"{row.peak_mib:.0f}",
            _number(row.compile_seconds, 1),
            f"{row.anchors:.0f}",
        ]
        lines.append([*cells, row.waits] if checked else cells)
    return markdown_table([*head, "waits for"] if checked else head, lines)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def describe_run(name: str) -> dict[str, Any]:
    """How the file of a benchmark without timings begins.

    Arguments
    ---------
    name : str
        Of the benchmark.

    Returns
    -------
    dict[str, Any]

    Example
    -------
    >>> list(describe_run("anchors"))
    ['benchmark', 'date', 'machine']
    """
    return {
        "benchmark": name,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": describe_machine({}),
    }


def describe_machine(runs: Runs) -> dict[str, Any]:
    """What the numbers were measured on.

    Arguments
    ---------
    runs : Mapping
        Of each name, what ``step_worker.py`` says in each round.

    Returns
    -------
    dict[str, Any]
    """
    said = [run for of_name in runs.values() for run in of_name]
    said = [run for run in said if "torch" in run]
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": available_cores(),
        "memory_gib": _memory_gib(),
        "python": platform.python_version(),
        "torch": said[0]["torch"] if said else None,
        "clips": said[0]["batch"] if said else None,
    }


def _processor() -> str:
    """The processor's name, as far as the system tells."""
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    """The machine's memory; None where the system does not tell."""
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
    return round(pages / 2**30, 1)

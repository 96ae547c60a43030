#!/usr/bin/env python3
"""Kills every stage at random moments, and damages every file of a run.

    python benchmarks/reliability.py [--quick]

A command that was killed is repeated, and must end with the results of one
that was not: files are compared byte for byte, times aside. Of a finished run
each file in turn is cut in half, and a bit of it flipped: what reads it must
give the same results, those of an older whole state, or one sentence.
The exit status is 1 if any does not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness import (
    clean_up_when_stopped,
    describe_run,
    make_parser,
    pick,
    report_error,
    versions,
    write_results,
)
from reliability_damage import Damage, measure_damage
from reliability_kills import Kills, measure_kills
from reliability_stages import STAGES
from reliability_worker import make_input
from tables import measured_table

DAMAGE = "damage"


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    names = "\n".join(f"  {each.name:12}{each.title}" for each in STAGES)
    add(
        "--stages",
        help=f"commas between them (default: all)\n{names}\n"
        f"  {DAMAGE:12}files of a finished run",
    )
    add("--kills", type=int, default=20, help="of each stage (default: 20)")
    add("--seed", type=int, default=0, help="of the moments")
    add("--folder", type=Path, help="where all is written, and removed")
    add(
        "--quick",
        action="store_true",
        help="two kills of each stage, and one file of each kind",
    )
    add("--output", type=Path, help="JSON file of the results")
    options = parser.parse_args(words)
    known = [*(each.name for each in STAGES), DAMAGE]
    try:
        options.stages = pick(options.stages, known, "stage")
    except ValueError as error:
        parser.error(str(error))
    if options.quick:
        options.kills = 2
    if options.kills < 1:
        parser.error("--kills must be at least 1")
    return options


def main(words: Sequence[str]) -> int:
    """Measures, prints the tables, writes the results."""
    options = parse(words)
    if options.folder is not None:
        Path(options.folder).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(
        prefix="reliability_", dir=options.folder
    ) as folder:
        place = Path(folder)
        try:
            make_input(place)
        except subprocess.CalledProcessError as error:
            return report_error(f"no input: {' '.join(error.cmd)}")
        killed = []
        for stage in STAGES:
            if stage.name in options.stages:
                killed.append(
                    measure_kills(stage, place, options.kills, options.seed)
                )
                _print_progress(killed[-1].title, killed[-1])
        damage = None
        if DAMAGE in options.stages:
            damage = measure_damage(place, options.quick)
            _print_progress("damage", damage)
    if killed:
        print(kills_table(killed))
    if damage is not None:
        print(f"\n{damage.table()}")
    if options.output is not None:
        content = {
            **describe_run(
                "reliability",
                {name: getattr(options, name) for name in ("kills", "seed")},
                **versions("torch", "speechbrain", "numpy"),
            ),
            "stages": [each.values() for each in killed],
            "damage": None if damage is None else damage.values(),
        }
        write_results(options.output, content)
    return int(_is_wrong(killed, damage))


def _is_wrong(killed: Sequence[Kills], damage: Damage | None) -> bool:
    bad = any(each.failed or each.wrong or each.orphans for each in killed)
    return bad or bool(damage and (damage.failed or damage.wrong))


def kills_table(killed: Sequence[Kills]) -> str:
    """A Markdown table, one line per stage."""
    head = "stage|s|kills|ended before|same results|other results or errors"
    return measured_table(
        [*head.split("|"), "processes left", "files left"],
        killed,
        lambda row: [row.title],
        _cells,
    )


def _cells(row: Any) -> list[str]:
    counts = (row.too_late, row.same, len(row.wrong), row.orphans, row.left)
    numbers = (len(row.moments), *counts)
    return [f"{row.seconds:.1f}", *map(str, numbers)]


def _print_progress(title: str, done: Kills | Damage) -> None:
    problems = [done.failed] if done.failed else done.wrong
    print(f"{title}: done", *problems, sep="\n  ", file=sys.stderr, flush=True)


if __name__ == "__main__":
    clean_up_when_stopped()
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Measures the scoring of a test: the plain way against ours.

    python benchmarks/scoring.py [--write]

A test like that of DESED, student and teacher, 50 thresholds. Every variant
runs in processes of its own, in turn with the others and several times. Events
and scores of the plain way and of ours are compared: the exit status is 1 if
they differ.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import (
    add_options,
    describe_run,
    finish_options,
    in_fresh_process,
    make_parser,
    pick,
    take_turns,
    versions,
    write_results,
)
from scoring_data import CLIPS
from scoring_report import differences, format_table, goals, summarize
from scoring_variants import OURS, PLAIN, VARIANTS, Setting, Variant, measure
from tables import print_goals

_LIBRARIES = ("numpy", "scipy", "pandas", "psds_eval", "sed_eval")
_QUICK = {"plain_clips": 24, "n_bootstrap": 50}


def _run(variant: Variant, setting: Setting) -> dict[str, Any]:
    """One variant in a fresh process; the reason if it fails."""
    try:
        return in_fresh_process(measure, variant, setting)
    except Exception as error:  # one variant less; the others go on
        return {"failed": f"{type(error).__name__}: {error}"}


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line.

    Returns with ``variants`` as such, and ``output`` None if nothing is
    written.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    names = "\n".join(f"  {v.name:16}{v.title}" for v in VARIANTS)
    add(
        "--variants",
        help=f"commas between them; plain and ours always run\n{names}",
    )
    add("--clips", type=int, default=CLIPS, help="of the test")
    add(
        "--plain-clips",
        type=int,
        help="of these, those that the plain path takes; its time of\n"
        "decoding is extrapolated to all (and the table notes it)",
    )
    add("--thresholds", type=int, default=50, help="operating points")
    add("--n-bootstrap", type=int, default=1000, help="of the bootstrap")
    add(
        "--desed-metadata",
        type=Path,
        metavar="DIR",
        help="validation.tsv and validation_durations.tsv as the truth,\n"
        "instead of a random one",
    )
    add_options(add, rounds=2, per="variant")
    options = parser.parse_args(words)
    try:
        finish_options(options, "scoring_cpu")
        names = pick(options.variants, [v.name for v in VARIANTS], "variant")
    except ValueError as error:
        parser.error(str(error))
    wanted = {*names, PLAIN.name, OURS.name}
    options.variants = [v for v in VARIANTS if v.name in wanted]
    if options.quick:
        vars(options).update(_QUICK)
    options.plain_clips = min(
        options.clips,
        options.clips if options.plain_clips is None else options.plain_clips,
    )
    counts = ("clips", "plain_clips", "thresholds", "n_bootstrap")
    if min(getattr(options, name) for name in counts) < 1:
        parser.error("every number but the seed must be at least 1")
    return options


def main(words: Sequence[str]) -> int:
    """Measures, prints the table, writes the results."""
    options = parse(words)
    # The measured processes inherit it.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    setting = Setting(
        options.clips,
        options.plain_clips,
        options.thresholds,
        options.n_bootstrap,
        options.seed,
        options.desed_metadata,
    )
    runs = take_turns(
        options.variants, options.rounds, lambda each: _run(each, setting)
    )
    rows = summarize(options.variants, runs, options.clips)
    print(format_table(rows))
    failed = any(row.failed for row in rows.values())
    wrong = None
    if not any(rows[each.name].failed for each in (PLAIN, OURS)):
        wrong = differences(runs)
        print(_describe_check(runs, wrong))
    # The goals are of many clips.
    checked = [] if options.quick else goals(rows)
    print_goals(checked)
    if options.output is not None:
        content = {
            **describe_run(
                "scoring",
                {
                    "quick": options.quick,
                    "rounds": options.rounds,
                    "truth": "DESED" if options.desed_metadata else "random",
                    "clips": options.clips,
                    "plain_clips": options.plain_clips,
                    "thresholds": options.thresholds,
                    "resamples": options.n_bootstrap,
                    "seed": options.seed,
                    "threads": options.threads,
                },
                **versions(*_LIBRARIES),
            ),
            "scores": runs[OURS.name][0].get("scores"),
            "differences": wrong,
            "goals": checked,
            "rows": {name: asdict(row) for name, row in rows.items()},
        }
        write_results(options.output, content)
    return int(failed or bool(wrong))


def _describe_check(
    runs: dict[str, list[dict[str, Any]]], wrong: Sequence[str]
) -> str:
    """Whether both ways agree, for the terminal."""
    if wrong:
        return "\n".join(f"plain and ours differ: {line}" for line in wrong)
    first = runs[OURS.name][0]
    events = ", ".join(
        f"{network} {table.partition(',')[0]}"
        for network, table in first["events"].items()
    )
    clips = runs[PLAIN.name][0]["clips"]
    return (
        f"plain and ours agree on {clips:,} clips: the same events "
        f"({events}), scores to 1e-9"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

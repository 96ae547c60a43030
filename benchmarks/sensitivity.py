#!/usr/bin/env python3
"""How much the scores of LGC depend on its own settings.

    python benchmarks/sensitivity.py [--seeds 1 2 3] [--report]

Prototypes per class, momentum, both thresholds, temperature, start and weight,
each varied alone around the ablation's LGC, on the ablation's data sets. The
runs of the defaults are the ablation's own, so that only one of the two
commands may train at a time. What acts after the initialization of the
prototypes alone continues one start, which is trained once per seed. Finished
runs are not done again, so that the command may be stopped and repeated; it
does all settings with the first seed, then all with the second.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import ablation
from ablation_profile import check_runs, read_profile
from ablation_runs import Run, make_data, plan_runs, train_all
from harness import ABLATION, make_parser, pick, report_error, write_results
from sensitivity_figure import plot_settings
from sensitivity_plan import (
    REFERENCE,
    TITLES,
    check_options,
    give_starts,
    plan,
    plan_settings,
    plan_starts,
    start_words,
)
from sensitivity_report import (
    describe,
    read_method,
    read_settings,
    sensitivity_table,
    untouched_notes,
)

from lgc_plugin.utils.parallel import available_cores


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    usual = ablation.parse([])
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("--bank", default=usual.bank, help="as of ablation.py")
    add("--settings", help=f"commas between them: {', '.join(TITLES)}")
    add("--seeds", type=int, nargs="+", default=[1, 2])
    add("--n-jobs", type=int, default=available_cores(), help="runs at a time")
    add(
        "--folder",
        type=Path,
        default=usual.folder,
        help="data and runs, those of the ablation (default:\n"
        "results/ablation)",
    )
    add("--clips", default=usual.clips, help="as of ablation.py")
    add(
        "--train",
        default="",
        help="more options of the recipe, for all runs; what is varied is\n"
        "varied around them",
    )
    add(
        "--report",
        action="store_true",
        help="train nothing, report the runs that are finished",
    )
    add(
        "--write",
        action="store_true",
        help="write ablation/sensitivity.json and ablation/sensitivity.png",
    )
    options = parser.parse_args(words)
    try:
        names = pick(options.settings, TITLES, "setting")
    except ValueError as error:
        parser.error(str(error))
    if options.n_jobs < 1:
        parser.error("--n-jobs must be at least 1")
    options.seeds = list(dict.fromkeys(options.seeds))
    options.folder = options.folder.resolve()
    try:
        check_options(options.train.split())
        options.profile = read_profile(options.train.split())
    except (OSError, ValueError) as error:
        parser.error(f"--train: {error}")
    options.settings = plan_settings(dict.fromkeys(names), options.profile)
    return options


def main(words: Sequence[str]) -> int:
    """Trains what is missing, prints the table, draws the figure.

    Returns exit status: 1 if a run failed or none is finished, 2 if the data
    could not be made or finished runs are no runs of this plan.
    """
    options = parse(words)
    runs = plan(options.folder, options.settings, options.seeds)
    others = plan_runs(options.folder, [REFERENCE], options.seeds)
    try:
        check_runs([*runs, *others], options.profile)
        failed = [] if options.report else _train(runs, options)
    except ValueError as error:
        return report_error(error, 2)
    except subprocess.CalledProcessError as error:
        return report_error(f"no data: {' '.join(error.cmd)} failed", 2)
    runs = [run for run in runs if run.finished]
    if not runs:
        place = f"{options.folder / 'runs'}"
        return report_error(
            f"{place}: no finished run of seeds {options.seeds}"
        )
    _report(runs, options)
    return int(bool(failed))


def _train(runs: Sequence[Run], options: argparse.Namespace) -> list[Run]:
    for run in {run.data: run for run in runs}.values():
        make_data(run, options.bank, options.clips.split())

    def train(them: Sequence[Run], words: list[str]) -> list[Run]:
        words = [*options.train.split(), *words]
        return train_all(them, words, options.n_jobs, _progress)

    profile = options.profile
    starts = plan_starts(runs, profile, options.folder)
    train(starts, start_words(profile))
    give_starts(runs, starts, profile)
    return train(runs, [])


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _report(runs: Sequence[Run], options: argparse.Namespace) -> None:
    """The results of finished runs: on stdout, as a picture, as JSON."""
    known = (options.seeds, options.profile)
    settings = options.settings
    found = read_settings(options.folder, settings, *known)
    reference = read_method(options.folder, REFERENCE, *known)
    print(f"\n{sensitivity_table(settings, found)}")
    if notes := untouched_notes(settings, found):
        print("", *notes, sep="\n")
    picture = "sensitivity.png"
    plot_settings(settings, found, reference, options.folder / picture)
    if options.write:
        plot_settings(settings, found, reference, ABLATION / picture)
        content = describe(settings, found, reference, runs, options.train)
        write_results(ABLATION / "sensitivity.json", content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

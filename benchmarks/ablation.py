#!/usr/bin/env python3
"""What each part of LGC adds, and what LGC adds to other methods.

    python benchmarks/ablation.py [--quick]

Soundscapes of a bank of recordings, one data set per seed; those of the test
do not occur in training. Every method takes the same number of steps.
Runs that are finished are not done again, so that the command may be stopped
and repeated. Methods are compared clip for clip on the tests of all seeds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablation_profile import check_runs, read_profile
from ablation_report import (
    compare_pair,
    difference_table,
    plot_scores,
    pool,
    score_table,
    seed_scores,
)
from ablation_runs import (
    HEADLINE,
    METHODS,
    Run,
    make_data,
    pairs,
    plan_runs,
    train_all,
    usual_bank,
)
from harness import (
    ABLATION,
    describe_run,
    make_parser,
    pick,
    report_error,
    write_results,
)

from lgc_plugin.training.resume import RECORD
from lgc_plugin.utils.parallel import available_cores

_SETS = "--strong 300 --strong-validation 100 --weak 200 --unlabeled 1000"
_CLIPS = f"{_SETS} --validation 300 --clip-seconds 5"


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add(
        "--bank",
        default=usual_bank(),
        help="folder with foreground/<Label>/ and background/, or synthetic:\n"
        "sounds made by code (default: ../shared/data/sounds if there is\n"
        "one, else synthetic)",
    )
    add("--methods", help=f"commas between them: {', '.join(METHODS)}")
    add("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    add("--n-jobs", type=int, default=available_cores(), help="runs at a time")
    add("--n-bootstrap", type=int, default=1000, help="behind the intervals")
    add(
        "--folder",
        type=Path,
        default=Path("results/ablation"),
        help="data and runs (default: results/ablation)",
    )
    add("--clips", default=_CLIPS, help="options of lgc-sed soundscapes")
    add("--train", default="", help="more options of the recipe, for all runs")
    add(
        "--quick",
        action="store_true",
        help="the headline alone, on two seeds: 15 minutes on two cores",
    )
    add(
        "--write",
        nargs="?",
        const="results",
        metavar="NAME",
        help="write ablation/NAME.json and NAME.png (without a name: results)",
    )
    options = parser.parse_args(words)
    try:
        names = pick(options.methods, METHODS, "method")
    except ValueError as error:
        parser.error(str(error))
    if options.quick:
        if options.write:
            parser.error("--quick measures too little to --write")
        names, options.seeds = list(HEADLINE[::-1]), options.seeds[:2]
    if min(options.n_jobs, options.n_bootstrap) < 1:
        parser.error("--n-jobs and --n-bootstrap must be at least 1")
    options.methods = [METHODS[name] for name in names]
    options.folder = options.folder.resolve()
    return options


def main(words: Sequence[str]) -> int:
    """Makes data, trains, compares, prints the tables.

    Returns exit status: 1 if a run failed, 2 if finished runs are of another
    profile, or data of another bank or none.
    """
    options = parse(words)
    runs = plan_runs(options.folder, options.methods, options.seeds)
    try:
        check_runs(runs, read_profile(options.train.split()))
        for run in {run.data: run for run in runs}.values():
            make_data(run, options.bank, options.clips.split())
    except (OSError, ValueError) as error:
        return report_error(error, 2)
    except subprocess.CalledProcessError as error:
        # It has reported itself what is wrong with the bank or the options.
        command = " ".join(error.cmd)
        return report_error(f"no data: {command}", 2)
    if options.bank == "synthetic":
        print(
            "note: these sounds are made by code, and take more steps to "
            "learn than the recordings that the README describes",
            file=sys.stderr,
        )
    failed = train_all(
        runs,
        options.train.split(),
        options.n_jobs,
        lambda line: print(line, file=sys.stderr, flush=True),
    )
    # Only seeds that all methods have can be compared clip for clip.
    lost = {run.seed for run in failed}
    good = [run for run in runs if run.seed not in lost]
    if not good:
        return 1
    scores = seed_scores(good)
    differences = _differences(good, options)
    table = difference_table(differences, scores)
    print(f"\n{score_table(scores)}\n\n{table}")
    plot_scores(scores, options.folder / "scores.png")
    if options.write:
        picture = f"{options.write}.png"
        plot_scores(scores, ABLATION / picture)
        _write(options, scores, differences, good)
    return int(bool(failed))


def _differences(
    runs: Sequence[Run], options: argparse.Namespace
) -> dict[tuple[str, str], dict[str, Any]]:
    folder = options.folder / "pooled"
    folder.mkdir(parents=True, exist_ok=True)
    results = json.loads((runs[0].folder / "results.json").read_text())
    names = list(dict.fromkeys(run.method.name for run in runs))
    pooled = {
        name: pool([r for r in runs if r.method.name == name], folder)
        for name in names
    }
    return {
        (better, worse): compare_pair(
            pooled[better],
            pooled[worse],
            results["median_windows"],
            options.n_bootstrap,
        )
        for better, worse in pairs(names)
    }


def _write(
    options: argparse.Namespace,
    scores: dict[str, Any],
    differences: dict[tuple[str, str], dict[str, Any]],
    runs: Sequence[Run],
) -> None:
    """All numbers of the tables, and the settings they were measured with."""
    results = json.loads((runs[0].folder / "results.json").read_text())
    # The profile is that of LGC, where it was trained.
    of_lgc = [run for run in runs if run.method.name == HEADLINE[0]]
    settings = (of_lgc or runs)[0].folder / RECORD
    path = ABLATION / f"{options.write}.json"
    content = {
        **describe_run("ablation"),
        "bank": Path(options.bank).name,
        "clips": options.clips,
        "train": options.train,
        "seeds": sorted({run.seed for run in runs}),
        "versions": results["versions"],
        "profile": json.loads(settings.read_text()),
        "median_windows": results["median_windows"],
        "scores": scores,
        "differences": {
            f"{better} - {worse}": found
            for (better, worse), found in differences.items()
        },
    }
    write_results(path, content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Are the frames that the global term acts on what they are taken for?

    python benchmarks/ablation.py --methods lgc
    python benchmarks/anchors.py

The contrast pulls a frame to the classes that the teacher is sure of and the
student doubts. On the test clips of finished runs, processed as in training,
the truth shows how often these classes really sound there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from ablation_profile import read_profile
from ablation_runs import METHODS, Run, plan_runs
from anchor_frames import Counts, count_anchors, run_as_in_training
from embedding_frames import finished_seeds
from harness import (
    ABLATION,
    describe_run,
    make_parser,
    report_error,
    write_results,
)
from tables import markdown_table

_POSITIVE, _NEGATIVE = (0.6, 0.7, 0.8, 0.9), (0.3, 0.5, 0.7)
COLUMNS = {
    "anchors": "anchors, of all frames",
    "background": "background, of their claims",
    "right": "claims that hold",
    "events_right": "... of events",
    "background_right": "... of background",
    "sure_right": "of all that the teacher is sure of",
}
Thresholds = tuple[float, float]


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add(
        "--folder",
        type=Path,
        default=Path("results/ablation"),
        help="of the ablation (default: results/ablation)",
    )
    add("--method", default="lgc", choices=METHODS, metavar="METHOD")
    add("--seeds", type=int, nargs="+", help="default: all that are finished")
    add(
        "--write",
        nargs="?",
        const="anchors",
        metavar="NAME",
        help="write ablation/NAME.json (without a name: anchors)",
    )
    options = parser.parse_args(words)
    finished = finished_seeds(options.folder, options.method)
    options.seeds = list(dict.fromkeys(options.seeds or finished))
    missing = sorted(set(options.seeds) - set(finished))
    if missing or not options.seeds:
        parser.error(
            f"{options.folder}: {options.method} is not finished on "
            f"{f'seed {missing[0]}' if missing else 'any seed'}: run "
            f"benchmarks/ablation.py --methods {options.method}"
        )
    return options


def main(words: Sequence[str]) -> int:
    """Runs the networks, counts, prints the table.

    Returns exit status: 1 if a run cannot be read.
    """
    options = parse(words)
    profile = read_profile([])
    default = profile["pos_threshold"], profile["neg_threshold"]
    runs = plan_runs(options.folder, [METHODS[options.method]], options.seeds)
    try:
        counts = _count(runs, profile)
    except (OSError, ValueError) as error:
        return report_error(error)
    means = {pair: _mean_shares(each) for pair, each in counts.items()}
    print(f"\n{_table(means, default)}")
    if options.write:
        content = {
            **describe_run("anchors"),
            "method": options.method,
            "seeds": options.seeds,
            "thresholds": [
                {
                    "pos_threshold": pair[0],
                    "neg_threshold": pair[1],
                    "shares": means[pair],
                    "counts": [one.values() for one in each],
                }
                for pair, each in counts.items()
            ],
        }
        print()
        write_results(ABLATION / f"{options.write}.json", content)
    return 0


def _count(
    runs: Sequence[Run], profile: Mapping[str, Any]
) -> dict[Thresholds, list[Counts]]:
    """What each run has at each pair of thresholds, the default among them."""
    batch = sum(profile["batch_sizes"].values())
    counts: dict[Thresholds, list[Counts]] = {
        (high, low): []
        for high in sorted({*_POSITIVE, profile["pos_threshold"]})
        for low in sorted({*_NEGATIVE, profile["neg_threshold"]})
    }
    for run in runs:
        scores = run_as_in_training(run, batch, profile["cutmix_ratio"])
        for pair, each in counts.items():
            each.append(count_anchors(*scores, *pair))
    return counts


def _mean_shares(each: Sequence[Counts]) -> dict[str, float | None]:
    """Over the runs that have a number."""
    shares = [one.shares() for one in each]
    return {
        key: _mean([share for one in shares if (share := one[key]) is not None])
        for key in COLUMNS
    }


def _mean(known: Sequence[float]) -> float | None:
    return mean(known) if known else None


def _table(
    means: Mapping[Thresholds, Mapping[str, float | None]], default: Thresholds
) -> str:
    lines = []
    for pair, shares in means.items():
        name = f"{pair[0]:g}, {pair[1]:g}"
        lines.append(
            [
                f"**{name}**" if pair == default else name,
                *("-" if x is None else f"{x:.1%}" for x in shares.values()),
            ]
        )
    return markdown_table(["τ+, τ-", *COLUMNS.values()], lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

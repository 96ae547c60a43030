#!/usr/bin/env python3
"""Are the frames that the global term acts on what they are taken for?

    python benchmarks/ablation.py --methods lgc
    python benchmarks/anchors.py

The contrast pulls a frame to the classes that the teacher is sure of and the
student doubts. On the test clips of finished runs, heard as in training, the
truth tells how often these classes really sound there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from ablation_methods import METHODS
from ablation_profile import read_profile
from ablation_runs import plan_runs
from anchor_frames import count_anchors, hear_as_in_training
from embedding_runs import finished_seeds
from report_table import markdown_table
from step_report import describe_run

from lgc_plugin.files import write_json

OUT = Path(__file__).resolve().parent / "ablation"
_POSITIVE, _NEGATIVE = (0.6, 0.7, 0.8, 0.9), (0.3, 0.5, 0.7)
COLUMNS = {
    "anchors": "anchors, of all frames",
    "background": "background, of their claims",
    "right": "claims that hold",
    "events_right": "... of events",
    "background_right": "... of background",
    "sure_right": "of all that the teacher is sure of",
}


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line.

    Arguments
    ---------
    words : Sequence[str]
        Behind the script's name.

    Returns
    -------
    argparse.Namespace
        With ``seeds`` on which the method is finished.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add(
        "--folder",
        type=Path,
        default=Path("results/ablation"),
        help="of the ablation (default: results/ablation)",
    )
    add("--method", default="lgc", choices=METHODS, metavar="METHOD")
    add("--seeds", type=int, nargs="+", help="default: all that are finished")
    add("--write", action="store_true", help="write ablation/anchors.json")
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
    """Hears, counts, prints the table.

    Arguments
    ---------
    words : Sequence[str]
        Behind the script's name.

    Returns
    -------
    int
        Exit status: 1 if a run cannot be read.
    """
    options = parse(words)
    profile = read_profile([])
    batch = sum(profile["batch_sizes"].values())
    pairs = [
        (high, low)
        for high in sorted({*_POSITIVE, profile["pos_threshold"]})
        for low in sorted({*_NEGATIVE, profile["neg_threshold"]})
    ]
    runs = plan_runs(options.folder, [METHODS[options.method]], options.seeds)
    counts: dict[tuple[float, float], list] = {pair: [] for pair in pairs}
    try:
        for run in runs:
            scores = hear_as_in_training(run, batch, profile["cutmix_ratio"])
            for pair in pairs:
                counts[pair].append(count_anchors(*scores, *pair))
    except (OSError, ValueError) as error:
        print(f"anchors.py: error: {error}", file=sys.stderr)
        return 1
    default = profile["pos_threshold"], profile["neg_threshold"]
    lines, means = [], {}
    for pair, each in counts.items():
        shares = [one.shares() for one in each]
        means[pair] = {
            key: _mean([one[key] for one in shares]) for key in COLUMNS
        }
        name = f"{pair[0]:g}, {pair[1]:g}"
        lines.append(
            [
                f"**{name}**" if pair == default else name,
                *(
                    "-" if x is None else f"{x:.1%}"
                    for x in means[pair].values()
                ),
            ]
        )
    print(f"\n{markdown_table(['τ+, τ-', *COLUMNS.values()], lines)}")
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
        path = OUT / "anchors.json"
        write_json(path, content)
        print(f"\nwritten: {path}")
    return 0


def _mean(numbers: Sequence[float | None]) -> float | None:
    """Over the seeds that have a number."""
    known = [number for number in numbers if number is not None]
    return mean(known) if known else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Does the global term draw the frames of a class together?

    python benchmarks/ablation.py --methods cutmix,lgc
    python benchmarks/embeddings.py

Runs networks on the test clips of finished runs of the ablation, which were
trained without and with the contrast of frames and class prototypes, and
measures cosine distances of frames within a class and between classes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablation_runs import METHODS, plan_runs
from embedding_figure import plot_distances, plot_map
from embedding_frames import (
    REPRESENTATIONS,
    Measured,
    finished_seeds,
    measure_runs,
)
from embedding_report import (
    Line,
    distance_table,
    line_values,
    make_lines,
    seed_values,
)
from harness import (
    ABLATION,
    describe_run,
    make_parser,
    report_error,
    write_results,
)


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
    add(
        "--without",
        default="cutmix",
        choices=METHODS,
        metavar="METHOD",
        help="method without the global term (default: cutmix)",
    )
    add(
        "--with",
        dest="with_term",
        default="lgc",
        choices=METHODS,
        metavar="METHOD",
        help="method with it (default: lgc)",
    )
    add(
        "--seeds",
        type=int,
        nargs="+",
        help="default: all on which both methods are finished",
    )
    add("--network", default="teacher", choices=("teacher", "student"))
    add(
        "--write",
        action="store_true",
        help="write embeddings.json, embeddings.png and embedding_map.png to\n"
        "benchmarks/ablation",
    )
    options = parser.parse_args(words)
    options.methods = (options.without, options.with_term)
    if options.without == options.with_term:
        parser.error(f"--without and --with are both {options.without}")
    finished = {
        name: finished_seeds(options.folder, name) for name in options.methods
    }
    both = sorted(set.intersection(*map(set, finished.values())))
    wanted = list(dict.fromkeys(options.seeds or both))
    if not wanted or not set(wanted) <= set(both):
        has = ", ".join(f"{m} on {_listed(finished[m])}" for m in finished)
        names = ",".join(finished)
        parser.error(
            f"{options.folder}: finished are {has}: give --seeds that both "
            f"have, or run benchmarks/ablation.py --methods {names}"
        )
    options.seeds = wanted
    return options


def main(words: Sequence[str]) -> int:
    """Measures, prints the tables.

    Returns exit status: 1 if a run cannot be read.
    """
    options = parse(words)
    try:
        measured = measure_runs(
            options.folder, options.methods, options.seeds, options.network
        )
    except (OSError, ValueError) as error:
        return report_error(error)
    tables = {
        key: make_lines(measured.labels, *by_method.values())
        for key, by_method in measured.distances.items()
    }
    titles = tuple(METHODS[name].title for name in options.methods)
    print(
        f"\nCosine distances of frames of different test clips "
        f"({options.network}, {_listed(options.seeds)}), {titles[0]} → "
        f"{titles[1]}.\nDifference: mean ± standard deviation over the seeds "
        "(seeds that agree in sign / seeds)."
    )
    for key, lines in tables.items():
        print(f"\n{REPRESENTATIONS[key]}:\n\n{distance_table(lines)}")
    if options.write:
        _write(options, measured, tables)
        plot_distances(tables["hidden"], titles, ABLATION / "embeddings.png")
        plot_map(
            measured.shown, options.seeds[0], ABLATION / "embedding_map.png"
        )
    return 0


def _write(
    options: argparse.Namespace,
    measured: Measured,
    tables: Mapping[str, Sequence[Line]],
) -> None:
    """All numbers of the tables, and the settings they were measured with."""
    method = METHODS[options.with_term]
    run = plan_runs(options.folder, [method], options.seeds)[0]
    results = json.loads((run.folder / "results.json").read_text())
    content: dict[str, Any] = {
        **describe_run("embeddings"),
        "without": options.without,
        "with": options.with_term,
        "network": options.network,
        "seeds": options.seeds,
        "versions": results["versions"],
        "distance": "1 - cos, mean over pairs of frames of different clips",
    }
    for key, title in REPRESENTATIONS.items():
        by_seed = {
            name: {
                str(seed): seed_values(measured.labels, each)
                for seed, each in zip(options.seeds, of_method, strict=True)
            }
            for name, of_method in measured.distances[key].items()
        }
        content[key] = {
            "what": title,
            "means": {line.title: line_values(line) for line in tables[key]},
            "by_seed": by_seed,
        }
    print()
    write_results(ABLATION / "embeddings.json", content)


def _listed(seeds: Sequence[int]) -> str:
    if not seeds:
        return "no seed"
    word = "seed" if len(seeds) == 1 else "seeds"
    return f"{word} {', '.join(map(str, seeds))}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

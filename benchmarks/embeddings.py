#!/usr/bin/env python3
"""Does the global term draw the frames of a class together?

    python benchmarks/ablation.py --methods cutmix,lgc
    python benchmarks/embeddings.py

Hears the test clips of finished runs of the ablation, with networks that were
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

from ablation_methods import METHODS
from ablation_runs import plan_runs
from embedding_figure import plot_distances
from embedding_map import plot_map
from embedding_report import (
    Line,
    distance_table,
    line_values,
    make_lines,
    seed_values,
)
from embedding_runs import (
    REPRESENTATIONS,
    Measured,
    finished_seeds,
    measure_runs,
)
from step_report import describe_run

from lgc_plugin.utils.files import write_json

OUT = Path(__file__).resolve().parent / "ablation"


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line.

    Arguments
    ---------
    words : Sequence[str]
        Behind the script's name.

    Returns
    -------
    argparse.Namespace
        With ``methods``, the names without and with the global term, and
        ``seeds`` on which both are finished.
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
    """Hears, measures, prints the tables.

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
    try:
        measured = measure_runs(
            options.folder, options.methods, options.seeds, options.network
        )
    except (OSError, ValueError) as error:
        print(f"embeddings.py: error: {error}", file=sys.stderr)
        return 1
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
        plot_distances(tables["hidden"], titles, OUT / "embeddings.png")
        plot_map(measured.shown, options.seeds[0], OUT / "embedding_map.png")
    return 0


def _write(
    options: argparse.Namespace,
    measured: Measured,
    tables: Mapping[str, Sequence[Line]],
) -> None:
    """Everything that the tables say, and what it was measured with."""
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
    path = OUT / "embeddings.json"
    write_json(path, content)
    print(f"\nwritten: {path}")


def _listed(seeds: Sequence[int]) -> str:
    if not seeds:
        return "no seed"
    word = "seed" if len(seeds) == 1 else "seeds"
    return f"{word} {', '.join(map(str, seeds))}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

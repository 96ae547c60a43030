#!/usr/bin/env python3
"""What unlabeled recordings bring where few are labeled: songs of a bird.

    python benchmarks/few_recordings.py [--labeled 19 6 2]

The last 30 recordings, by name, are the test. Of the others the first ones are
labeled, as many as asked for, and the rest is unlabeled. Every method takes the
same number of steps, and its last epoch is tested: there is no validation set,
whose labels would be more labels. Beside them, on the same recordings, stands a
plain network (plain_crnn.py). Finished runs are not done again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from ablation_runs import METHODS, ROOT, Run, train_all
from few_recordings_report import (
    SCORES,
    compare_all,
    compare_plain,
    difference_lines,
    near_edges,
    plain_rate,
    score_lines,
    score_runs,
    seed_scores,
)
from harness import RESULTS, describe_run, make_parser, pick, write_results
from tables import markdown_table, mean_and_spread

from lgc_plugin.utils.files import write_json
from lgc_plugin.utils.parallel import available_cores

#: By the number of labeled recordings; as many as there was time for.
STEPS = {19: 1500, 6: 800, 2: 2000}
#: Many labels: more of them in a step, and unmixed.
_MORE = {19: ("--mixup_probability=0", '--batch_sizes={"strong": 16}')}
PLAIN_STEPS = {19: 800, 6: 500, 2: 300}
N_TEST = 30
CRITERIA = ("collar=0.02", "error_frame=0.008")
_WORDS = {
    # Unlike in the ablation, without unlabeled clips.
    "supervised": ("--overrides=hparams/supervised.yaml",),
    "mean_teacher": ("--overrides=hparams/mean_teacher.yaml",),
    "lgc": (),
}


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add(
        "--recordings",
        type=Path,
        default=ROOT.parent / "shared" / "data" / "bird0",
        help="folder with audio/ and notes.tsv (filename onset offset\n"
        "event_label)",
    )
    add("--labeled", type=int, nargs="+", default=list(STEPS))
    add("--methods", help=f"commas between them: {', '.join(_WORDS)}")
    add("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    add("--plain-seeds", type=int, nargs="+", help="default: all seeds")
    add("--n-jobs", type=int, default=available_cores(), help="runs at a time")
    add("--n-bootstrap", type=int, default=1000, help="behind the intervals")
    add("--folder", type=Path, default=Path("results/few_recordings"))
    add("--train", default="", help="more options of the recipe, for all runs")
    add("--write", metavar="NAME", help="write results/NAME.json")
    options = parser.parse_args(words)
    try:
        options.methods = pick(options.methods, _WORDS, "method")
    except ValueError as error:
        parser.error(str(error))
    unknown = [n for n in options.labeled if n not in STEPS]
    if unknown:
        parser.error(f"--labeled is one of {', '.join(map(str, STEPS))}")
    options.folder = options.folder.resolve()
    return options


def split(recordings: Path, n_labeled: int) -> tuple[list[str], list[str]]:
    """Names of the recordings that are labeled, and of those of the test."""
    names = sorted(path.name for path in (recordings / "audio").iterdir())
    return names[:n_labeled], names[-N_TEST:]


def make_data(recordings: Path, folder: Path, n_labeled: int) -> None:
    """Clips of 1 s, unless they are there."""
    if (folder / "dataset.json").is_file():
        return
    labeled, test = split(recordings, n_labeled)
    notes = pd.read_csv(recordings / "notes.tsv", sep="\t")
    labels = folder.parent / "labels.tsv"
    labels.parent.mkdir(parents=True, exist_ok=True)
    known = notes[notes.filename.isin([*labeled, *test])]
    known.to_csv(labels, sep="\t", index=False)
    command = [sys.executable, "-m", "lgc_plugin.cli.main", "dataset"]
    command += [str(recordings / "audio"), "--annotations", str(labels)]
    command += ["--output", str(folder), "--annotated", "whole"]
    command += ["--clip-seconds", "1", "--quiet"]
    command += ["--valid-share", "0", "--test-groups", *test]
    subprocess.run(command, check=True, cwd=ROOT)


def run_plain(
    options: argparse.Namespace, folder: Path, n_labeled: int
) -> list[dict[str, tuple[int, int]]]:
    """The plain network's wrong and all frames by recording, seed by seed."""
    labeled, test = split(options.recordings, n_labeled)
    folder.mkdir(parents=True, exist_ok=True)
    threads = max(1, available_cores() // options.n_jobs)

    def run(seed: int) -> dict[str, tuple[int, int]]:
        file = folder / f"{seed}.json"
        if not file.is_file():
            command = [sys.executable, "benchmarks/plain_crnn.py"]
            command += [str(options.recordings), f"--seed={seed}"]
            command += [f"--steps={PLAIN_STEPS[n_labeled]}"]
            command += ["--labeled", *labeled, "--test", *test]
            done = subprocess.run(
                command,
                check=True,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                env={**os.environ, "OMP_NUM_THREADS": str(threads)},
            )
            write_json(file, json.loads(done.stdout))
        counts = json.loads(file.read_text())
        return {name: (wrong, n) for name, (wrong, n) in counts.items()}

    with ThreadPoolExecutor(options.n_jobs) as pool:
        return list(pool.map(run, options.plain_seeds or options.seeds))


def train_words(run: Run, n_labeled: int, words: Iterable[str]) -> list[str]:
    """The recipe's command line for a run."""
    return [
        sys.executable,
        "recipes/OwnRecordings/train.py",
        "hparams/lgc.yaml",
        "--overrides=hparams/own_recordings.yaml",
        f"--overrides={run.data}/settings.yaml",
        "--overrides=benchmarks/few_recordings.yaml",
        f"--number_of_steps={STEPS[n_labeled]}",
        *_MORE.get(n_labeled, ()),
        *(f"--{each}" for each in CRITERIA),
        *words,
        *_WORDS[run.method.name],
        f"--seed={run.seed}",
        f"--data_folder={run.data}",
        f"--output_folder={run.folder}",
        "--noprogressbar",
    ]


def main(words: Sequence[str]) -> int:
    """Makes data, trains, compares, prints the tables."""
    options = parse(words)
    content: dict[str, Any] = {}
    tables: tuple[list[list[str]], list[list[str]]] = ([], [])
    for n_labeled in options.labeled:
        folder = options.folder / str(n_labeled)
        make_data(options.recordings, folder / "data", n_labeled)
        runs = [
            Run(
                METHODS[name],
                seed,
                folder / "runs" / name / str(seed),
                folder / "data",
            )
            for seed in options.seeds
            for name in options.methods
        ]
        failed = train_all(
            runs,
            options.train.split(),
            options.n_jobs,
            lambda line: print(line, file=sys.stderr, flush=True),
            lambda run, more, n=n_labeled: train_words(run, n, more),
        )
        if failed:
            return 1
        counts = run_plain(options, folder / "plain", n_labeled)
        plain = [plain_rate(each) for each in counts]
        scores = seed_scores(runs)
        scored = score_runs(runs)
        differences = {
            **compare_all(scored, runs, options.n_bootstrap),
            **compare_plain(scored, runs, counts, options.n_bootstrap),
        }
        edges = near_edges(scored, runs)
        content[str(n_labeled)] = {
            "steps": STEPS[n_labeled],
            "plain_frame_error_rate": plain,
            "scores": scores,
            "near_edges": edges,
            "differences": differences,
        }
        tables[0].append([f"{n_labeled}", "plain CRNN", mean_and_spread(plain)])
        tables[0].extend(score_lines(n_labeled, scores, edges))
        tables[1].extend(difference_lines(n_labeled, differences))
    titles = [title for title, _ in SCORES.values()]
    heads = ["labeled", "method", *titles, "errors beside an edge, %"]
    print(markdown_table(heads, tables[0]))
    print()
    print(markdown_table(["labeled", "difference", *titles], tables[1]))
    if options.write:
        results = json.loads((runs[0].folder / "results.json").read_text())
        write_results(
            RESULTS / f"{options.write}.json",
            {
                **describe_run("few_recordings"),
                "train": options.train,
                "seeds": options.seeds,
                "plain_seeds": options.plain_seeds or options.seeds,
                "versions": results["versions"],
                "labeled": content,
            },
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

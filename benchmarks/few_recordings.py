#!/usr/bin/env python3
"""What unlabeled recordings bring where few are labeled: songs of a bird.

    python benchmarks/few_recordings.py [--labeled 19 6 2]

Every seed draws recordings for the test and others that are labeled, as many
as asked for; the rest is unlabeled. Every method takes the same number of
steps, and its last epoch is tested: there is no validation set, whose labels
would be more labels. Finished runs are not done again. Methods are compared
clip for clip on the tests of all seeds.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from ablation_report import compare_pair, pool
from ablation_runs import METHODS, ROOT, Run, train_all
from harness import RESULTS, describe_run, make_parser, pick, write_results
from tables import markdown_table, mean_and_spread

from lgc_plugin.utils.parallel import available_cores

#: By the number of labeled recordings.
STEPS = {19: 800, 6: 500, 2: 300}
N_TEST = 30
CRITERIA = ("collar=0.02", "error_frame=0.008")
#: Scores, and by how much they are multiplied in tables.
SCORES = {
    "frame_error_rate": ("frame errors, %", 100),
    "event_f1_macro": ("event F1, 20 ms", 1),
    "intersection_f1_macro": ("intersection F1", 1),
    "psds1": ("PSDS1", 1),
}
_WORDS = {
    # Unlike in the ablation, without unlabeled clips.
    "supervised": ("--overrides=hparams/supervised.yaml",),
    "mean_teacher": ("--overrides=hparams/mean_teacher.yaml",),
    "lgc": (),
}
_PAIRS = (
    ("mean_teacher", "supervised"),
    ("lgc", "mean_teacher"),
    ("lgc", "supervised"),
)


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


def make_data(recordings: Path, folder: Path, n_labeled: int) -> None:
    """Clips of 2 s, unless they are there; the seed names the folder."""
    if (folder / "dataset.json").is_file():
        return
    seed = int(folder.name)
    names = sorted(path.name for path in (recordings / "audio").iterdir())
    random.Random(seed).shuffle(names)
    test, others = names[:N_TEST], names[N_TEST:]
    notes = pd.read_csv(recordings / "notes.tsv", sep="\t")
    known = notes.filename.isin([*test, *others[:n_labeled]])
    labels = folder.parent / f"{seed}.tsv"
    labels.parent.mkdir(parents=True, exist_ok=True)
    notes[known].to_csv(labels, sep="\t", index=False)
    command = [sys.executable, "-m", "lgc_plugin.cli.main", "dataset"]
    command += [str(recordings / "audio"), "--annotations", str(labels)]
    command += ["--output", str(folder), "--annotated", "whole"]
    command += ["--clip-seconds", "2", "--seed", str(seed), "--quiet"]
    command += ["--valid-share", "0", "--test-groups", *test]
    subprocess.run(command, check=True, cwd=ROOT)


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
        *(f"--{each}" for each in CRITERIA),
        *words,
        *_WORDS[run.method.name],
        f"--seed={run.seed}",
        f"--data_folder={run.data}",
        f"--output_folder={run.folder}",
        "--noprogressbar",
    ]


def seed_scores(runs: Sequence[Run]) -> dict[str, dict[str, list[float]]]:
    """Scores of the teacher, by method and name."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        results = json.loads((run.folder / "results.json").read_text())
        own = found.setdefault(run.method.name, {name: [] for name in SCORES})
        for name, (_, scale) in SCORES.items():
            own[name].append(scale * results["scores"]["teacher"][name])
    return found


def compare_all(
    runs: Sequence[Run], folder: Path, resamples: int
) -> dict[str, dict[str, Any]]:
    """Differences of pairs of methods, clip for clip."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(run.method.name for run in runs))
    results = json.loads((runs[0].folder / "results.json").read_text())
    pooled = {
        name: pool([x for x in runs if x.method.name == name], folder)
        for name in names
    }
    words = [f"--{each.replace('_', '-')}" for each in CRITERIA]
    windows = results["median_windows"]
    return {
        f"{better} - {worse}": compare_pair(
            pooled[better], pooled[worse], windows, resamples, *words
        )
        for better, worse in _PAIRS
        if {better, worse} <= set(names)
    }


def score_lines(
    n_labeled: int, scores: Mapping[str, Mapping[str, Sequence[float]]]
) -> list[list[str]]:
    """A row for each method: mean and deviation over the seeds."""
    return [
        [
            f"{n_labeled}",
            METHODS[name].title.removeprefix("+ prototypes = "),
            *(mean_and_spread(numbers) for numbers in own.values()),
        ]
        for name, own in scores.items()
    ]


def difference_lines(
    n_labeled: int, differences: Mapping[str, Mapping[str, Any]]
) -> list[list[str]]:
    """A row for each pair: difference and interval."""
    lines = []
    for pair, found in differences.items():
        cells = []
        for name, (_, scale) in SCORES.items():
            metric, average = name.removesuffix("_macro"), "macro"
            entry = found[metric].get(average) or found[metric]["value"]
            gap, low, high = (
                scale * x for x in (entry["difference"], *entry["interval"])
            )
            text = f"{gap:+.3f} [{low:+.3f}, {high:+.3f}]"
            cells.append(f"**{text}**" if low > 0 or high < 0 else text)
        lines.append([f"{n_labeled}", pair.replace("_", " "), *cells])
    return lines


def main(words: Sequence[str]) -> int:
    """Makes data, trains, compares, prints the tables."""
    options = parse(words)
    content: dict[str, Any] = {}
    tables: tuple[list[list[str]], list[list[str]]] = ([], [])
    for n_labeled in options.labeled:
        folder = options.folder / str(n_labeled)
        runs = []
        for seed in options.seeds:
            data = folder / "data" / str(seed)
            make_data(options.recordings, data, n_labeled)
            for name in options.methods:
                place = folder / "runs" / name / str(seed)
                runs.append(Run(METHODS[name], seed, place, data))
        failed = train_all(
            runs,
            options.train.split(),
            options.n_jobs,
            lambda line: print(line, file=sys.stderr, flush=True),
            lambda run, more, n=n_labeled: train_words(run, n, more),
        )
        if failed:
            return 1
        scores = seed_scores(runs)
        differences = compare_all(runs, folder / "pooled", options.n_bootstrap)
        content[str(n_labeled)] = {"scores": scores, "differences": differences}
        tables[0].extend(score_lines(n_labeled, scores))
        tables[1].extend(difference_lines(n_labeled, differences))
    titles = [title for title, _ in SCORES.values()]
    print(markdown_table(["labeled", "method", *titles], tables[0]))
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
                "versions": results["versions"],
                "labeled": content,
            },
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

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
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ablation_runs import METHODS, ROOT, Run, train_all
from harness import RESULTS, describe_run, make_parser, pick, write_results
from tables import markdown_table, mean_and_spread

from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_options import OperatingOptions
from lgc_plugin.evaluation.score import ClipCounts
from lgc_plugin.evaluation.system import ScoredSystems, count_systems
from lgc_plugin.utils.files import write_json
from lgc_plugin.utils.parallel import available_cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: By the number of labeled recordings; chosen, as all settings, on the
#: recordings before those of the test.
STEPS = {19: 2000, 6: 800, 2: 1000}
_MORE = {19: ("--mixup_probability=0",)}
PLAIN_STEPS = {19: 800, 6: 500, 2: 300}
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
) -> list[float]:
    """The plain network's frame errors in percent, seed by seed."""
    labeled, test = split(options.recordings, n_labeled)
    folder.mkdir(parents=True, exist_ok=True)
    threads = max(1, available_cores() // options.n_jobs)

    def run(seed: int) -> float:
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
        return 100 * float(json.loads(file.read_text())["frame_error_rate"])

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


def seed_scores(runs: Sequence[Run]) -> dict[str, dict[str, list[float]]]:
    """Scores of the teacher, by method and name."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        results = json.loads((run.folder / "results.json").read_text())
        own = found.setdefault(run.method.name, {name: [] for name in SCORES})
        for name, (_, scale) in SCORES.items():
            own[name].append(scale * results["scores"]["teacher"][name])
    return found


def score_runs(runs: Sequence[Run]) -> ScoredSystems:
    """The teachers of all runs on the clips of the test."""
    results = json.loads((runs[0].folder / "results.json").read_text())
    options = OperatingOptions.of({"median_windows": results["median_windows"]})
    return count_systems(
        [run.folder / "scores" / "test_teacher.npz" for run in runs],
        read_annotations(
            runs[0].data / "manifests" / "test.csv",
            criteria=Criteria(**results["criteria"]),
        ),
        [options] * len(runs),
        [f"{run.method.name} {run.seed}" for run in runs],
        Notes(),
        drop_missing=False,
    )


def compare_all(
    scored: ScoredSystems, runs: Sequence[Run], resamples: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """Differences of pairs of methods, by pair and score, with intervals.

    Both what is tested and what is trained is drawn: recordings of the test and
    seeds, the same ones for both methods.
    """
    names = {run.method.name for run in runs}
    weights = draw_recordings(scored.truth.clips, resamples)
    drawn = [resample(counts, weights) for counts in scored.counts]
    once = np.ones((1, weights.shape[1]))
    all_clips = [resample(counts, once) for counts in scored.counts]
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for better, worse in _PAIRS:
        if not {better, worse} <= names:
            continue
        own = found[f"{better} - {worse}"] = {}
        for name in SCORES:
            metric = name.removesuffix("_macro")
            gaps, gap = (
                of_method(each, runs, better, metric)
                - of_method(each, runs, worse, metric)
                for each in (drawn, all_clips)
            )
            seeds = np.random.default_rng(1).integers(
                len(gaps), size=gaps.shape
            )
            means = np.take_along_axis(gaps, seeds, axis=0).mean(0)
            own[name] = {
                "difference": float(gap.mean()),
                "interval": np.quantile(means, [0.025, 0.975]).tolist(),
                "of_seeds": gap[:, 0].tolist(),
            }
    return found


def near_edges(
    scored: ScoredSystems, runs: Sequence[Run]
) -> dict[str, list[float]]:
    """By method, percent of the frames: wrong, and beside an annotated edge.

    That is within two frames of where an event begins or ends.
    """
    truth = scored.truth
    true = {
        clip: draw_frames(truth.events, truth, clip) for clip in truth.clips
    }
    found: dict[str, list[float]] = {}
    for run, system in zip(runs, scored.systems, strict=True):
        wrong = total = 0
        for clip, events in true.items():
            own = draw_frames(system.operating_events, truth, clip)
            change = (np.diff(events, axis=0) != 0).any(1)
            edges = np.convolve(change, np.ones(4), mode="full")[1:-1] > 0
            wrong += int(((own != events).any(1) & edges).sum())
            total += len(events)
        found.setdefault(run.method.name, []).append(100 * wrong / total)
    return found


def draw_frames(
    events: pd.DataFrame, truth: GroundTruth, clip: str
) -> NDArray[np.int8]:
    """(T, C): which classes sound in the middle of each frame of a clip."""
    step = truth.criteria.error_frame
    lengths = truth.durations.set_index("filename").duration
    middles = (np.arange(round(lengths[clip] / step)) + 0.5) * step
    frames = np.zeros((len(middles), len(truth.labels)), dtype=np.int8)
    for event in events[events.filename == clip].itertuples():
        inside = (middles >= event.onset) & (middles < event.offset)
        frames[inside, truth.labels.index(event.event_label)] = 1
    return frames


def draw_recordings(clips: Sequence[str], resamples: int) -> NDArray[np.int64]:
    """(R, N): how often each clip is in a resample of the recordings.

    >>> weights = draw_recordings(["a_0.wav", "a_1000.wav", "b_0.wav"], 50)
    >>> bool((weights[:, 0] == weights[:, 1]).all()), int(weights[:, 1:].max())
    (True, 2)
    """
    names = [clip.rpartition("_")[0] for clip in clips]
    recordings, which = np.unique(names, return_inverse=True)
    size = len(recordings)
    drawn = np.random.default_rng(0).multinomial(
        size, [1 / size] * size, size=resamples
    )
    return drawn[:, which]


def resample(
    counts: Mapping[str, ClipCounts], weights: NDArray[np.floating]
) -> dict[str, NDArray[np.float64]]:
    """The scores of each row of weights, by metric."""
    wanted = {name.removesuffix("_macro") for name in SCORES}
    chunks = [weights[i : i + 10] for i in range(0, len(weights), 10)]
    return {
        name: np.concatenate([each.averages(chunk).value for chunk in chunks])
        for name, each in counts.items()
        if name in wanted
    }


def of_method(
    scores: Sequence[Mapping[str, NDArray[np.float64]]],
    runs: Sequence[Run],
    method: str,
    metric: str,
) -> NDArray[np.float64]:
    """(S, R): scores of the runs of a method, seed by seed."""
    pairs = zip(scores, runs, strict=True)
    return np.stack([x[metric] for x, y in pairs if y.method.name == method])


def score_lines(
    n_labeled: int,
    scores: Mapping[str, Mapping[str, Sequence[float]]],
    edges: Mapping[str, Sequence[float]],
) -> list[list[str]]:
    """A row for each method: mean and deviation over the seeds."""
    return [
        [
            f"{n_labeled}",
            METHODS[name].title.removeprefix("+ prototypes = "),
            *(mean_and_spread(numbers) for numbers in own.values()),
            mean_and_spread(edges[name]),
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
            entry = found[name]
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
        plain = run_plain(options, folder / "plain", n_labeled)
        scores = seed_scores(runs)
        scored = score_runs(runs)
        differences = compare_all(scored, runs, options.n_bootstrap)
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

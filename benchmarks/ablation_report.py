"""Scores of an ablation: pooled over the seeds, pair by pair."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from ablation_methods import METHODS
from ablation_runs import Run
from report_table import markdown_table

from lgc_plugin.cli.main import main as lgc_sed
from lgc_plugin.data.manifest import read_manifest, write_manifest
from lgc_plugin.evaluation.frame_scores import FrameScores

SCORES = {
    "psds1": "PSDS1",
    "psds2": "PSDS2",
    "intersection_f1_macro": "intersection F1",
    "event_f1_macro": "event F1",
}
"""What the tables show, by the names of ``results.json``."""


def seed_scores(
    runs: Sequence[Run], network: str = "teacher"
) -> dict[str, dict[str, list[float]]]:
    """Scores of every run, by method and name.

    Arguments
    ---------
    runs : Sequence[Run]
        Finished ones.
    network : str
        ``teacher`` or ``student``. Of supervised training both are the same
        network at different times.

    Returns
    -------
    dict[str, dict[str, list[float]]]
        One number per seed.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        results = json.loads((run.folder / "results.json").read_text())
        own = found.setdefault(run.method.name, {name: [] for name in SCORES})
        for name, numbers in own.items():
            numbers.append(results["scores"][network][name])
    return found


def pool(runs: Sequence[Run], folder: Path, network: str = "teacher") -> Path:
    """The test clips of all seeds as one set, for one method.

    Arguments
    ---------
    runs : Sequence[Run]
        Of one method.
    folder : Path
        Gets ``<method>.npz``, and ``truth.csv``.
    network : str
        Whose scores.

    Returns
    -------
    Path
        The ``.npz`` file.
    """
    parts, rows = [], []
    for run in runs:
        frames = FrameScores.load(run.folder / f"scores/test_{network}.npz")
        names = tuple(f"{run.seed}-{clip}" for clip in frames.clips)
        parts.append(replace(frames, clips=names))
        rows += [
            replace(row, id=f"{run.seed}-{row.id}")
            for row in read_manifest(run.folder / "manifests" / "test.csv")
        ]
    write_manifest(rows, folder / "truth.csv")
    path = folder / f"{runs[0].method.name}.npz"
    FrameScores.join(parts).save(path)
    return path


def compare_pair(
    better: Path, worse: Path, windows: Mapping[str, int], resamples: int
) -> dict[str, Any]:
    """By how much one method is better than another, clip for clip.

    Arguments
    ---------
    better, worse : Path
        From :func:`pool`, with ``truth.csv`` beside.
    windows : Mapping[str, int]
        Median windows of the runs, in frames.
    resamples : int
        Behind the intervals.

    Returns
    -------
    dict[str, Any]
        The differences that ``lgc-sed compare`` writes.

    Raises
    ------
    RuntimeError
        If the command fails.
    """
    out = better.parent / f"{better.stem}-{worse.stem}.json"
    words = ["compare", str(better), str(worse), "--profile", "dcase"]
    words += ["--ground-truth", str(better.parent / "truth.csv")]
    words += ["--median-windows", *(str(each) for each in windows.values())]
    words += ["--labels", *windows, "--n-bootstrap", str(resamples)]
    if lgc_sed([*words, "--output", str(out)]):
        raise RuntimeError(f"lgc-sed {' '.join(words)} failed")
    return json.loads(out.read_text())["differences"]


def score_table(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Mean and standard deviation over the seeds.

    Arguments
    ---------
    scores : Mapping
        From :func:`seed_scores`.

    Returns
    -------
    str
        Markdown.

    Example
    -------
    >>> numbers = {name: [0.25, 0.75] for name in SCORES}
    >>> print(score_table({"lgc": numbers}).splitlines()[-1])
    ... # doctest: +ELLIPSIS
    | + prototypes = LGC | 2 | 0.500 ± 0.354 | ...
    """
    lines = [
        [
            METHODS[name].title,
            str(len(numbers["psds1"])),
            *(_spread(numbers[each]) for each in SCORES),
        ]
        for name, numbers in scores.items()
    ]
    return markdown_table(["method", "seeds", *SCORES.values()], lines)


def difference_table(
    differences: Mapping[tuple[str, str], Mapping[str, Any]],
    scores: Mapping[str, Mapping[str, Sequence[float]]],
) -> str:
    """Differences of pairs with their intervals.

    The intervals are those of the test clips; how far trainings differ is
    told by the seeds, so their number is there as well.

    Arguments
    ---------
    differences : Mapping
        From :func:`compare_pair`, by the names of the two methods.
    scores : Mapping
        From :func:`seed_scores`.

    Returns
    -------
    str
        Markdown; the last columns say on how many seeds the first method of
        the pair is the better one.
    """
    lines = []
    for (better, worse), found in differences.items():
        title = f"{METHODS[better].title} - {METHODS[worse].title}"
        entries = (_entry(found, name) for name in SCORES)
        ahead = (
            _seeds_ahead(scores[better][name], scores[worse][name])
            for name in ("psds1", "psds2")
        )
        lines.append([title, *map(_gap, entries), *ahead])
    seeds = [f"seeds ahead, {SCORES[name]}" for name in ("psds1", "psds2")]
    return markdown_table(["difference", *SCORES.values(), *seeds], lines)


def _seeds_ahead(better: Sequence[float], worse: Sequence[float]) -> str:
    ahead = [one > other for one, other in zip(better, worse, strict=True)]
    return f"{sum(ahead)}/{len(ahead)}"


def _entry(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    metric, _, average = name.rpartition("_")
    return found[metric][average] if metric else found[name]["value"]


def _spread(numbers: Sequence[float]) -> str:
    if len(numbers) < 2:
        return f"{numbers[0]:.3f}"
    return f"{mean(numbers):.3f} ± {stdev(numbers):.3f}"


def _gap(entry: Mapping[str, Any]) -> str:
    low, high = entry["interval"]
    text = f"{entry['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"**{text}**" if low > 0 or high < 0 else text

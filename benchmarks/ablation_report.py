"""Scores of an ablation: pooled over the seeds, pair by pair, and drawn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, product
from pathlib import Path
from statistics import mean
from typing import Any

from ablation_runs import METHODS, Run
from tables import markdown_table, mean_and_spread

from lgc_plugin.cli.main import main as lgc_sed
from lgc_plugin.data.manifest import read_manifest, write_manifest
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.report.style import GRID, INK, bare, colors, new_figure

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
    """Scores of every run, by method and name."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        results = json.loads((run.folder / "results.json").read_text())
        own = found.setdefault(run.method.name, {name: [] for name in SCORES})
        for name, numbers in own.items():
            numbers.append(results["scores"][network][name])
    return found


def pool(runs: Sequence[Run], folder: Path, network: str = "teacher") -> Path:
    """The test clips of all seeds as one set, for one method."""
    parts, rows = [], []
    for run in runs:
        frames = FrameScores.load(run.folder / f"scores/test_{network}.npz")
        names = tuple(f"{run.seed}-{clip}" for clip in frames.clips)
        parts.append(replace(frames, clips=names))
        rows += [
            replace(row, id=f"{run.seed}-{row.id}")
            for row in read_manifest(_manifest(run))
        ]
    write_manifest(rows, folder / "truth.csv")
    path = folder / f"{runs[0].method.name}.npz"
    FrameScores.join(parts).save(path)
    return path


def _manifest(run: Run) -> Path:
    """Of the test; that of a data set of own recordings stays there."""
    places = [x / "manifests" / "test.csv" for x in (run.folder, run.data)]
    return next((path for path in places if path.is_file()), places[0])


def compare_pair(
    better: Path,
    worse: Path,
    windows: Mapping[str, int],
    resamples: int,
    *more: str,
) -> dict[str, Any]:
    """By how much one method is better than another, clip for clip."""
    out = better.parent / f"{better.stem}-{worse.stem}.json"
    words = ["compare", str(better), str(worse), "--profile", "dcase"]
    words += ["--ground-truth", str(better.parent / "truth.csv")]
    words += ["--median-windows", *(str(each) for each in windows.values())]
    words += ["--labels", *windows, "--n-bootstrap", str(resamples)]
    if lgc_sed([*words, *more, "--output", str(out)]):
        raise RuntimeError(f"lgc-sed {' '.join(words)} failed")
    return json.loads(out.read_text())["differences"]


def score_table(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Mean and standard deviation over the seeds.

    >>> numbers = {name: [0.25, 0.75] for name in SCORES}
    >>> print(score_table({"lgc": numbers}).splitlines()[-1])
    ... # doctest: +ELLIPSIS
    | + prototypes = LGC | 2 | 0.500 ± 0.354 | ...
    """
    lines = [
        [
            METHODS[name].title,
            str(len(numbers["psds1"])),
            *(mean_and_spread(numbers[each]) for each in SCORES),
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
    shown by the seeds, so their number is there as well.
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


def _gap(entry: Mapping[str, Any]) -> str:
    low, high = entry["interval"]
    text = f"{entry['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"**{text}**" if low > 0 or high < 0 else text


def plot_scores(
    scores: Mapping[str, Mapping[str, Sequence[float]]], path: Path
) -> None:
    """Draws one panel per score: dots joined by seed, a bar at their mean.

    Methods of a group stand together; only their dots are joined.
    """
    rows = place_rows(list(scores))
    seeds = range(max(len(each["psds1"]) for each in scores.values()))
    color = colors(["seed", "mean"])
    with new_figure(path, 11, 1.2 + 0.4 * max(rows.values())) as figure:
        panels = figure.subplots(1, len(SCORES), sharey=True, squeeze=False)[0]
        for axes, (key, title) in zip(panels, SCORES.items(), strict=True):
            # A thin line per seed: data sets differ more than methods.
            for place, group in product(seeds, _groups(rows)):
                known = [
                    (scores[name][key][place], rows[name])
                    for name in group
                    if place < len(scores[name][key])
                ]
                axes.plot(
                    [score for score, _ in known],
                    [row for _, row in known],
                    "o-",
                    color=color["seed"],
                    alpha=0.55,
                    lw=0.7,
                    markersize=6,
                    markeredgewidth=0,
                )
            for name, row in rows.items():
                middle = mean(scores[name][key])
                axes.plot(
                    [middle] * 2, [row - 0.32, row + 0.32], color=INK, lw=2
                )
            axes.set_title(title)
            axes.set_yticks(
                list(rows.values()), [METHODS[name].title for name in rows]
            )
            axes.grid(axis="x", color=GRID)
            axes.tick_params(axis="y", length=0)
            bare(axes, "top", "right", "left")
        panels[0].invert_yaxis()
        figure.supxlabel(
            f"score of the teacher on its seed's test set, {len(seeds)} seeds, "
            "joined by seed; bar: mean",
            fontsize=9,
        )


def place_rows(names: Sequence[str]) -> dict[str, float]:
    """Where methods stand: a row each, half a row between groups.

    >>> place_rows(["cutmix", "lgc", "sct", "lgc_sct"])
    {'cutmix': 0.0, 'lgc': 1.0, 'sct': 2.5, 'lgc_sct': 3.5}
    """
    rows: dict[str, float] = {}
    for gap, group in enumerate(_groups(names)):
        for name in group:
            rows[name] = len(rows) + gap / 2
    return rows


def _groups(names: Iterable[str]) -> list[list[str]]:
    return [
        list(group)
        for _, group in groupby(names, lambda name: METHODS[name].group)
    ]

"""The scores of an ablation, seed by seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, product
from pathlib import Path
from statistics import mean

from ablation_methods import METHODS
from ablation_report import SCORES

from lgc_plugin.report.style import GRID, INK, bare, colors, new_figure


def plot_scores(
    scores: Mapping[str, Mapping[str, Sequence[float]]], path: Path
) -> None:
    """Draws one panel per score: dots joined by seed, a bar at their mean.

    Methods of a group stand together; only their dots are joined.

    Arguments
    ---------
    scores : Mapping
        From :func:`ablation_report.seed_scores`.
    path : Path
        The picture.
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

    Arguments
    ---------
    names : Sequence[str]
        Methods, those of a group beside each other.

    Returns
    -------
    dict[str, float]

    Example
    -------
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

"""The scores of an ablation, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from ablation_methods import METHODS
from ablation_report import SCORES

from lgc_plugin.report.style import GRID, INK, bare, colours, new_figure


def plot_scores(
    scores: Mapping[str, Mapping[str, Sequence[float]]], path: Path
) -> None:
    """Draws one panel per score: dots joined by seed, a bar at their mean.

    Arguments
    ---------
    scores : Mapping
        From :func:`ablation_report.seed_scores`.
    path : Path
        The picture.
    """
    names = list(scores)
    seeds = range(max(len(each["psds1"]) for each in scores.values()))
    colour = colours(["seed", "mean"])
    with new_figure(path, 11, 1.2 + 0.4 * len(names)) as figure:
        panels = figure.subplots(1, len(SCORES), sharey=True, squeeze=False)[0]
        for axes, (key, title) in zip(panels, SCORES.items(), strict=True):
            # A thin line per seed: data sets differ more than methods.
            for place in seeds:
                known = [
                    (scores[name][key][place], row)
                    for row, name in enumerate(names)
                    if place < len(scores[name][key])
                ]
                axes.plot(
                    *zip(*known, strict=True),
                    "o-",
                    color=colour["seed"],
                    alpha=0.55,
                    lw=0.7,
                    markersize=6,
                    markeredgewidth=0,
                )
            for row, name in enumerate(names):
                middle = mean(scores[name][key])
                axes.plot(
                    [middle] * 2, [row - 0.32, row + 0.32], color=INK, lw=2
                )
            axes.set_title(title)
            axes.set_yticks(
                range(len(names)), [METHODS[n].title for n in names]
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

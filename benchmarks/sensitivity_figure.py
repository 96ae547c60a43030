"""Scores of LGC against its settings, a panel per setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import ceil
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from ablation_report import SCORES
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from sensitivity_plan import TITLES, Setting
from sensitivity_report import COMPARED, Found, Outcomes, shared_seeds

from lgc_plugin.report.style import GRID, QUIET, bare, colors, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_COLUMNS = 4
_COLOR = colors(["mean", "reference"])
_SEED = {"color": QUIET, "marker": "o", "markersize": 4, "markeredgewidth": 0}
_SEED |= {"lw": 0.8, "alpha": 0.5}
_MEAN = {"color": _COLOR["mean"], "marker": "s", "markersize": 6, "lw": 2}
_REFERENCE = {"color": _COLOR["reference"], "ls": "--", "lw": 1.5}


def plot_settings(
    settings: Sequence[Setting],
    found: Mapping[str, Found],
    reference: Outcomes,
    path: Path,
) -> None:
    """Draws the two PSDS of every value, seed by seed and as a mean.

    Values stand at equal distances. A mean is over the seeds that all values
    of its panel have.
    """
    rows = ceil(len(settings) / _MOST_COLUMNS)
    columns = ceil(len(settings) / rows)
    with new_figure(path, 1 + 3.6 * columns, 0.7 + 3.8 * rows) as figure:
        grid = figure.add_gridspec(rows, columns)
        first: dict[str, Axes] = {}
        places = product(range(rows), range(columns))
        for setting, (row, column) in zip(settings, places, strict=False):
            strips = grid[row, column].subgridspec(len(COMPARED), 1)
            for number, score in enumerate(COMPARED):
                axes = figure.add_subplot(
                    strips[number], sharey=first.get(score)
                )
                first.setdefault(score, axes)
                _draw(axes, setting, found[setting.name], reference, score)
                axes.tick_params(labelleft=column == 0)
                axes.set_ylabel("" if column else SCORES[score])
                if number == 0:
                    axes.set_title(TITLES[setting.name], fontsize=11)
                if number < len(COMPARED) - 1:
                    axes.tick_params(labelbottom=False)
        _explain(figure)


def _draw(
    axes: Axes,
    setting: Setting,
    found: Found,
    reference: Outcomes,
    score: str,
) -> None:
    place = {value: x for x, value in enumerate(setting.values)}
    middle = place[setting.default]
    axes.axvspan(middle - 0.3, middle + 0.3, color=GRID, zorder=0)
    for seed in sorted({seed for each in found.values() for seed in each}):
        points = [
            (place[value], outcomes[seed].scores[score])
            for value, outcomes in found.items()
            if seed in outcomes
        ]
        axes.plot(*zip(*points, strict=True), **_SEED)
    if seeds := shared_seeds(found):
        means = [
            (place[value], _mean(outcomes, seeds, score))
            for value, outcomes in found.items()
            if outcomes
        ]
        axes.plot(*zip(*means, strict=True), **_MEAN)
        if set(seeds) <= set(reference):
            level = _mean(reference, seeds, score)
            axes.axhline(level, **_REFERENCE)
    axes.set_xlim(-0.5, len(place) - 0.5)
    axes.set_xticks(range(len(place)), [f"{value:g}" for value in place])
    axes.grid(axis="y", color=GRID)
    bare(axes, "top", "right")


def _mean(outcomes: Outcomes, seeds: Sequence[int], score: str) -> float:
    return mean(outcomes[seed].scores[score] for seed in seeds)


def _explain(figure: Figure) -> None:
    figure.legend(
        handles=[
            Line2D([], [], label="one seed", **_SEED),
            Line2D([], [], label="mean of the seeds", **_MEAN),
            Line2D([], [], label="mean without the global term", **_REFERENCE),
            Patch(color=GRID, label="default"),
        ],
        loc="outside lower center",
        ncols=4,
    )
    figure.suptitle(
        "Scores of the teacher; one setting changes, all others stay",
        fontsize=10,
    )

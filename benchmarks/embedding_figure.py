"""Distances of every class, without and with the global term."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from embedding_report import BACKGROUND, MEAN, Line

from lgc_plugin.report.style import GRID, INK, QUIET, bare, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PANELS = {
    "intra": "within a class (smaller is better)",
    "inter": "to other classes (larger is better)",
}
# Told apart by colour, by lightness and by being hollow.
_WITHOUT, _WITH = "#E69F00", "#0072B2"


def plot_distances(
    lines: Sequence[Line], titles: tuple[str, str], path: Path
) -> None:
    """Draws a dumbbell per class: without → with, means over the seeds.

    Arguments
    ---------
    lines : Sequence[Line]
        From :func:`embedding_report.make_lines`; the background is left out.
    titles : tuple[str, str]
        The methods without and with the global term.
    path : Path
        The picture.
    """
    lines = [line for line in lines if line.title != BACKGROUND]
    seeds = max(len(line.frames) for line in lines)
    with new_figure(path, 11, 1.9 + 0.42 * len(lines)) as figure:
        panels = figure.subplots(1, len(_PANELS), sharey=True)
        for axes, (name, title) in zip(panels, _PANELS.items(), strict=True):
            for row, line in enumerate(lines):
                _draw_pair(axes, row, line, name)
            axes.set_title(title)
            axes.set_xlabel("mean cosine distance, 1 - cos")
            axes.axhline(len(lines) - 1.5, color=QUIET, lw=0.8)
            axes.grid(axis="x", color=GRID)
            axes.tick_params(axis="y", length=0)
            axes.margins(x=0.06)
            bare(axes, "top", "right", "left")
        panels[0].set_ylim(len(lines) - 0.5, -0.6)
        panels[0].set_yticks(range(len(lines)), [line.title for line in lines])
        # The mean is the last line.
        panels[0].get_yticklabels()[-1].set_fontweight("bold")
        figure.legend(
            handles=_legend(panels[0], titles, seeds),
            loc="outside upper left",
            ncols=3,
        )


def _draw_pair(axes: Axes, row: int, line: Line, name: str) -> None:
    pair = line.measures[name]
    if not pair.without:
        return
    middles = mean(pair.without), mean(pair.with_term)
    strong = line.title == MEAN
    axes.annotate(
        "",
        (middles[1], row),
        (middles[0], row),
        arrowprops={
            "arrowstyle": "-",
            "color": INK,
            "lw": 2.4 if strong else 1.4,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    # Seeds above and below the bar, so that none hides another's mean.
    for numbers, shift, colour in (
        (pair.without, -0.24, _WITHOUT),
        (pair.with_term, 0.24, _WITH),
    ):
        axes.plot(
            numbers,
            [row + shift] * len(numbers),
            "o",
            color=colour,
            markersize=3.2,
            alpha=0.6,
            markeredgewidth=0,
        )
    size = 10 if strong else 8
    axes.plot(
        middles[0],
        row,
        "o",
        color="white",
        markeredgecolor=_WITHOUT,
        markeredgewidth=2,
        markersize=size,
        zorder=3,
    )
    axes.plot(middles[1], row, "o", color=_WITH, markersize=size, zorder=4)


def _legend(axes: Axes, titles: tuple[str, str], seeds: int) -> list:
    def mark(label: str, **style: object) -> object:
        return axes.plot([], [], "o", label=label, **style)[0]

    plural = "seed" if seeds == 1 else "seeds"
    return [
        mark(
            f"without the global term ({titles[0]})",
            color="white",
            markeredgecolor=_WITHOUT,
            markeredgewidth=2,
            markersize=8,
        ),
        mark(f"with it ({titles[1]})", color=_WITH, markersize=8),
        mark(
            f"small: one seed; large: mean of {seeds} {plural}",
            color=QUIET,
            markersize=3.2,
        ),
    ]

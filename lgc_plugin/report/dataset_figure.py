"""What a data set holds, in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from lgc_plugin.report.style import (
    GRID,
    QUIET,
    bare,
    colors,
    legend_below,
    new_figure,
    write_note,
)
from lgc_plugin.report.text import shown_label
from lgc_plugin.utils.text import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lgc_plugin.data.own.dataset import Dataset
    from lgc_plugin.data.own.summary import SetSummary

_ROW_INCHES = 0.32
_MOST_CLASSES = 40


def plot_dataset(dataset: Dataset, path: str | Path) -> None:
    """Draws minutes of the sets, events of classes, and how long these are.

    Of more than 40 classes, those with most events are drawn.
    """
    sets = dataset.sets
    labels = _shown(dataset)
    color = colors(sets)
    height = 2.4 + _ROW_INCHES * (len(sets) + len(labels))
    with new_figure(path, 10, height) as figure:
        grid = figure.add_gridspec(
            2, 2, height_ratios=[len(sets) + 1, len(labels) + 1]
        )
        _draw_sets(figure.add_subplot(grid[0, :]), sets, color)
        events = figure.add_subplot(grid[1, 0])
        bars = _draw_events(events, sets, labels, color)
        lengths = figure.add_subplot(grid[1, 1], sharey=events)
        _draw_durations(lengths, dataset.durations, labels)
        if bars:
            legend_below(figure, bars)


def _shown(dataset: Dataset) -> list[str]:
    totals = {
        label: sum(x.classes[label].events for x in dataset.sets.values())
        for label in dataset.labels
    }
    most = sorted(totals, key=lambda label: -totals[label])[:_MOST_CLASSES]
    return [label for label in dataset.labels if label in most]


def _rows(axes: Axes, names: Sequence[str]) -> None:
    """Names of rows from the top down."""
    axes.set_yticks(range(len(names)), [shown_label(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=GRID)
    bare(axes, "top", "right", "left")


def _draw_sets(
    axes: Axes, sets: Mapping[str, SetSummary], color: Mapping[str, str]
) -> None:
    minutes = [summary.minutes for summary in sets.values()]
    axes.barh(range(len(sets)), minutes, 0.7, color=list(color.values()))
    for row, summary in enumerate(sets.values()):
        text = f" {counted(summary.clips, 'clip')}"
        if summary.negatives:
            text += f", {summary.negatives} without event"
        axes.text(summary.minutes, row, text, va="center", color=QUIET)
    _rows(axes, list(sets))
    axes.set_xlim(0, 1.4 * max(minutes))
    axes.set(xlabel="minutes", title="Sets")


def _draw_events(
    axes: Axes,
    sets: Mapping[str, SetSummary],
    labels: Sequence[str],
    color: Mapping[str, str],
) -> list:
    bars, left = [], np.zeros(len(labels))
    for name, summary in sets.items():
        counts = [summary.classes[label].events for label in labels]
        if any(counts):
            bars.append(
                axes.barh(
                    range(len(labels)),
                    counts,
                    0.7,
                    left,
                    color=color[name],
                    label=shown_label(name),
                )
            )
            left = left + counts
    _rows(axes, labels)
    axes.set(xlabel="events (of weak clips: tags)", title="Events")
    return bars


def _draw_durations(
    axes: Axes, durations: Mapping[str, Sequence[float]], labels: Sequence[str]
) -> None:
    """Histograms of the durations of events, one for each class."""
    by_label = [np.array(durations[label]) for label in labels]
    axes.set(title="Durations", xlabel="seconds")
    axes.tick_params(axis="y", length=0, labelleft=False)
    bare(axes, "top", "right", "left")
    known = np.concatenate([*by_label, np.empty(0)])
    if not len(known):
        write_note(axes, "no event with onset and offset")
        return
    low, high = np.log10(max(known.min(), 1e-3)), np.log10(known.max())
    edges = np.logspace(low - 0.05, max(high, low) + 0.05, 30)
    axes.set_xscale("log")
    # Plain numbers, as many as there is room for.
    steps = (1, 2, 5) if high - low < 2 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", color=GRID)
    for row, seconds in enumerate(by_label):
        counts, _ = np.histogram(np.maximum(seconds, 1e-3), edges)
        if counts.any():
            tops = row + 0.4 - 0.8 * counts / counts.max()
            axes.stairs(tops, edges, baseline=row + 0.4, fill=True, color=QUIET)

"""Pictures of scores: every class with its interval, and the PSD-ROC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from lgc_plugin.report.style import (
    GRID,
    QUIET,
    bare,
    colors,
    legend_below,
    new_figure,
)
from lgc_plugin.report.tables import resamples_text
from lgc_plugin.report.text import METRIC_NAMES, shown_label, sure_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lgc_plugin.evaluation.score import Curve, Score, SEDResult

_ALL = "all classes"
_PANELS_IN_ROW = 4
# Told apart without colors too.
_MARKERS = "oDs^vP"
_BAND = "#f5f5f5"
_INCHES_PER_SYSTEM = 0.12
# Small: most intervals of averages are not much wider.
_MARKER_POINTS = 4.5


def plot_per_class(
    results: Mapping[str, SEDResult],
    path: str | Path,
    *,
    metrics: Sequence[str] = ("psds1", "psds2", "event_f1", "intersection_f1"),
    title: str = "Scores of each class",
) -> None:
    """Draws a panel per metric: a row per class, a dot per system.

    A line through a dot is its 95 % interval. The first row is the average
    over all classes.

    Arguments
    ---------
    results : Mapping[str, SEDResult]
        By name of the system, say ``student`` and ``teacher``.
    path : str or Path
        The picture, 1440 pixels wide as a PNG.
    metrics : Sequence[str]
        Which to draw, in order; those that no system has are left out.
    title : str
        Above all panels.

    Raises
    ------
    ValueError
        If no system has any of the metrics.

    Example
    -------
    >>> from lgc_plugin.evaluation.score import Score
    >>> from lgc_plugin.evaluation.score import SEDResult
    >>> score = Score(0.5, None, {"Cat": 0.4, "Dog": 0.6})
    >>> file = getfixture("tmp_path") / "per_class.png"
    >>> plot_per_class({"student": SEDResult({"psds1": score}, 9, 9)}, file)
    >>> file.is_file()
    True
    """
    panels = {
        metric: {k: v.scores.get(metric) for k, v in results.items()}
        for metric in metrics
        if any(metric in result.scores for result in results.values())
    }
    if not panels:
        raise ValueError(
            f"no score to draw: no system has any of {', '.join(metrics)}"
        )
    labels = _labels(panels.values())
    columns = min(len(panels), _PANELS_IN_ROW)
    lines = -(-len(panels) // columns)
    row = _row_inches(len(results))
    height = 0.9 + lines * (0.65 + row * (len(labels) + 1))
    with new_figure(path, 12, height) as figure:
        figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=13)
        grid = figure.subplots(lines, columns, sharey=True, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.remove()
        for axes, (metric, scores) in zip(
            grid.flat, panels.items(), strict=False
        ):
            _draw_panel(axes, scores, labels)
            axes.set_title(METRIC_NAMES.get(metric, metric))
        legend_below(figure, _legend_handles(results), _PANELS_IN_ROW)


def _labels(panels: Iterable[Mapping[str, Score | None]]) -> list[str]:
    """Every class of any score, in the order of the first."""
    scores = [each for panel in panels for each in panel.values() if each]
    return list(dict.fromkeys(x for each in scores for x in each.per_class))


def _row_inches(n_systems: int) -> float:
    """Height of a class, with air above and below its dots."""
    return 0.16 + _INCHES_PER_SYSTEM * n_systems


def _draw_panel(
    axes: Axes, scores: Mapping[str, Score | None], labels: Sequence[str]
) -> None:
    """Systems one below the other in the row of each class."""
    color = colors(scores)
    step = _INCHES_PER_SYSTEM / _row_inches(len(scores))
    numbers = {name: _numbers(each, labels) for name, each in scores.items()}
    for i, (name, (values, bounds)) in enumerate(numbers.items()):
        rows = np.arange(len(values)) + step * (i - (len(scores) - 1) / 2)
        axes.hlines(rows, *bounds.T, color=color[name], linewidth=2, alpha=0.5)
        axes.plot(
            values,
            rows,
            _MARKERS[i % len(_MARKERS)],
            color=color[name],
            markersize=_MARKER_POINTS,
            clip_on=False,
            zorder=3,
        )
    known = np.array([~np.isnan(values) for values, _ in numbers.values()])
    _finish_panel(axes, labels, np.flatnonzero(~known.any(axis=0)))


def _numbers(
    score: Score | None, labels: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """(C + 1,) scores, the average first, and their (C + 1, 2) intervals."""
    nothing = (np.nan, np.nan)
    if score is None:
        missing = np.full(len(labels) + 1, np.nan)
        return missing, np.full((len(missing), 2), np.nan)
    values = [score.value, *(score.per_class.get(x, np.nan) for x in labels)]
    if score.intervals is None:
        return np.array(values), np.full((len(values), 2), np.nan)
    known = score.intervals.per_class
    bounds = [score.intervals.value, *(known.get(x, nothing) for x in labels)]
    return np.array(values), np.array(bounds)


def _finish_panel(
    axes: Axes, labels: Sequence[str], absent: Iterable[int]
) -> None:
    """Classes from the top down, every other row shaded."""
    names = [_ALL, *map(shown_label, labels)]
    # Panels share this axis: its limits are set, never inverted.
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(range(len(names)), names)
    place = axes.get_subplotspec()
    if place is not None and place.is_first_col():
        axes.get_yticklabels()[0].set_fontweight("bold")
    # "0" and "1": "1.0" would touch the "0.0" of the next panel.
    ticks = np.linspace(0, 1, 6)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.tick_params(axis="both", length=0)
    axes.grid(axis="x", color=GRID)
    for row in range(1, len(names), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=_BAND, zorder=0)
    axes.axhline(0.5, color=QUIET, linewidth=0.8)
    for row in absent:
        axes.text(
            0.02, row, "not in the truth", color=QUIET, size=8, va="center"
        )
    bare(axes, "top", "right", "left", "bottom")


def _legend_handles(results: Mapping[str, SEDResult]) -> list[Line2D]:
    color = colors(results)
    meaning = resamples_text({k: v.resamples for k, v in results.items()})
    handles = [
        Line2D(
            [],
            [],
            color=color[name],
            marker=_MARKERS[i % len(_MARKERS)],
            markersize=_MARKER_POINTS,
            linewidth=2 if meaning else 0,
            label=name,
        )
        for i, name in enumerate(results)
    ]
    if meaning:
        handles.append(Line2D([], [], color=QUIET, linewidth=2, label=meaning))
    return handles


def plot_psd_roc(
    curves: Mapping[str, Score],
    path: str | Path,
    *,
    title: str = "PSD-ROC",
) -> None:
    """Draws effective true positives over effective false positives.

    Arguments
    ---------
    curves : Mapping[str, Score]
        By name, say ``student`` and ``teacher``; those without a curve are
        left out.
    path : str or Path
        The picture, 1200 pixels wide as a PNG.
    title : str
        Say, ``PSDS1``.

    Raises
    ------
    ValueError
        If there is no curve.

    Example
    -------
    >>> import numpy as np
    >>> from lgc_plugin.evaluation.score import Curve, Score
    >>> curve = Curve(np.array([0.0, 20.0, 100.0]), np.array([0.25, 0.5, 0.5]))
    >>> score = Score(0.45, None, {}, curve)
    >>> file = getfixture("tmp_path") / "roc.png"
    >>> plot_psd_roc({"student": score}, file)
    >>> file.is_file()
    True
    """
    color = colors(curves)
    drawn = {k: each.curve for k, each in curves.items() if each.curve}
    if not drawn:
        raise ValueError("no PSD-ROC to draw: give at least one curve")
    with new_figure(path, 10, 6) as figure:
        axes = figure.add_subplot()
        for name, curve in drawn.items():
            _draw(axes, name, curves[name], curve, color[name])
        end = max(curve.end for curve in drawn.values())
        axes.set(
            xlim=(0, end),
            ylim=(0, 1),
            xlabel="effective false positives per hour",
            ylabel="effective true positive rate",
            title=title,
        )
        axes.grid(color=GRID)
        bare(axes, "top", "right")
        figure.legend(
            title=_meaning(curves[name] for name in drawn),
            loc="outside lower center",
            ncols=min(len(drawn), 3),
            fontsize=11,
        )


def _draw(
    axes: Axes, name: str, score: Score, curve: Curve, color: str
) -> None:
    """A curve, and faintly the area below it."""
    interval = score.intervals.value if score.intervals else None
    axes.step(
        curve.efpr,
        curve.etpr,
        where="post",
        color=color,
        linewidth=2,
        label=f"{name}: {sure_text(score.value, interval)}",
        # A curve at 0 or at the end must not be cut in half.
        clip_on=False,
    )
    axes.fill_between(
        curve.efpr,
        curve.etpr,
        step="post",
        color=color,
        alpha=0.08,
        linewidth=0,
    )


def _meaning(scores: Iterable[Score]) -> str:
    known = any(score.intervals is not None for score in scores)
    return "area under the curve" + (", 95 % interval" if known else "")

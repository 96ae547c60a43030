"""The curve behind PSDS, drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lgc_plugin.report.style import GRID, bare, colours, new_figure
from lgc_plugin.report.text import sure_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lgc_plugin.evaluation.score import Score


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
    colour = colours(curves)
    curves = {k: each for k, each in curves.items() if each.curve is not None}
    if not curves:
        raise ValueError("no PSD-ROC to draw: give at least one curve")
    with new_figure(path, 10, 6) as figure:
        axes = figure.add_subplot()
        for name, score in curves.items():
            _draw(axes, name, score, colour[name])
        end = max(score.curve.end for score in curves.values())
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
            title=_meaning(curves.values()),
            loc="outside lower center",
            ncols=min(len(curves), 3),
            fontsize=11,
        )


def _draw(axes: Axes, name: str, score: Score, colour: str) -> None:
    """A curve, and faintly the area below it."""
    curve, interval = score.curve, None
    if score.intervals is not None:
        interval = score.intervals.value
    axes.step(
        curve.efpr,
        curve.etpr,
        where="post",
        color=colour,
        linewidth=2,
        label=f"{name}: {sure_text(score.value, interval)}",
        # A curve at 0 or at the end must not be cut in half.
        clip_on=False,
    )
    axes.fill_between(
        curve.efpr,
        curve.etpr,
        step="post",
        color=colour,
        alpha=0.08,
        linewidth=0,
    )


def _meaning(scores: Iterable[Score]) -> str:
    known = any(score.intervals is not None for score in scores)
    return "area under the curve" + (", 95 % interval" if known else "")

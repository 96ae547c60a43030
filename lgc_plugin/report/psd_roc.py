"""The curve behind PSDS, drawn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lgc_plugin.report.style import GRID, bare, colours, new_figure
from lgc_plugin.report.tables import score_text

if TYPE_CHECKING:
    from lgc_plugin.metrics.psds import PSDSScore


def plot_psd_roc(
    curves: Mapping[str, PSDSScore],
    path: str | Path,
    *,
    title: str = "PSD-ROC",
) -> None:
    """Draws effective true positives over effective false positives.

    Arguments
    ---------
    curves : Mapping[str, PSDSScore]
        By name, say ``student`` and ``teacher``.
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
    >>> from lgc_plugin.metrics.psds import PSDSScore
    >>> score = PSDSScore(
    ...     0.45, np.array([0.0, 20.0, 100.0]), np.array([0.25, 0.5, 0.5]), {}
    ... )
    >>> file = getfixture("tmp_path") / "roc.png"
    >>> plot_psd_roc({"student": score}, file)
    >>> file.is_file()
    True
    """
    if not curves:
        raise ValueError("no PSD-ROC to draw: give at least one curve")
    colour = colours(curves)
    with new_figure(path, 10, 6) as figure:
        axes = figure.add_subplot()
        for name, score in curves.items():
            axes.step(
                score.efpr,
                score.etpr,
                where="post",
                color=colour[name],
                linewidth=2,
                label=f"{name}: {score_text(score.value)}",
                # A curve at 0 or at the end must not be cut in half.
                clip_on=False,
            )
            axes.fill_between(
                score.efpr,
                score.etpr,
                step="post",
                color=colour[name],
                alpha=0.08,
                linewidth=0,
            )
        end = max(score.max_efpr for score in curves.values())
        axes.set(
            xlim=(0, end),
            ylim=(0, 1),
            xlabel="effective false positives per hour",
            ylabel="effective true positive rate",
            title=title,
        )
        axes.grid(color=GRID)
        bare(axes, "top", "right")
        axes.legend(
            title="area under the curve",
            alignment="left",
            loc="upper left",
            fontsize=11,
        )

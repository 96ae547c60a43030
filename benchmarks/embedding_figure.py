"""Pictures of embeddings: distances by class, frames on two components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
from embedding_frames import Frames
from embedding_report import BACKGROUND, MEAN, Line, unit_vectors

from lgc_plugin.report.style import GRID, INK, QUIET, bare, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_PANELS = {
    "intra": "within a class (smaller is better)",
    "inter": "to other classes (larger is better)",
}
# They differ in color, in lightness and in being hollow.
_WITHOUT, _WITH = "#E69F00", "#0072B2"


def plot_distances(
    lines: Sequence[Line], titles: tuple[str, str], path: Path
) -> None:
    """Draws a dumbbell per class: without → with, means over the seeds."""
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
    for numbers, shift, color in (
        (pair.without, -0.24, _WITHOUT),
        (pair.with_term, 0.24, _WITH),
    ):
        axes.plot(
            numbers,
            [row + shift] * len(numbers),
            "o",
            color=color,
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


# More dots per class than this hide each other.
_DOTS = 150
# Paul Tol's muted colors: nine that color-blind readers can distinguish. With
# ten markers no two of 90 classes look the same.
_COLORS = (
    "#CC6677",
    "#332288",
    "#DDCC77",
    "#117733",
    "#88CCEE",
    "#882255",
    "#44AA99",
    "#999933",
    "#AA4499",
)
_MARKERS = "osD^vP*Xp<"


def plot_map(
    frames: Mapping[str, Frames], seed: int, path: Path, dots: int = _DOTS
) -> None:
    """Draws one panel per method, each with components of its own."""
    with new_figure(path, 11, 5.6) as figure:
        panels = figure.subplots(
            1, len(frames), sharex=True, sharey=True, squeeze=False
        )[0]
        for axes, (title, each) in zip(panels, frames.items(), strict=True):
            _draw_frames(axes, each, dots)
            axes.set_title(title)
        figure.legend(
            *panels[0].get_legend_handles_labels(),
            loc="outside lower center",
            ncols=5,
            markerscale=1.6,
        )
        figure.suptitle(
            f"frames of the test set of seed {seed}, what the classifier "
            "reads; each method has components of its own",
            fontsize=10,
        )


def principal_axes(
    vectors: ArrayLike, groups: ArrayLike, n_axes: int = 2
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Principal components, in which every group weighs the same.

    ``vectors``: (N, D); ``groups``: (N,) which group each belongs to.

    >>> points = [[0, 0], [0, 0], [0, 0], [3, 1], [3, -1]]
    >>> center, axes, share = principal_axes(points, [0, 0, 0, 1, 1])
    >>> center.tolist(), (abs(axes) > 0.5).astype(int).tolist()
    ([1.5, 0.0], [[1, 0], [0, 1]])
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    _, group, number = np.unique(
        np.asarray(groups), return_inverse=True, return_counts=True
    )
    weight = 1 / (number[group] * len(number))
    center = weight @ vectors
    offsets = vectors - center
    covariance = (offsets * weight[:, None]).T @ offsets
    variances, columns = np.linalg.eigh(covariance)
    axes = columns.T[::-1][:n_axes]
    # A component's sign means nothing; fixed, pictures can be repeated.
    largest = abs(axes).argmax(axis=1)
    signs = np.sign(np.take_along_axis(axes, largest[:, None], axis=1))
    share = variances[::-1][:n_axes] / max(variances.sum(), 1e-300)
    return center, axes * signs, share


def _draw_frames(axes: Axes, frames: Frames, dots: int) -> None:
    units = unit_vectors(frames.hidden)
    sounding = frames.groups < len(frames.labels)
    center, components, share = principal_axes(
        units[sounding], frames.groups[sounding]
    )
    points = (units - center) @ components.T
    rng = np.random.default_rng(0)  # the same frames for all methods
    styles = {
        label: {
            "c": _COLORS[i % len(_COLORS)],
            "marker": _MARKERS[i % len(_MARKERS)],
        }
        for i, label in enumerate(frames.labels)
    }
    styles["background"] = {"c": QUIET, "marker": "."}
    for group, (label, style) in enumerate(styles.items()):
        mine = np.flatnonzero(frames.groups == group)
        shown = rng.permutation(mine)[:dots]
        axes.scatter(
            *points[shown].T,
            s=16,
            alpha=0.65,
            linewidths=0,
            label=label,
            zorder=1 if label == "background" else 2,
            **style,
        )
    for set_label, name, part in zip(
        (axes.set_xlabel, axes.set_ylabel), "12", share, strict=True
    ):
        set_label(f"component {name}, {part:.0%} of the variance")
    axes.set_aspect("equal")
    bare(axes, "top", "right")

"""Frames of one test set on the two leading principal components."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from embedding_distances import unit_vectors
from embedding_frames import Frames

from lgc_plugin.report.style import QUIET, bare, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

# More dots per class than this hide each other.
_DOTS = 150
# Paul Tol's muted colours: nine that colour-blind readers tell apart. With
# ten markers no two of 90 classes look the same.
_COLOURS = (
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
    """Draws one panel per method, each with components of its own.

    Arguments
    ---------
    frames : Mapping[str, Frames]
        Of the same test set, by the title of the panel.
    seed : int
        Whose test set it is.
    path : Path
        The picture.
    dots : int
        Frames of a class that are drawn, at most; the components are those
        of all frames.
    """
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

    Arguments
    ---------
    vectors : ArrayLike
        (N, D)
    groups : ArrayLike
        (N,) which group each belongs to.
    n_axes : int
        Components wanted.

    Returns
    -------
    tuple[numpy.ndarray, ...]
        Centre (D,), components (n_axes, D) with their largest entry above
        0, and the share of the variance on each (n_axes,).

    Example
    -------
    >>> points = [[0, 0], [0, 0], [0, 0], [3, 1], [3, -1]]
    >>> centre, axes, share = principal_axes(points, [0, 0, 0, 1, 1])
    >>> centre.tolist(), (abs(axes) > 0.5).astype(int).tolist()
    ([1.5, 0.0], [[1, 0], [0, 1]])
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    _, group, number = np.unique(
        np.asarray(groups), return_inverse=True, return_counts=True
    )
    weight = 1 / (number[group] * len(number))
    centre = weight @ vectors
    offsets = vectors - centre
    covariance = (offsets * weight[:, None]).T @ offsets
    variances, columns = np.linalg.eigh(covariance)
    axes = columns.T[::-1][:n_axes]
    # A component's sign means nothing; fixed, pictures can be repeated.
    largest = abs(axes).argmax(axis=1)
    signs = np.sign(np.take_along_axis(axes, largest[:, None], axis=1))
    share = variances[::-1][:n_axes] / max(variances.sum(), 1e-300)
    return centre, axes * signs, share


def _draw_frames(axes: Axes, frames: Frames, dots: int) -> None:
    units = unit_vectors(frames.hidden)
    sounding = frames.groups < len(frames.labels)
    centre, components, share = principal_axes(
        units[sounding], frames.groups[sounding]
    )
    points = (units - centre) @ components.T
    rng = np.random.default_rng(0)  # the same frames for all methods
    styles = {
        label: {
            "c": _COLOURS[i % len(_COLOURS)],
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

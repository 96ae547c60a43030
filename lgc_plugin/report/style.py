"""One look for all figures, without matplotlib's global state."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lgc_plugin.utils.files import atomic_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

INK = "#222222"
QUIET = "#6b6b6b"
GRID = "#e3e3e3"
TRUTH = "#222222"

_DPI = 120

# Okabe and Ito's colours, told apart by colour-blind readers too.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, in their order; they repeat after six.

    Arguments
    ---------
    names : Iterable[str]
        What is to be distinguished.

    Returns
    -------
    dict[str, str]

    Example
    -------
    >>> colours(["student", "teacher"])
    {'student': '#0072B2', 'teacher': '#E69F00'}
    """
    return {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}


@contextmanager
def new_figure(
    path: str | Path, width: float, height: float
) -> Iterator[Figure]:
    """Lends a figure and writes it as a whole when the block ends.

    Arguments
    ---------
    path : str or Path
        The picture; its suffix gives the format.
    width : float
        Inches, of 120 pixels each.
    height : float
        Inches.

    Yields
    ------
    Figure

    Example
    -------
    >>> file = getfixture("tmp_path") / "empty.png"
    >>> with new_figure(file, 2, 1) as figure:
    ...     _ = figure.add_subplot()
    >>> file.is_file()
    True
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure((width, height), dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        with atomic_file(path) as temporary:
            figure.savefig(temporary)


def bare(axes: Axes, *sides: str) -> None:
    """Hides sides of a frame.

    Arguments
    ---------
    axes : Axes
        The axes.
    *sides : str
        ``top``, ``right``, ``bottom`` or ``left``.
    """
    for side in sides:
        axes.spines[side].set_visible(False)

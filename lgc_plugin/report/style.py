"""The look of all figures, without matplotlib's global state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from lgc_plugin.report.text import shown_label
from lgc_plugin.utils.files import atomic_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

INK = "#222222"
QUIET = "#6b6b6b"
GRID = "#e3e3e3"
TRUTH = "#222222"
_DPI = 120
# Okabe and Ito's colors, told apart by color-blind readers too.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_STYLE: dict[Any, Any] = {
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
_MINUTE, _HOUR = 60, 3600
_STEPS = (
    *(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12, 24, 48, 168)),
)
_LONGEST_IN_SECONDS = 120
_MOST_TICKS = 15


def colors(names: Iterable[str]) -> dict[str, str]:
    """A color for each name, in their order; they repeat after six.

    >>> colors(["student", "teacher"])
    {'student': '#0072B2', 'teacher': '#E69F00'}
    """
    return {name: _COLORS[i % len(_COLORS)] for i, name in enumerate(names)}


@contextmanager
def new_figure(
    path: str | Path, width: float, height: float
) -> Iterator[Figure]:
    """A figure that is written as a whole when the block ends.

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
    """Hides sides of a frame."""
    for side in sides:
        axes.spines[side].set_visible(False)


def name_rows(axes: Axes, labels: Sequence[str], seconds: float) -> None:
    """Rows of one unit over a time axis, one per class from the top down."""
    names = [shown_label(label) for label in reversed(labels)]
    axes.set_ylim(0, max(len(names), 1))
    axes.set_yticks([row + 0.5 for row in range(len(names))], names)
    axes.tick_params(axis="y", length=0)
    axes.hlines(range(1, len(names)), 0, seconds, color=GRID, linewidth=0.8)
    axes.grid(axis="x", color=GRID)
    bare(axes, "top", "right", "left")


def draw_bars(
    axes: Axes,
    spans: Sequence[tuple[float, float]],
    bottom: float,
    height: float,
    color: str,
) -> None:
    """Events as bars; spans are onsets and lengths."""
    axes.broken_barh(spans, (bottom, height), facecolor=color, linewidth=0)


def write_note(axes: Axes, text: str) -> None:
    """A sentence in place of rows."""
    axes.text(
        0.5,
        0.5,
        text,
        ha="center",
        va="center",
        color=QUIET,
        transform=axes.transAxes,
    )


def legend_below(
    figure: Figure, handles: Sequence[Artist], most: int = 99
) -> None:
    """A legend under all axes."""
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(len(handles), most),
    )


def mark_time(axes: Axes, seconds: float) -> None:
    """Sets ticks and the name of the axis for a recording.

    Up to two minutes are counted in seconds, up to an hour in minutes and
    seconds, longer ones in hours and minutes.

    >>> from lgc_plugin.report.style import new_figure
    >>> with new_figure(getfixture("tmp_path") / "a.png", 4, 1) as figure:
    ...     axes = figure.add_subplot()
    ...     mark_time(axes, 5400)
    ...     ticks = axes.xaxis.get_major_formatter().format_ticks([600, 5400])
    >>> ticks, axes.get_xlabel()
    (['0:10', '1:30'], 'time (h:min)')
    """
    step = next(
        (step for step in _STEPS if seconds / step <= _MOST_TICKS),
        seconds / _MOST_TICKS,
    )
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.set_xlim(0, seconds)
    if seconds <= _LONGEST_IN_SECONDS:
        axes.set_xlabel("time (s)")
        return
    unit = 1 if seconds <= _HOUR else _MINUTE
    axes.set_xlabel("time (min:s)" if unit == 1 else "time (h:min)")
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda time, _: _clock(round(time / unit)))
    )


def _clock(count: int) -> str:
    """Seconds as minutes, or minutes as hours."""
    return f"{count // 60}:{count % 60:02d}"

"""Ticks of a time axis, from seconds to days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, MultipleLocator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MINUTE, _HOUR = 60, 3600
_STEPS = (
    *(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12, 24, 48, 168)),
)
_LONGEST_IN_SECONDS = 120
_MOST_TICKS = 15


def mark_time(axes: Axes, seconds: float) -> None:
    """Sets ticks and the name of the axis for a recording.

    Up to two minutes are counted in seconds, up to an hour in minutes and
    seconds, longer ones in hours and minutes.

    Arguments
    ---------
    axes : Axes
        Gets its limits too.
    seconds : float
        Length of the recording.

    Example
    -------
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

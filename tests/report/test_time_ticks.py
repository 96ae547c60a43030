"""Ticks of a time axis."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lgc_plugin.report.style import mark_time


def marked(seconds: float) -> tuple[Axes, list[str]]:
    axes = Figure().add_subplot()
    mark_time(axes, seconds)
    ticks = [tick for tick in axes.get_xticks() if 0 <= tick <= seconds]
    return axes, axes.xaxis.get_major_formatter().format_ticks(ticks)


@pytest.mark.parametrize("seconds", np.geomspace(0.05, 1e6, 60).tolist())
def test_a_readable_number_of_ticks_at_different_times(seconds: float) -> None:
    axes, texts = marked(seconds)
    assert 1 <= len(texts) <= 16
    assert len(set(texts)) == len(texts)
    assert seconds < 0.1 or len(texts) >= 3
    assert axes.get_xlim() == (0, seconds)


@pytest.mark.parametrize(
    ("seconds", "name", "first", "last"),
    [
        (5, "time (s)", ["0.0", "0.5"], "5.0"),
        (60, "time (s)", ["0", "5"], "60"),
        (600, "time (min:s)", ["0:00", "1:00"], "10:00"),
        (150, "time (min:s)", ["0:00", "0:10"], "2:30"),
        (3600, "time (min:s)", ["0:00", "5:00"], "60:00"),
        (7200, "time (h:min)", ["0:00", "0:10"], "2:00"),
        (86400, "time (h:min)", ["0:00", "2:00"], "24:00"),
    ],
)
def test_units(seconds: float, name: str, first: list[str], last: str) -> None:
    axes, texts = marked(seconds)
    assert axes.get_xlabel() == name
    assert texts[:2] == first and texts[-1] == last

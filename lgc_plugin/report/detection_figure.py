"""What was detected in a recording of any length, in one picture."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lgc_plugin.report.bounded_columns import BoundedColumns
from lgc_plugin.report.spectrogram import draw_spectrogram, long_log_mel
from lgc_plugin.report.style import (
    QUIET,
    colors,
    draw_bars,
    legend_below,
    mark_time,
    name_rows,
    new_figure,
    write_note,
)
from lgc_plugin.report.text import shown_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from lgc_plugin.inference.event_stream import Detection

_CURVE, _EVENT = colors(["score", "event"]).values()
# Shares of a class's row.
_BAR = (0.06, 0.24)
_SCORES = (0.3, 0.94)
_ROW_INCHES = 0.5
_SPECTROGRAM_INCHES = 2.2
_OTHER_INCHES = 1.5
# Inches, and the seconds that they are for.
_WIDTHS = (10.0, 20.0)
_WIDTH_SECONDS = (60.0, 1800.0)
_TITLE_PER_INCH = 8
# An event of a second is less than a pixel in the picture of an hour.
_LEAST_INCHES = 0.02
_THRESHOLD_LINE: dict[str, Any] = {
    "color": QUIET,
    "linewidth": 0.8,
    "linestyle": (0, (4, 3)),
}
# More rows than these are no picture any more.
_MOST_ROWS = 24
# A class that came half as far as it needs is worth seeing.
_NEARLY = 0.5


def plot_detections(
    path: str | Path,
    blocks: Iterable[NDArray[np.floating]],
    sample_rate: int,
    scores: BoundedColumns,
    events: Sequence[Detection],
    thresholds: Mapping[str, float],
    *,
    seconds: float,
    title: str = "",
) -> None:
    """Draws a log-mel spectrogram, and below it a row for each class.

    A row shows scores, threshold and events. Classes with events have one,
    and those whose scores come near the threshold. Of long recordings the
    maxima are shown, and each event is wide enough to be seen.

    Arguments
    ---------
    path : str or Path
        The picture: 1200 pixels wide up to a minute, 2400 from half an hour.
    blocks : Iterable[ndarray]
        (n,) samples of the recording, one block after the other.
    sample_rate : int
        Samples per second.
    scores : BoundedColumns
        (C, m) frame scores, edges in seconds.
    events : Sequence[Detection]
        What was detected.
    thresholds : Mapping[str, float]
        Of each of the C classes, in their order.
    seconds : float
        Length of the recording.
    title : str
        Say, its name.

    Raises
    ------
    ValueError
        If there is not one row of scores for each class.

    Example
    -------
    >>> from lgc_plugin.inference.event_stream import Detection
    >>> file = getfixture("tmp_path") / "a.png"
    >>> noise = np.random.default_rng(0).normal(size=16000)
    >>> scores = BoundedColumns(0.1)
    >>> scores.push(np.linspace(0, 1, 10)[None])
    >>> events = [Detection(0.5, 1.0, "Cat", 0.75)]
    >>> plot_detections(
    ...     file, [noise], 16000, scores, events, {"Cat": 0.5}, seconds=1.0
    ... )
    >>> file.is_file()
    True
    """
    rows = _rows(scores, thresholds)
    peaks = {label: float(values.max()) for label, values in rows.items()}
    counts = Counter(event.event_label for event in events)
    shown = shown_classes(list(rows), counts, peaks, thresholds)
    image = long_log_mel(blocks, sample_rate)
    width = _width(seconds)
    rows_inches = _ROW_INCHES * max(len(shown.labels), 1)
    height = _SPECTROGRAM_INCHES + rows_inches + _OTHER_INCHES
    least = _LEAST_INCHES * seconds / width
    low, high = _BAR
    with warnings.catch_warnings(), new_figure(path, width, height) as figure:
        # What the font lacks is shown as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        top, bottom = figure.subplots(
            2, sharex=True, height_ratios=[_SPECTROGRAM_INCHES, rows_inches]
        )
        end = float(image.edges[-1])
        draw_spectrogram(top, image.values, end, sample_rate)
        top.set_title(_shortened(title, width), parse_math=False)
        for row, label in enumerate(reversed(shown.labels)):
            _draw_scores(bottom, row, rows[label], scores.edges)
            _draw_threshold(bottom, row, thresholds[label], seconds)
            spans = [
                (each.onset, max(each.offset - each.onset, least))
                for each in events
                if each.event_label == label
            ]
            draw_bars(bottom, spans, row + low, high - low, _EVENT)
        name_rows(bottom, shown.labels, seconds)
        if shown.left_out:
            bottom.set_ylabel(f"{shown.left_out} more classes not shown")
        mark_time(bottom, seconds)
        if shown.labels:
            legend_below(figure, _handles(scores))
        else:
            write_note(bottom, _nearest(peaks, thresholds))


def _rows(
    scores: BoundedColumns, thresholds: Mapping[str, float]
) -> dict[str, NDArray]:
    values = scores.values
    if len(values) != len(thresholds) or not values.size:
        raise ValueError(
            f"scores of shape {values.shape} for {len(thresholds)} classes"
        )
    return dict(zip(thresholds, values, strict=True))


def _width(seconds: float) -> float:
    """Inches: wider, the longer the recording is."""
    narrow, wide = _WIDTHS
    short, long = (math.log(each) for each in _WIDTH_SECONDS)
    share = (math.log(max(seconds, 1.0)) - short) / (long - short)
    return narrow + (wide - narrow) * min(max(share, 0.0), 1.0)


def _shortened(title: str, width: float) -> str:
    """Without its middle, where it would not fit."""
    half = int(_TITLE_PER_INCH * width / 2)
    if len(title) <= 2 * half:
        return title
    return f"{title[:half]} ... {title[-half:]}"


def _draw_scores(axes: Axes, row: int, values: NDArray, edges: NDArray) -> None:
    low, high = _SCORES
    # The last value lasts until the last edge. Not Axes.stairs, which takes
    # seconds to find the limits of a long curve.
    tops = row + low + (high - low) * np.append(values, values[-1])
    axes.fill_between(
        edges,
        row + low,
        tops,
        step="post",
        facecolor=_CURVE,
        alpha=0.25,
        linewidth=0,
    )
    axes.plot(edges, tops, drawstyle="steps-post", color=_CURVE, linewidth=0.8)


def _draw_threshold(
    axes: Axes, row: int, threshold: float, seconds: float
) -> None:
    low, high = _SCORES
    axes.hlines(
        row + low + (high - low) * threshold, 0, seconds, **_THRESHOLD_LINE
    )


def _nearest(
    peaks: Mapping[str, float], thresholds: Mapping[str, float]
) -> str:
    """In place of rows: what came nearest."""
    label = max(peaks, key=lambda each: peaks[each] / (thresholds[each] or 1))
    return (
        f"nothing detected; {shown_label(label)} came nearest: score "
        f"{peaks[label]:.2f}, threshold {thresholds[label]:.3g}"
    )


def _handles(scores: BoundedColumns) -> list[Patch | Line2D]:
    text = "score, 0 to 1"
    column = scores.edges[1]
    if column > scores.step:
        text += f", highest in {column:.2g} s"
    return [
        Patch(facecolor=_CURVE, alpha=0.5, label=text),
        Line2D([], [], label="threshold", **_THRESHOLD_LINE),
        Patch(facecolor=_EVENT, label="detected"),
    ]


class ShownClasses(NamedTuple):
    """The classes that get a row."""

    #: In the order of the model.
    labels: tuple[str, ...]
    #: Classes with events for which there was no place.
    left_out: int


def shown_classes(
    labels: Sequence[str],
    n_events: Mapping[str, int],
    peaks: Mapping[str, float],
    thresholds: Mapping[str, float],
) -> ShownClasses:
    """Classes that were detected, then those that nearly were.

    >>> peaks = {"Cat": 0.4, "Cow": 0.1, "Dog": 0.9}
    >>> limits = dict.fromkeys(peaks, 0.5)
    >>> shown_classes([*peaks], {"Dog": 2}, peaks, limits).labels
    ('Cat', 'Dog')
    """
    found = [label for label in labels if n_events.get(label)]
    near = [
        label
        for label in labels
        if label not in found and peaks[label] > _NEARLY * thresholds[label]
    ]
    found.sort(key=lambda label: -n_events[label])
    near.sort(key=lambda label: thresholds[label] - peaks[label])
    chosen = {*found[:_MOST_ROWS], *near[: max(_MOST_ROWS - len(found), 0)]}
    return ShownClasses(
        tuple(label for label in labels if label in chosen),
        max(len(found) - _MOST_ROWS, 0),
    )

"""One clip over time: spectrogram, true events, scores and detections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lgc_plugin.report.spectrogram import draw_spectrogram, long_log_mel
from lgc_plugin.report.style import (
    TRUTH,
    colors,
    draw_bars,
    legend_below,
    name_rows,
    new_figure,
    write_note,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from lgc_plugin.types import Event

_BLOCK_SECONDS = 30.0
# Shares of a class's row: air, then the bars, then the curves if there are.
_BARS_ALONE = (0.12, 0.88)
_BARS_BELOW_CURVES = (0.06, 0.52)
_CURVES = (0.58, 0.94)


def plot_timeline(
    wav: ArrayLike,
    sample_rate: int,
    truth_events: Sequence[Event],
    detections_by_name: Mapping[str, Sequence[Event]],
    labels: Sequence[str],
    path: str | Path,
    *,
    scores: Mapping[str, ArrayLike] | None = None,
    frame_seconds: float = 0.064,
    title: str = "",
) -> None:
    """Draws a log-mel spectrogram above one row for each class that occurs.

    Arguments
    ---------
    wav : array
        (N,) samples, mono.
    sample_rate : int
        Samples per second.
    truth_events : Sequence[Event]
        What really sounds.
    detections_by_name : Mapping[str, Sequence[Event]]
        What each network detects, say ``student`` and ``teacher``.
    labels : Sequence[str]
        C class names, in order; those without any event get no row.
    path : str or Path
        The picture, 1200 pixels wide as a PNG.
    scores : Mapping[str, array], optional
        (C, T') frame scores by network, drawn above the bars.
    frame_seconds : float
        Seconds per frame of the scores.
    title : str
        Say, the name of the clip.

    Raises
    ------
    ValueError
        If a label is unknown, the sound is not mono, or scores are not
        (C, T').

    Example
    -------
    >>> from lgc_plugin.types import Event
    >>> file = getfixture("tmp_path") / "clip.png"
    >>> cat = Event(0.1, 0.4, "Cat")
    >>> noise = np.random.default_rng(0).normal(size=8000)
    >>> plot_timeline(noise, 16000, [cat], {"student": [cat]}, ["Cat"], file)
    >>> file.is_file()
    True
    """
    wav = np.asarray(wav, dtype=np.float64)
    if wav.ndim != 1 or not len(wav):
        raise ValueError(
            f"the sound must be mono samples (N,), got shape {wav.shape}"
        )
    curves = {k: np.asarray(v) for k, v in (scores or {}).items()}
    _check_scores(curves, len(labels))
    lanes = {"truth": list(truth_events), **detections_by_name}
    shown = _classes_to_show(lanes, labels)
    networks = dict.fromkeys([*detections_by_name, *curves])
    color = {"truth": TRUTH, **colors(networks)}
    seconds = len(wav) / sample_rate
    row_inches = (0.3 if curves else 0.12) + 0.13 * len(lanes)
    rows_inches = max(0.8, row_inches * len(shown))
    with new_figure(path, 10, 3.6 + rows_inches) as figure:
        top, bottom = figure.subplots(
            2, sharex=True, height_ratios=[2.4, rows_inches]
        )
        # In blocks: that of ten minutes would take a gigabyte.
        blocks = np.array_split(wav, max(1, round(seconds / _BLOCK_SECONDS)))
        image = long_log_mel(blocks, sample_rate).values
        draw_spectrogram(top, image, seconds, sample_rate)
        top.set_title(title)
        bars = _BARS_BELOW_CURVES if curves else _BARS_ALONE
        _draw_bars(bottom, lanes, shown, color, bars)
        for name, frames in curves.items():
            picked = frames[[list(labels).index(label) for label in shown]]
            _draw_curves(bottom, picked, frame_seconds, color[name])
        name_rows(bottom, shown, seconds)
        bottom.set(xlim=(0, seconds), xlabel="time (s)")
        if not shown:
            write_note(bottom, "no event, and none detected")
        legend_below(figure, _legend_handles(lanes, curves, color))


def _check_scores(curves: Mapping[str, np.ndarray], n_classes: int) -> None:
    for name, frames in curves.items():
        if frames.ndim != 2 or len(frames) != n_classes:
            raise ValueError(
                f"scores of {name!r} must be ({n_classes}, frames), got "
                f"shape {frames.shape}"
            )


def _classes_to_show(
    lanes: Mapping[str, Sequence[Event]], labels: Sequence[str]
) -> list[str]:
    found = {event.label for events in lanes.values() for event in events}
    unknown = sorted(found - set(labels))
    if unknown:
        raise ValueError(
            f"label {unknown[0]!r} is not one of {', '.join(labels)}"
        )
    return [label for label in labels if label in found]


def _draw_bars(
    axes: Axes,
    lanes: Mapping[str, Sequence[Event]],
    shown: Sequence[str],
    color: Mapping[str, str],
    extent: tuple[float, float],
) -> None:
    """A row per class from the top down; in it a lane for each source."""
    low, high = extent
    height = (high - low) / len(lanes)
    for lane, (name, events) in enumerate(lanes.items()):
        bottom = high - (lane + 1) * height
        for onset, offset, label in events:
            row = len(shown) - 1 - shown.index(label)
            span = (onset, offset - onset)
            draw_bars(axes, [span], row + bottom, 0.82 * height, color[name])


def _draw_curves(
    axes: Axes, frames: np.ndarray, frame_seconds: float, color: str
) -> None:
    """Scores from 0 to 1, above the bars of their class."""
    low, high = _CURVES
    edges = np.arange(frames.shape[1] + 1) * frame_seconds
    for i, values in enumerate(frames):
        row = len(frames) - 1 - i
        axes.stairs(
            row + low + (high - low) * values,
            edges,
            baseline=None,
            color=color,
            linewidth=1,
            alpha=0.9,
        )


def _legend_handles(
    lanes: Mapping[str, Sequence[Event]],
    curves: Mapping[str, np.ndarray],
    color: Mapping[str, str],
) -> list[Patch | Line2D]:
    bars = [Patch(color=color[name], label=name) for name in lanes]
    lines = [
        Line2D([], [], color=color[name], label=f"{name}, score 0 to 1")
        for name in curves
    ]
    return [*bars, *lines]

"""A log-mel spectrogram to look at (not the network's front end)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lgc_plugin.report.bounded_columns import MOST_COLUMNS, BoundedColumns
from lgc_plugin.report.style import bare

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_FLOOR = 1e-10
TICKS_HERTZ = (0, 250, 500, 1000, 2000, 4000, 8000, 16000)
_RANGE_DB = 70
# Full scale is near 50; digital silence stays dark.
_SILENT_DB = -30
_WINDOW, _HOP = 1024, 160
# Frames before one that its window reaches to.
_CONTEXT = -(-_WINDOW // 2 // _HOP)


def hertz_to_mel(hertz: ArrayLike) -> NDArray[np.float64]:
    """Frequency on the mel scale (HTK's formula).

    >>> round(float(hertz_to_mel(1000.0)))
    1000
    """
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def log_mel(
    wav: np.ndarray,
    sample_rate: int,
    *,
    n_mels: int = 96,
    window: int = 1024,
    hop: int = 160,
) -> np.ndarray:
    """Power in mel bands over time.

    Returns (n_mels, frames), dB; the first band is the lowest.

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    >>> image = log_mel(tone, 16000)
    >>> image.shape, int(image[:, 50].argmax())
    ((96, 101), 33)
    """
    padded = np.pad(wav, window // 2)
    frames = sliding_window_view(padded, window)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(window))) ** 2
    bands = _triangles(n_mels, window, sample_rate)
    return 10 * np.log10(np.maximum(power @ bands, _FLOOR)).T


def _triangles(n_mels: int, window: int, sample_rate: int) -> np.ndarray:
    """(bins, n_mels) overlapping triangles of equal area."""
    mels = hertz_to_mel(np.fft.rfftfreq(window, 1 / sample_rate))
    step = hertz_to_mel(sample_rate / 2) / (n_mels + 1)
    # The lowest bands are narrower than a bin: at least one bin each.
    width = np.maximum(step, np.gradient(mels))[:, None]
    centers = step * np.arange(1, n_mels + 1)
    weights = np.maximum(0, 1 - np.abs(mels[:, None] - centers) / width)
    return weights / np.maximum(weights.sum(axis=0), _FLOOR)


def shown_range(image: np.ndarray) -> tuple[float, float]:
    """The levels that are the darkest and the brightest color, in dB."""
    peak = max(float(image.max()), _SILENT_DB)
    return peak - _RANGE_DB, peak


def draw_spectrogram(
    axes: Axes, image: np.ndarray, seconds: float, sample_rate: int
) -> None:
    """Draws a spectrogram above another time axis.

    >>> import numpy as np
    >>> from lgc_plugin.report.style import new_figure
    >>> with new_figure(getfixture("tmp_path") / "a.png", 4, 2) as figure:
    ...     axes = figure.add_subplot()
    ...     draw_spectrogram(axes, np.zeros((96, 10)), 1.0, 16000)
    >>> [tick.get_text() for tick in axes.get_yticklabels()]
    ['0', '0.25', '0.5', '1', '2', '4', '8']
    """
    low, high = shown_range(image)
    axes.imshow(
        image,
        origin="lower",
        aspect="auto",
        extent=(0, seconds, 0, float(hertz_to_mel(sample_rate / 2))),
        cmap="magma",
        vmin=low,
        vmax=high,
        interpolation="bilinear",
    )
    ticks = [hertz for hertz in TICKS_HERTZ if hertz <= sample_rate / 2]
    axes.set_yticks(
        hertz_to_mel(ticks),
        [f"{hertz / 1000:g}" for hertz in ticks],
    )
    axes.set_ylabel("frequency (kHz)")
    axes.tick_params(axis="x", length=0)
    bare(axes, "top", "right", "bottom", "left")


def long_log_mel(
    blocks: Iterable[NDArray[np.floating]],
    sample_rate: int,
    limit: int = MOST_COLUMNS,
) -> BoundedColumns:
    """As :func:`.log_mel` of the whole, its columns merged where needed.

    Returns (mels, m) dB, the lowest band first; edges in seconds.

    >>> noise = np.random.default_rng(0).normal(size=48000)
    >>> image = long_log_mel(np.split(noise, 3), 16000).values
    >>> bool(np.allclose(image, log_mel(noise, 16000)))
    True
    >>> long_log_mel(np.split(noise, 3), 16000, limit=100).values.shape
    (96, 76)
    """
    columns = BoundedColumns(_HOP / sample_rate, limit)
    kept, skipped = np.empty(0, np.float32), 0
    for block in blocks:
        kept = np.concatenate([kept, block])
        # Frames whose windows are complete.
        count = (len(kept) - _WINDOW // 2) // _HOP + 1
        if count <= skipped:
            continue
        columns.push(_frames(kept, sample_rate)[:, skipped:count])
        first = max(count - _CONTEXT, 0)
        kept, skipped = kept[first * _HOP :].copy(), count - first
    columns.push(_frames(kept, sample_rate)[:, skipped:])
    return columns


def _frames(wav: NDArray, sample_rate: int) -> NDArray[np.float32]:
    image = log_mel(wav, sample_rate, window=_WINDOW, hop=_HOP)
    return image.astype(np.float32)

"""A log-mel spectrogram, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lgc_plugin.report.spectrogram import hertz_to_mel
from lgc_plugin.report.style import bare

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

_TICKS_HERTZ = (0, 250, 500, 1000, 2000, 4000, 8000, 16000)
_RANGE_DB = 70
# Full scale is near 50; digital silence stays dark.
_SILENT_DB = -30


def draw_spectrogram(
    axes: Axes, image: np.ndarray, seconds: float, sample_rate: int
) -> None:
    """Draws a spectrogram above another time axis.

    Arguments
    ---------
    axes : Axes
        Where.
    image : numpy.ndarray
        (mels, columns) dB, from 0 Hz to half the sample rate.
    seconds : float
        Length of all columns.
    sample_rate : int
        Samples per second.

    Example
    -------
    >>> import numpy as np
    >>> from lgc_plugin.report.style import new_figure
    >>> with new_figure(getfixture("tmp_path") / "a.png", 4, 2) as figure:
    ...     axes = figure.add_subplot()
    ...     draw_spectrogram(axes, np.zeros((96, 10)), 1.0, 16000)
    >>> [tick.get_text() for tick in axes.get_yticklabels()]
    ['0', '0.25', '0.5', '1', '2', '4', '8']
    """
    peak = max(float(image.max()), _SILENT_DB)
    axes.imshow(
        image,
        origin="lower",
        aspect="auto",
        extent=(0, seconds, 0, hertz_to_mel(sample_rate / 2)),
        cmap="magma",
        vmin=peak - _RANGE_DB,
        vmax=peak,
        interpolation="bilinear",
    )
    ticks = [hertz for hertz in _TICKS_HERTZ if hertz <= sample_rate / 2]
    axes.set_yticks(
        [hertz_to_mel(hertz) for hertz in ticks],
        [f"{hertz / 1000:g}" for hertz in ticks],
    )
    axes.set_ylabel("frequency (kHz)")
    axes.tick_params(axis="x", length=0)
    bare(axes, "top", "right", "bottom", "left")

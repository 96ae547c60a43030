"""A log-mel spectrogram to look at (not the network's front end)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

_FLOOR = 1e-10


def hertz_to_mel(hertz: float | np.ndarray) -> float | np.ndarray:
    """Frequency on the mel scale (HTK's formula).

    Arguments
    ---------
    hertz : float or numpy.ndarray
        Frequency.

    Returns
    -------
    float or numpy.ndarray

    Example
    -------
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

    Arguments
    ---------
    wav : numpy.ndarray
        (N,) samples.
    sample_rate : int
        Samples per second.
    n_mels : int
        Bands between 0 Hz and half the sample rate, equally wide in mel.
    window : int
        Samples per frame.
    hop : int
        Samples between two frames.

    Returns
    -------
    numpy.ndarray
        (n_mels, frames), dB; the first band is the lowest.

    Example
    -------
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
    centres = step * np.arange(1, n_mels + 1)
    weights = np.maximum(0, 1 - np.abs(mels[:, None] - centres) / width)
    return weights / np.maximum(weights.sum(axis=0), _FLOOR)

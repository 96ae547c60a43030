"""A voice: a source with some roughness and breath, for people and animals."""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.curves import drift
from lgc_plugin.data.soundscapes.synthesis.sources import (
    harmonic_wave,
    n_harmonics,
    phase_of,
)


def vibrating_folds(
    rng: np.random.Generator,
    pitch: np.ndarray,
    sample_rate: int,
    *,
    tilt: float = 1.0,
    roughness: float = 0.01,
) -> np.ndarray:
    """Pulses of air through vibrating folds.

    Arguments
    ---------
    rng : np.random.Generator
        Where chance comes from.
    pitch : np.ndarray
        (n,) Hz.
    sample_rate : int
        Samples per second.
    tilt : float
        Exponent by which harmonics weaken.
    roughness : float
        Jitter: relative standard deviation of the pitch from pulse to pulse;
        the level wavers three times as much.

    Returns
    -------
    np.ndarray
        (n,), RMS about 1.

    Example
    -------
    >>> rng = np.random.default_rng(0)
    >>> vibrating_folds(rng, np.full(1600, 120.0), 16000).shape
    (1600,)
    """
    n = len(pitch)
    per_second = min(0.8 * float(np.mean(pitch)), 150.0)
    jitter = drift(rng, n, sample_rate, per_second=per_second, depth=roughness)
    shimmer = drift(
        rng, n, sample_rate, per_second=per_second, depth=3 * roughness
    )
    pitch = pitch * jitter
    order = np.arange(1, n_harmonics(pitch, sample_rate) + 1)
    amplitudes = order**-tilt
    amplitudes /= np.sqrt(np.sum(amplitudes**2) / 2)
    return shimmer * harmonic_wave(phase_of(pitch, sample_rate), amplitudes)

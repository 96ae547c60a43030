"""How a quantity moves in time: glides, drifts, gates and fades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter


def n_samples(seconds: float, sample_rate: int) -> int:
    """Length of a duration, in samples.

    >>> n_samples(0.5, 16000)
    8000
    """
    return max(1, round(seconds * sample_rate))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A random number whose logarithm is uniform, as pitches are heard.

    >>> 100 <= log_uniform(np.random.default_rng(0), 100, 400) < 400
    True
    """
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def glide(knots: ArrayLike, n: int) -> np.ndarray:
    """A smooth curve through equally spaced knots, without overshoot.

    >>> glide([0.0, 1.0, 0.0], 5).tolist()
    [0.0, 0.75, 1.0, 0.75, 0.0]
    """
    values = np.asarray(knots, dtype=float)
    # A pitch or a level needs no more than a point per 16 samples.
    coarse = np.linspace(0, 1, min(n, n // 16 + 2 * len(values)))
    curve = PchipInterpolator(np.linspace(0, 1, len(values)), values)(coarse)
    # Rounding must not take a level below 0.
    curve = np.clip(curve, values.min(), values.max())
    return np.interp(np.linspace(0, 1, n), coarse, curve)


def drift(
    rng: np.random.Generator,
    n: int,
    sample_rate: int,
    *,
    per_second: float,
    depth: float,
) -> np.ndarray:
    """A factor that wanders around 1.

    Returns (n,), above 0.

    >>> rng = np.random.default_rng(0)
    >>> drift(rng, 100, 100, per_second=5, depth=0.0).tolist() == [1.0] * 100
    True
    """
    knots = int(n / sample_rate * per_second) + 2
    return np.exp(glide(depth * rng.standard_normal(knots), n))


def lag(
    target: np.ndarray, seconds: float, sample_rate: int, start: float = 0.0
) -> np.ndarray:
    """Follows a target with inertia, as a rotor follows its switch.

    >>> lag(np.ones(1000), 0.01, 1000).round(2)[[9, 999]].tolist()
    [0.63, 1.0]
    """
    keep = np.exp(-1 / (seconds * sample_rate))
    followed, _ = lfilter([1 - keep], [1, -keep], target, zi=[keep * start])
    return followed


def fade(
    signal: np.ndarray, attack: float, release: float, sample_rate: int
) -> np.ndarray:
    """Fades a signal in and out with raised cosines.

    Returns (n,), a copy.

    >>> fade(np.ones(8), 0.002, 0.004, 1000).round(2).tolist()
    [0.15, 0.85, 1.0, 1.0, 0.96, 0.69, 0.31, 0.04]
    """
    signal = np.array(signal, dtype=float)
    longest = max(1, len(signal) // 2)
    first = min(n_samples(attack, sample_rate), longest)
    last = min(n_samples(release, sample_rate), longest)
    signal[:first] *= 0.5 - 0.5 * np.cos(
        np.pi * (np.arange(first) + 0.5) / first
    )
    signal[-last:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(last) + 0.5) / last)
    return signal


def steps(
    values: ArrayLike, lengths: Sequence[int] | np.ndarray, smooth: int
) -> np.ndarray:
    """Values held for given lengths, with their edges smoothed.

    Returns (sum of lengths,)

    >>> steps([0.0, 3.0], [3, 3], smooth=3).tolist()
    [0.0, 0.0, 1.0, 2.0, 3.0, 3.0]
    """
    held = np.repeat(np.asarray(values, dtype=float), lengths)
    return uniform_filter1d(held, max(1, smooth), mode="nearest")

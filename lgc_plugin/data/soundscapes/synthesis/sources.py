"""What sounds: noise, periodic waves, impulses and grains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import lfilter

from lgc_plugin.data.soundscapes.synthesis.curves import drift

_TABLE = 4096


def noise(
    rng: np.random.Generator,
    n: int,
    sample_rate: int,
    shape: Sequence[tuple[float, float]] = ((1000.0, 0.0),),
) -> np.ndarray:
    """Gaussian noise of a given spectrum, with a mean square of 1.

    ``shape``: (Hz, dB) points by rising frequency; straight lines over log
    frequency between them, level beyond them. One point is white noise.

    >>> hiss = noise(np.random.default_rng(0), 4000, 16000)
    >>> hiss.shape, bool(abs(hiss.std() - 1) < 1e-6)
    ((4000,), True)
    """
    hertz, decibels = np.array(shape, dtype=float).T
    padded = next_fast_len(n, real=True)
    spectrum = rfft(rng.standard_normal(padded))
    frequency = np.maximum(rfftfreq(padded, 1 / sample_rate), 1.0)
    level = np.interp(np.log(frequency), np.log(hertz), decibels)
    spectrum[0] = 0
    signal = irfft(spectrum * 10 ** (level / 20), padded)[:n]
    return signal / np.sqrt(np.mean(signal**2))


def phase_of(frequency: np.ndarray, sample_rate: int) -> np.ndarray:
    """Turns made so far at a moving frequency.

    Returns (n,) in turns, from 0.

    >>> phase_of(np.full(4, 2.0), 8).tolist()
    [0.0, 0.25, 0.5, 0.75]
    """
    return np.cumsum(frequency / sample_rate) - frequency[0] / sample_rate


def n_harmonics(frequency: np.ndarray | float, sample_rate: int) -> int:
    """How many harmonics of a frequency a sample rate can hold.

    >>> n_harmonics(1000.0, 16000)
    7
    """
    return int(np.clip(0.47 * sample_rate / np.max(frequency), 1, 400))


def harmonic_wave(
    phase: np.ndarray, amplitudes: np.ndarray, angles: np.ndarray | float = 0.0
) -> np.ndarray:
    """A periodic wave: one period is summed up, then read at each phase.

    ``amplitudes``: (K,) of the harmonics, the fundamental first; ``angles``:
    (K,) phases of the harmonics in radians; all 0 gives sharp pulses. The wave
    is ``sum_k amplitudes[k] cos(2 pi k phase + angles[k])``

    >>> harmonic_wave(np.array([0.0, 0.5]), np.array([1.0, 0.5])).round(3)
    array([ 1.5, -0.5])
    """
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[1 : len(amplitudes) + 1] = (
        amplitudes * np.exp(1j * np.asarray(angles)) * (_TABLE / 2)
    )
    table = irfft(spectrum, _TABLE)
    table = np.append(table, table[0])
    return np.interp(phase % 1.0, np.linspace(0, 1, _TABLE + 1), table)


def impulses(n: int, times: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """A signal that is 0 except at some samples.

    ``times``: (E,) integer samples; those outside are dropped; ``strengths``:
    (E,) values, added where they coincide.

    >>> impulses(4, np.array([1, 1, 9]), np.array([1.0, 2.0, 5.0])).tolist()
    [0.0, 3.0, 0.0, 0.0]
    """
    inside = (times >= 0) & (times < n)
    return np.bincount(times[inside], strengths[inside], minlength=n)


def poisson_impulses(
    rng: np.random.Generator,
    rate: np.ndarray,
    sample_rate: int,
    spread: float = 0.8,
) -> np.ndarray:
    """Impulses at random times, with log-normal strengths of either sign.

    >>> rate = np.full(16000, 100.0)
    >>> train = poisson_impulses(np.random.default_rng(0), rate, 16000)
    >>> abs(int(np.count_nonzero(train)) - 100) < 40
    True
    """
    times = np.flatnonzero(rng.random(len(rate)) < rate / sample_rate)
    strengths = rng.lognormal(0, spread, len(times))
    signs = rng.choice([-1.0, 1.0], len(times))
    return impulses(len(rate), times, strengths * signs)


def modes(
    excitation: np.ndarray,
    frequencies: np.ndarray,
    decays: np.ndarray,
    gains: np.ndarray,
    sample_rate: int,
) -> np.ndarray:
    """Rings a body: each mode is a damped resonator driven by the excitation.

    ``frequencies, decays, gains``: (M,) Hz, seconds in which the mode falls to
    1/e, and level. Modes that the sample rate cannot hold are left out.

    >>> one = np.ones(1)
    >>> ring = modes(np.eye(1, 800)[0], 2000 * one, 0.01 * one, one, 8000)
    >>> ring[[1, 401]].round(4).tolist()
    [0.9876, 0.0067]
    """
    total = np.zeros(len(excitation))
    for frequency, decay, gain in zip(frequencies, decays, gains, strict=True):
        if frequency >= 0.47 * sample_rate:
            continue
        angle = 2 * np.pi * frequency / sample_rate
        radius = np.exp(-1 / (decay * sample_rate))
        numerator = [0.0, gain * radius * np.sin(angle)]
        denominator = [1.0, -2 * radius * np.cos(angle), radius**2]
        total += lfilter(numerator, denominator, excitation)
    return total


def overlay(grains: np.ndarray, starts: np.ndarray, n: int) -> np.ndarray:
    """Adds short sounds into one signal.

    ``grains``: (G, L) one short sound per row; ``starts``: (G,) sample at
    which each begins; what lies outside is cut.

    >>> overlay(np.ones((2, 2)), np.array([0, 1]), 4).tolist()
    [1.0, 2.0, 1.0, 0.0]
    """
    times = starts[:, None] + np.arange(grains.shape[1])
    return impulses(n, times.ravel(), grains.ravel())


def vibrating_folds(
    rng: np.random.Generator,
    pitch: np.ndarray,
    sample_rate: int,
    *,
    tilt: float = 1.0,
    roughness: float = 0.01,
) -> np.ndarray:
    """Pulses of air through vibrating folds.

    Returns (n,), RMS about 1.

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

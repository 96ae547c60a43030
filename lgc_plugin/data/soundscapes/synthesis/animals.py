"""Cats and dogs."""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.curves import (
    drift,
    fade,
    glide,
    log_uniform,
    n_samples,
)
from lgc_plugin.data.soundscapes.synthesis.filters import resonances
from lgc_plugin.data.soundscapes.synthesis.sources import (
    harmonic_wave,
    noise,
    phase_of,
    vibrating_folds,
)

_BREATH = ((300, -12), (1500, 0), (6000, -6), (10000, -12), (20000, -30))


def cat(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Meows, or a purr, or a hiss.

    Returns (n,), 0.3 s to 5 s.
    """
    kinds = (_meows, _purr, _hiss)
    kind = rng.choice(len(kinds), p=[0.65, 0.2, 0.15])
    return kinds[kind](rng, sample_rate)


def dog(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Barks, or a whine, or a growl.

    Returns (n,), 0.1 s to 3 s.
    """
    kinds = (_barks, _whine, _growl)
    kind = rng.choice(len(kinds), p=[0.7, 0.15, 0.15])
    return kinds[kind](rng, sample_rate)


def _sequence(
    rng: np.random.Generator,
    calls: list[np.ndarray],
    gap: tuple[float, float],
    sample_rate: int,
) -> np.ndarray:
    """Calls one after another, with random gaps (seconds) and levels."""
    parts = [calls[0]]
    for call in calls[1:]:
        parts.append(np.zeros(n_samples(rng.uniform(*gap), sample_rate)))
        parts.append(call * rng.uniform(0.6, 1.1))
    return np.concatenate(parts)


def _meows(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """One to three meows of one cat."""
    pitch = log_uniform(rng, 400, 750)
    size = rng.uniform(0.85, 1.2)
    calls = [
        _meow(rng, pitch * rng.normal(1, 0.04), size, sample_rate)
        for _ in range(rng.choice([1, 1, 2, 3]))
    ]
    return _sequence(rng, calls, (0.15, 0.6), sample_rate)


def _meow(
    rng: np.random.Generator, pitch: float, size: float, sample_rate: int
) -> np.ndarray:
    """The mouth opens and closes while the pitch rises and falls."""
    n = n_samples(rng.uniform(0.3, 1.2), sample_rate)
    peak = rng.uniform(1.1, 1.5)
    contour = [
        rng.uniform(0.75, 1),
        peak,
        peak * rng.uniform(0.85, 1),
        0.9,
        rng.uniform(0.6, 0.85),
    ]
    voice = vibrating_folds(
        rng,
        pitch * glide(contour, n),
        sample_rate,
        tilt=rng.uniform(0.5, 1.1),
        roughness=rng.uniform(0.002, 0.015),
    )
    breath = rng.uniform(0.02, 0.2) * noise(rng, n, sample_rate, _BREATH)
    opening = glide(
        [0.1, rng.uniform(0.6, 1), 1, rng.uniform(0.5, 0.9), 0.1], 64
    )
    centres = [
        size * (500 + 900 * opening),
        size * (2300 - 600 * opening * rng.uniform(0.3, 1)),
        size * (3600 + 300 * opening),
        size * np.full(64, 5200.0),
    ]
    call = resonances(
        voice + breath,
        centres,
        [180, 250, 350, 500],
        [1.0, 0.8, 0.4, 0.2],
        sample_rate,
    )
    level = glide([0.0, 0.7, 1.0, rng.uniform(0.5, 0.9), 0.35, 0.0], n)
    return call * level


def _purr(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Pulses at 22 to 30 Hz, louder and faster on one half of the breath."""
    n = n_samples(rng.uniform(1.5, 4.0), sample_rate)
    breath = phase_of(
        rng.uniform(0.5, 1.0)
        * drift(rng, n, sample_rate, per_second=1, depth=0.1),
        sample_rate,
    )
    swell = np.cos(2 * np.pi * (breath + rng.random()))
    pitch = rng.uniform(22, 30) * (1 + 0.06 * swell)
    pitch = pitch * drift(rng, n, sample_rate, per_second=15, depth=0.03)
    phase = phase_of(pitch, sample_rate)
    order = np.arange(1, 33)
    pulse = harmonic_wave(phase, np.exp(-order / rng.uniform(6, 14)))
    rumble = noise(
        rng, n, sample_rate, ((60, 0), (rng.uniform(200, 600), 0), (5000, -30))
    )
    sound = pulse + rng.uniform(0.1, 0.3) * rumble * (1 + pulse)
    throat = [log_uniform(rng, 90, 180), log_uniform(rng, 250, 600), 1400]
    sound = resonances(
        sound, throat, [80, 200, 500], [1, 0.7, 0.35], sample_rate
    )
    level = 0.25 + 0.75 * (0.5 + 0.5 * swell) ** 0.7
    return fade(sound * level, 0.1, 0.2, sample_rate)


def _hiss(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A sharp breath between the teeth."""
    n = n_samples(rng.uniform(0.35, 1.3), sample_rate)
    air = noise(
        rng, n, sample_rate, ((700, -20), (2500, 0), (9000, -4), (20000, -30))
    )
    centre = rng.uniform(2500, 4500) * glide([0.9, 1.1, 0.8], 32)
    air = 0.2 * air + resonances(
        air, [centre, 1.9 * centre], [900, 1500], [1.0, 0.6], sample_rate
    )
    level = glide([0, 1, rng.uniform(0.6, 1), rng.uniform(0.3, 0.7), 0], n)
    level = level**0.7 * drift(rng, n, sample_rate, per_second=30, depth=0.12)
    return fade(air * level, 0.005, 0.05, sample_rate)


def _barks(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """One to five barks of one dog, small or large."""
    size = rng.uniform(0, 1)
    calls = [_bark(rng, size, sample_rate) for _ in range(rng.integers(1, 6))]
    gap = rng.uniform(0.05, 0.3)
    return _sequence(rng, calls, (gap, gap + 0.1), sample_rate)


def _bark(
    rng: np.random.Generator, size: float, sample_rate: int
) -> np.ndarray:
    """A burst: hoarse voice, a mouth that snaps open and shut."""
    n = n_samples(rng.uniform(0.09, 0.16) + 0.09 * size, sample_rate)
    pitch = 650 * 0.28**size * rng.normal(1, 0.06)
    voice = vibrating_folds(
        rng,
        pitch
        * glide([rng.uniform(0.6, 0.9), 1.1, 1.0, rng.uniform(0.5, 0.8)], n),
        sample_rate,
        tilt=rng.uniform(0.5, 0.9),
        roughness=rng.uniform(0.03, 0.1),
    )
    breath = rng.uniform(0.4, 1.0) * noise(rng, n, sample_rate, _BREATH)
    opening = glide([0.2, 1.0, 0.8, 0.1], 32)
    scale = 1.25 - 0.5 * size
    centres = [
        scale * (450 + 500 * opening),
        scale * (1300 + 500 * opening),
        scale * (2700 + 200 * opening),
        scale * np.full(32, 4000.0),
    ]
    call = resonances(
        voice + breath,
        centres,
        [200, 250, 400, 700],
        [1.0, 0.9, 0.5, 0.3],
        sample_rate,
    )
    decay = np.exp(-np.linspace(0, rng.uniform(1.5, 3.5), n))
    return fade(call * decay, rng.uniform(0.004, 0.015), 0.04, sample_rate)


def _whine(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A thin, high, gliding voice."""
    n = n_samples(rng.uniform(0.4, 1.6), sample_rate)
    contour = rng.uniform(0.75, 1.25, rng.integers(4, 8))
    pitch = log_uniform(rng, 450, 1300) * glide(contour, n)
    wobble = 0.02 * np.sin(2 * np.pi * phase_of(np.full(n, 7.0), sample_rate))
    voice = vibrating_folds(
        rng,
        pitch * (1 + wobble),
        sample_rate,
        tilt=rng.uniform(1.2, 2.2),
        roughness=0.008,
    )
    breath = rng.uniform(0.05, 0.2) * noise(rng, n, sample_rate, _BREATH)
    call = resonances(
        voice + breath,
        [900.0, 1900.0, 3200.0],
        [500, 500, 600],
        [1, 0.7, 0.4],
        sample_rate,
    )
    level = drift(rng, n, sample_rate, per_second=5, depth=0.4)
    return fade(call * level, 0.08, 0.15, sample_rate)


def _growl(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A low, very rough voice that swells."""
    n = n_samples(rng.uniform(0.8, 2.5), sample_rate)
    pitch = rng.uniform(45, 110) * glide(rng.uniform(0.85, 1.2, 5), n)
    voice = vibrating_folds(
        rng, pitch, sample_rate, tilt=0.5, roughness=rng.uniform(0.06, 0.15)
    )
    breath = rng.uniform(0.3, 0.8) * noise(rng, n, sample_rate, _BREATH)
    throat = [rng.uniform(250, 500), rng.uniform(800, 1300), 2300.0, 3500.0]
    call = resonances(
        voice + breath * np.abs(voice),
        throat,
        [150, 250, 400, 600],
        [1.0, 0.7, 0.35, 0.2],
        sample_rate,
    )
    level = glide([0.2, *rng.uniform(0.5, 1.0, 4), 0.2], n)
    return fade(call * level, 0.1, 0.15, sample_rate)

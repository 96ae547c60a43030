"""Backgrounds: long, quiet scenes in which events are placed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.curves import (
    drift,
    log_uniform,
    n_samples,
)
from lgc_plugin.data.soundscapes.synthesis.filters import resonances
from lgc_plugin.data.soundscapes.synthesis.sources import (
    harmonic_wave,
    n_harmonics,
    noise,
    overlay,
    phase_of,
    vibrating_folds,
)

Scene = Callable[[np.random.Generator, int, int], np.ndarray]


def background(
    rng: np.random.Generator, n: int, sample_rate: int
) -> np.ndarray:
    """One or two scenes over each other, above the noise of a room.

    >>> background(np.random.default_rng(0), 8000, 16000).shape
    (8000,)
    """
    scenes: tuple[Scene, ...] = (_wind, _traffic, _rain, _hum, _crowd, _room)
    total = log_uniform(rng, 0.05, 0.5) * _room(rng, n, sample_rate)
    chosen = rng.choice(len(scenes), rng.choice([1, 1, 2]), replace=False)
    for index, level in zip(chosen, (1.0, rng.uniform(0.1, 0.6)), strict=False):
        scene = scenes[index](rng, n, sample_rate)
        total += level * scene / np.sqrt(np.mean(scene**2) + 1e-12)
    return total


def _room(rng: np.random.Generator, n: int, sample_rate: int) -> np.ndarray:
    """The air of a room: noise that falls with frequency."""
    slope = rng.uniform(-7, -2)
    shape = [
        (hertz, slope * np.log2(hertz / 50) + rng.normal(0, 3))
        for hertz in (50, 120, 300, 700, 1600, 4000, 9000)
    ]
    air = noise(rng, n, sample_rate, shape)
    return air * drift(rng, n, sample_rate, per_second=0.7, depth=0.1)


def _wind(rng: np.random.Generator, n: int, sample_rate: int) -> np.ndarray:
    """Gusts: louder and brighter at once."""
    gust = drift(rng, n, sample_rate, per_second=rng.uniform(0.5, 2), depth=0.7)
    air = noise(rng, n, sample_rate, ((40, 0), (300, -4), (8000, -30)))
    whistle = log_uniform(rng, 200, 700) * gust[:: sample_rate // 20] ** 0.4
    leaves = noise(rng, n, sample_rate, ((800, -15), (3500, 0), (9000, -8)))
    return (
        gust * air
        + gust * resonances(air, [whistle], [150], [1.5], sample_rate)
        + rng.uniform(0, 0.15) * gust**1.5 * leaves
    )


def _traffic(rng: np.random.Generator, n: int, sample_rate: int) -> np.ndarray:
    """A distant road, and vehicles that pass."""
    road = noise(rng, n, sample_rate, ((50, 0), (200, -3), (8000, -35)))
    total = rng.uniform(0.2, 1.0) * road
    second = np.arange(n) / sample_rate
    for _ in range(rng.integers(1, 5)):
        width = rng.uniform(0.6, 2.5)
        away = (second - rng.uniform(0, n / sample_rate)) / width
        level = rng.uniform(0.3, 1.5) / (1 + away**2)
        tyres = noise(rng, n, sample_rate, ((80, -6), (900, 0), (8000, -24)))
        pitch = log_uniform(rng, 35, 90) * (1 - 0.04 * np.tanh(away))
        engine = vibrating_folds(rng, pitch, sample_rate, tilt=1.2)
        total += level * (tyres + rng.uniform(0, 0.6) * engine)
    return total


def _rain(rng: np.random.Generator, n: int, sample_rate: int) -> np.ndarray:
    """Very many small drops over noise."""
    shape = ((200, -15), (rng.uniform(1000, 4000), 0), (9000, -5))
    wash = noise(rng, n, sample_rate, shape)
    wash *= drift(rng, n, sample_rate, per_second=0.6, depth=0.2)
    count = int(log_uniform(rng, 5, 60) * n / sample_rate)
    length = n_samples(0.006, sample_rate)
    fall = np.exp(-np.arange(length) / (0.0012 * sample_rate))
    drops = rng.standard_normal((count, length)) * fall
    drops *= rng.lognormal(0, 0.7, (count, 1))
    starts = rng.integers(0, n, count)
    return wash + rng.uniform(0.3, 1.2) * overlay(drops, starts, n)


def _hum(rng: np.random.Generator, n: int, sample_rate: int) -> np.ndarray:
    """A transformer, a refrigerator or a fan behind a wall."""
    mains = rng.choice([50.0, 60.0, rng.uniform(20, 70)])
    speed = mains * drift(rng, n, sample_rate, per_second=0.5, depth=0.002)
    order = np.arange(1, min(16, n_harmonics(speed, sample_rate)) + 1)
    amplitudes = order**-1.2 * rng.lognormal(0, 0.8, len(order))
    tone = harmonic_wave(
        phase_of(speed, sample_rate),
        amplitudes,
        rng.uniform(0, 2 * np.pi, len(order)),
    )
    fan = noise(rng, n, sample_rate, ((60, 0), (400, -2), (6000, -30)))
    beat = drift(rng, n, sample_rate, per_second=1, depth=0.15)
    return tone * beat + rng.uniform(0.3, 1.5) * fan


def _crowd(rng: np.random.Generator, n: int, sample_rate: int) -> np.ndarray:
    """Many voices far away: vowels in syllables, no words, no consonants."""
    total = np.zeros(n)
    for _ in range(rng.integers(6, 12)):
        syllables = drift(
            rng, n, sample_rate, per_second=rng.uniform(4, 7), depth=0.9
        )
        talks = drift(rng, n, sample_rate, per_second=0.4, depth=0.8)
        pitch = log_uniform(rng, 90, 260) * drift(
            rng, n, sample_rate, per_second=3, depth=0.12
        )
        total += syllables * talks * vibrating_folds(rng, pitch, sample_rate)
    seconds = n / sample_rate
    knots = int(5 * seconds) + 2
    mouths = [
        rng.uniform(low, high, knots) for low, high in ((350, 700), (900, 2000))
    ]
    far = resonances(total, mouths, [250, 500], [1.0, 0.4], sample_rate)
    air = noise(rng, n, sample_rate, ((150, -8), (500, 0), (5000, -25)))
    return far / far.std() + rng.uniform(0.3, 1.0) * air

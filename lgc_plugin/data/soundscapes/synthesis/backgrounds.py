"""Backgrounds: long, quiet scenes in which events are placed."""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.signals import (
    SignalGenerator,
    harmonic_wave,
    overlay,
)


def background(gen: SignalGenerator, n: int) -> np.ndarray:
    """One or two scenes over each other, above the noise of a room."""
    scenes = (_wind, _traffic, _rain, _hum, _crowd, _room)
    total = gen.log_uniform(0.05, 0.5) * _room(gen, n)
    chosen = gen.choice(len(scenes), gen.choice([1, 1, 2]), replace=False)
    for index, level in zip(chosen, (1.0, gen.uniform(0.1, 0.6)), strict=False):
        scene = scenes[index](gen, n)
        total += level * scene / np.sqrt(np.mean(scene**2) + 1e-12)
    return total


def _room(gen: SignalGenerator, n: int) -> np.ndarray:
    """The air of a room: noise that falls with frequency."""
    slope = gen.uniform(-7, -2)
    shape = [
        (hertz, slope * np.log2(hertz / 50) + gen.normal(0, 3))
        for hertz in (50, 120, 300, 700, 1600, 4000, 9000)
    ]
    air = gen.noise(n, shape)
    return air * gen.drift(n, per_second=0.7, depth=0.1)


def _wind(gen: SignalGenerator, n: int) -> np.ndarray:
    """Gusts: louder and brighter at once."""
    gust = gen.drift(n, per_second=gen.uniform(0.5, 2), depth=0.7)
    air = gen.noise(n, ((40, 0), (300, -4), (8000, -30)))
    whistle = gen.log_uniform(200, 700) * gust[:: gen.sample_rate // 20] ** 0.4
    leaves = gen.noise(n, ((800, -15), (3500, 0), (9000, -8)))
    return (
        gust * air
        + gust * gen.resonances(air, [whistle], [150], [1.5])
        + gen.uniform(0, 0.15) * gust**1.5 * leaves
    )


def _traffic(gen: SignalGenerator, n: int) -> np.ndarray:
    """A distant road, and vehicles that pass."""
    road = gen.noise(n, ((50, 0), (200, -3), (8000, -35)))
    total = gen.uniform(0.2, 1.0) * road
    second = np.arange(n) / gen.sample_rate
    for _ in range(gen.integers(1, 5)):
        width = gen.uniform(0.6, 2.5)
        away = (second - gen.uniform(0, n / gen.sample_rate)) / width
        level = gen.uniform(0.3, 1.5) / (1 + away**2)
        tyres = gen.noise(n, ((80, -6), (900, 0), (8000, -24)))
        pitch = gen.log_uniform(35, 90) * (1 - 0.04 * np.tanh(away))
        engine = gen.vibrating_folds(pitch, tilt=1.2)
        total += level * (tyres + gen.uniform(0, 0.6) * engine)
    return total


def _rain(gen: SignalGenerator, n: int) -> np.ndarray:
    """Very many small drops over noise."""
    shape = ((200, -15), (gen.uniform(1000, 4000), 0), (9000, -5))
    wash = gen.noise(n, shape)
    wash *= gen.drift(n, per_second=0.6, depth=0.2)
    count = int(gen.log_uniform(5, 60) * n / gen.sample_rate)
    length = gen.n_samples(0.006)
    fall = np.exp(-np.arange(length) / (0.0012 * gen.sample_rate))
    drops = gen.standard_normal((count, length)) * fall
    drops *= gen.lognormal(0, 0.7, (count, 1))
    starts = gen.integers(0, n, count)
    return wash + gen.uniform(0.3, 1.2) * overlay(drops, starts, n)


def _hum(gen: SignalGenerator, n: int) -> np.ndarray:
    """A transformer, a refrigerator or a fan behind a wall."""
    mains = gen.choice([50.0, 60.0, gen.uniform(20, 70)])
    speed = mains * gen.drift(n, per_second=0.5, depth=0.002)
    order = np.arange(1, min(16, gen.n_harmonics(speed)) + 1)
    amplitudes = order**-1.2 * gen.lognormal(0, 0.8, len(order))
    tone = harmonic_wave(
        gen.phase_of(speed), amplitudes, gen.uniform(0, 2 * np.pi, len(order))
    )
    fan = gen.noise(n, ((60, 0), (400, -2), (6000, -30)))
    beat = gen.drift(n, per_second=1, depth=0.15)
    return tone * beat + gen.uniform(0.3, 1.5) * fan


def _crowd(gen: SignalGenerator, n: int) -> np.ndarray:
    """Many voices far away: vowels in syllables, no words, no consonants."""
    total = np.zeros(n)
    for _ in range(gen.integers(6, 12)):
        syllables = gen.drift(n, per_second=gen.uniform(4, 7), depth=0.9)
        talks = gen.drift(n, per_second=0.4, depth=0.8)
        pitch = gen.log_uniform(90, 260) * gen.drift(
            n, per_second=3, depth=0.12
        )
        total += syllables * talks * gen.vibrating_folds(pitch)
    seconds = n / gen.sample_rate
    knots = int(5 * seconds) + 2
    mouths = [
        gen.uniform(low, high, knots) for low, high in ((350, 700), (900, 2000))
    ]
    far = gen.resonances(total, mouths, [250, 500], [1.0, 0.4])
    air = gen.noise(n, ((150, -8), (500, 0), (5000, -25)))
    return far / far.std() + gen.uniform(0.3, 1.0) * air

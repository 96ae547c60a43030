"""Cats and dogs."""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.signals import (
    SignalGenerator,
    glide,
    harmonic_wave,
)

_BREATH = ((300, -12), (1500, 0), (6000, -6), (10000, -12), (20000, -30))


def cat(gen: SignalGenerator) -> np.ndarray:
    """Meows, or a purr, or a hiss; 0.3 s to 5 s."""
    return gen.one_of({_meows: 0.65, _purr: 0.2, _hiss: 0.15})


def dog(gen: SignalGenerator) -> np.ndarray:
    """Barks, or a whine, or a growl; 0.1 s to 3 s."""
    return gen.one_of({_barks: 0.7, _whine: 0.15, _growl: 0.15})


def _sequence(
    gen: SignalGenerator, calls: list[np.ndarray], gap: tuple[float, float]
) -> np.ndarray:
    """Calls one after another, with random gaps (seconds) and levels."""
    parts = [calls[0]]
    for call in calls[1:]:
        parts.append(np.zeros(gen.n_samples(gen.uniform(*gap))))
        parts.append(call * gen.uniform(0.6, 1.1))
    return np.concatenate(parts)


def _meows(gen: SignalGenerator) -> np.ndarray:
    """One to three meows of one cat."""
    pitch = gen.log_uniform(400, 750)
    size = gen.uniform(0.85, 1.2)
    calls = [
        _meow(gen, pitch * gen.normal(1, 0.04), size)
        for _ in range(gen.choice([1, 1, 2, 3]))
    ]
    return _sequence(gen, calls, (0.15, 0.6))


def _meow(gen: SignalGenerator, pitch: float, size: float) -> np.ndarray:
    """The mouth opens and closes while the pitch rises and falls."""
    n = gen.n_samples(gen.uniform(0.3, 1.2))
    peak = gen.uniform(1.1, 1.5)
    contour = [
        gen.uniform(0.75, 1),
        peak,
        peak * gen.uniform(0.85, 1),
        0.9,
        gen.uniform(0.6, 0.85),
    ]
    voice = gen.vibrating_folds(
        pitch * glide(contour, n),
        tilt=gen.uniform(0.5, 1.1),
        roughness=gen.uniform(0.002, 0.015),
    )
    breath = gen.uniform(0.02, 0.2) * gen.noise(n, _BREATH)
    opening = glide(
        [0.1, gen.uniform(0.6, 1), 1, gen.uniform(0.5, 0.9), 0.1], 64
    )
    centres = [
        size * (500 + 900 * opening),
        size * (2300 - 600 * opening * gen.uniform(0.3, 1)),
        size * (3600 + 300 * opening),
        size * np.full(64, 5200.0),
    ]
    call = gen.resonances(
        voice + breath, centres, [180, 250, 350, 500], [1.0, 0.8, 0.4, 0.2]
    )
    level = glide([0.0, 0.7, 1.0, gen.uniform(0.5, 0.9), 0.35, 0.0], n)
    return call * level


def _purr(gen: SignalGenerator) -> np.ndarray:
    """Pulses at 22 to 30 Hz, louder and faster on one half of the breath."""
    n = gen.n_samples(gen.uniform(1.5, 4.0))
    breath = gen.phase_of(
        gen.uniform(0.5, 1.0) * gen.drift(n, per_second=1, depth=0.1)
    )
    swell = np.cos(2 * np.pi * (breath + gen.random()))
    pitch = gen.uniform(22, 30) * (1 + 0.06 * swell)
    pitch = pitch * gen.drift(n, per_second=15, depth=0.03)
    phase = gen.phase_of(pitch)
    order = np.arange(1, 33)
    pulse = harmonic_wave(phase, np.exp(-order / gen.uniform(6, 14)))
    rumble = gen.noise(n, ((60, 0), (gen.uniform(200, 600), 0), (5000, -30)))
    sound = pulse + gen.uniform(0.1, 0.3) * rumble * (1 + pulse)
    throat = [gen.log_uniform(90, 180), gen.log_uniform(250, 600), 1400]
    sound = gen.resonances(sound, throat, [80, 200, 500], [1, 0.7, 0.35])
    level = 0.25 + 0.75 * (0.5 + 0.5 * swell) ** 0.7
    return gen.fade(sound * level, 0.1, 0.2)


def _hiss(gen: SignalGenerator) -> np.ndarray:
    """A sharp breath between the teeth."""
    n = gen.n_samples(gen.uniform(0.35, 1.3))
    air = gen.noise(n, ((700, -20), (2500, 0), (9000, -4), (20000, -30)))
    centre = gen.uniform(2500, 4500) * glide([0.9, 1.1, 0.8], 32)
    air = 0.2 * air + gen.resonances(
        air, [centre, 1.9 * centre], [900, 1500], [1.0, 0.6]
    )
    level = glide([0, 1, gen.uniform(0.6, 1), gen.uniform(0.3, 0.7), 0], n)
    level = level**0.7 * gen.drift(n, per_second=30, depth=0.12)
    return gen.fade(air * level, 0.005, 0.05)


def _barks(gen: SignalGenerator) -> np.ndarray:
    """One to five barks of one dog, small or large."""
    size = gen.uniform(0, 1)
    calls = [_bark(gen, size) for _ in range(gen.integers(1, 6))]
    gap = gen.uniform(0.05, 0.3)
    return _sequence(gen, calls, (gap, gap + 0.1))


def _bark(gen: SignalGenerator, size: float) -> np.ndarray:
    """A burst: hoarse voice, a mouth that snaps open and shut."""
    n = gen.n_samples(gen.uniform(0.09, 0.16) + 0.09 * size)
    pitch = 650 * 0.28**size * gen.normal(1, 0.06)
    voice = gen.vibrating_folds(
        pitch
        * glide([gen.uniform(0.6, 0.9), 1.1, 1.0, gen.uniform(0.5, 0.8)], n),
        tilt=gen.uniform(0.5, 0.9),
        roughness=gen.uniform(0.03, 0.1),
    )
    breath = gen.uniform(0.4, 1.0) * gen.noise(n, _BREATH)
    opening = glide([0.2, 1.0, 0.8, 0.1], 32)
    scale = 1.25 - 0.5 * size
    centres = [
        scale * (450 + 500 * opening),
        scale * (1300 + 500 * opening),
        scale * (2700 + 200 * opening),
        scale * np.full(32, 4000.0),
    ]
    call = gen.resonances(
        voice + breath, centres, [200, 250, 400, 700], [1.0, 0.9, 0.5, 0.3]
    )
    decay = np.exp(-np.linspace(0, gen.uniform(1.5, 3.5), n))
    return gen.fade(call * decay, gen.uniform(0.004, 0.015), 0.04)


def _whine(gen: SignalGenerator) -> np.ndarray:
    """A thin, high, gliding voice."""
    n = gen.n_samples(gen.uniform(0.4, 1.6))
    contour = gen.uniform(0.75, 1.25, gen.integers(4, 8))
    pitch = gen.log_uniform(450, 1300) * glide(contour, n)
    wobble = 0.02 * np.sin(2 * np.pi * gen.phase_of(np.full(n, 7.0)))
    voice = gen.vibrating_folds(
        pitch * (1 + wobble), tilt=gen.uniform(1.2, 2.2), roughness=0.008
    )
    breath = gen.uniform(0.05, 0.2) * gen.noise(n, _BREATH)
    call = gen.resonances(
        voice + breath, [900.0, 1900.0, 3200.0], [500, 500, 600], [1, 0.7, 0.4]
    )
    level = gen.drift(n, per_second=5, depth=0.4)
    return gen.fade(call * level, 0.08, 0.15)


def _growl(gen: SignalGenerator) -> np.ndarray:
    """A low, very rough voice that swells."""
    n = gen.n_samples(gen.uniform(0.8, 2.5))
    pitch = gen.uniform(45, 110) * glide(gen.uniform(0.85, 1.2, 5), n)
    voice = gen.vibrating_folds(
        pitch, tilt=0.5, roughness=gen.uniform(0.06, 0.15)
    )
    breath = gen.uniform(0.3, 0.8) * gen.noise(n, _BREATH)
    throat = [gen.uniform(250, 500), gen.uniform(800, 1300), 2300.0, 3500.0]
    call = gen.resonances(
        voice + breath * np.abs(voice),
        throat,
        [150, 250, 400, 600],
        [1.0, 0.7, 0.35, 0.2],
    )
    level = glide([0.2, *gen.uniform(0.5, 1.0, 4), 0.2], n)
    return gen.fade(call * level, 0.1, 0.15)

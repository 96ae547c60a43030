"""Liquids: running water (bubbles and spray) and frying (steam and fat)."""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.curves import (
    drift,
    fade,
    glide,
    lag,
    log_uniform,
    n_samples,
)
from lgc_plugin.data.soundscapes.synthesis.filters import resonances
from lgc_plugin.data.soundscapes.synthesis.sources import (
    modes,
    noise,
    overlay,
    poisson_impulses,
)

# Minnaert: a bubble of radius r metres in water sings at about 3.26 / r Hz.
_MINNAERT = 3.26


def running_water(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A tap over a basin, a stream or a vessel that fills.

    Returns (n,), 1.5 s to 8 s.
    """
    n = n_samples(rng.uniform(1.5, 8.0), sample_rate)
    flow = drift(rng, n, sample_rate, per_second=1.5, depth=0.25)
    flow *= _tap(rng, n, sample_rate)
    bubbles = _bubbles(rng, flow, log_uniform(rng, 40, 500), sample_rate)
    shape = (
        (150, rng.uniform(-25, -8)),
        (rng.uniform(500, 1500), 0),
        (rng.uniform(2500, 5000), rng.uniform(-10, 3)),
        (10000, rng.uniform(-25, -6)),
        (20000, -35),
    )
    spray = noise(rng, n, sample_rate, shape)
    spray *= drift(rng, n, sample_rate, per_second=25, depth=0.2) * flow
    bubbles /= np.sqrt(np.mean(bubbles**2)) + 1e-9
    mix = bubbles + log_uniform(rng, 0.15, 1.5) * spray
    kind = str(rng.choice(["open", "basin", "vessel"]))
    if kind == "basin":
        body = [log_uniform(rng, low, 2 * low) for low in (180, 450, 1100)]
        mix = 0.5 * mix + resonances(
            mix, body, [40, 80, 160], rng.uniform(0.5, 2.0, 3), sample_rate
        )
    elif kind == "vessel":
        # The column of air above the water shortens as the vessel fills.
        lowest = log_uniform(rng, 250, 600)
        rise = glide([lowest, lowest * 1.25, lowest * rng.uniform(1.6, 3)], 64)
        mix = 0.4 * mix + resonances(
            mix, [rise, 3 * rise], [60, 200], [2.0, 1.0], sample_rate
        )
    return fade(mix, 0.02, 0.05, sample_rate)


def _tap(rng: np.random.Generator, n: int, sample_rate: int) -> np.ndarray:
    """Relative flow (n,): opened or closed within the recording, or not."""
    switch = np.ones(n)
    if rng.random() < 0.4:
        closing = n_samples(rng.uniform(0.3, 0.6), sample_rate)
        switch[n - closing :] = 0.02
    start = 0.0 if rng.random() < 0.5 else 1.0
    return lag(switch, rng.uniform(0.04, 0.15), sample_rate, start)


def _bubbles(
    rng: np.random.Generator,
    flow: np.ndarray,
    per_second: float,
    sample_rate: int,
) -> np.ndarray:
    """Damped sinusoids whose pitch rises as each bubble nears the surface."""
    n = len(flow)
    chance = per_second * flow / sample_rate
    starts = np.flatnonzero(rng.random(n) < chance)
    count = len(starts)
    low, high = log_uniform(rng, 0.0007, 0.0012), log_uniform(rng, 0.003, 0.008)
    radius = np.exp(rng.uniform(np.log(low), np.log(high), count))
    pitch = _MINNAERT / radius
    # Small bubbles lose their energy faster; 0.13 / r + 0.0072 r^-1.5 fits
    # thermal and radiation damping.
    damping = 0.13 / radius + 0.0072 * radius**-1.5
    length = n_samples(0.03, sample_rate)
    second = np.arange(length) / sample_rate
    rise = rng.uniform(0.0, 0.25, count) * damping
    turns = pitch[:, None] * second * (1 + 0.5 * rise[:, None] * second)
    grains = np.sin(2 * np.pi * turns)
    grains *= np.exp(-damping[:, None] * second)
    grains *= np.minimum(1.0, np.arange(length, 0, -1) / (0.2 * length))
    top = pitch * (1 + rise * 0.03)
    loud = radius * rng.lognormal(0, 0.9, count) * (top < 0.47 * sample_rate)
    return overlay(grains * loud[:, None], starts, n)


def frying(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Food in hot fat: steam that hisses, drops that crackle.

    Returns (n,), 2 s to 8 s.
    """
    n = n_samples(rng.uniform(2.0, 8.0), sample_rate)
    heat = drift(rng, n, sample_rate, per_second=1.5, depth=0.3)
    if rng.random() < 0.3:
        # Something wet is dropped in: loud at first, then calmer.
        fresh = np.exp(-np.arange(n) / (rng.uniform(0.5, 2.5) * sample_rate))
        heat *= 0.35 + lag(fresh, 0.08, sample_rate)
    shape = (
        (200, -25),
        (rng.uniform(1000, 2500), rng.uniform(-8, 0)),
        (rng.uniform(3500, 6500), 0),
        (11000, rng.uniform(-12, 0)),
        (20000, -30),
    )
    hiss = noise(rng, n, sample_rate, shape) * heat
    hiss *= drift(rng, n, sample_rate, per_second=30, depth=0.2)
    crackle = np.zeros(n)
    for rate in (log_uniform(rng, 2, 12), log_uniform(rng, 30, 400)):
        pops = poisson_impulses(rng, rate * heat, sample_rate, spread=0.9)
        count = 5
        crackle += rate**-0.3 * modes(
            pops,
            np.exp(rng.uniform(np.log(900), np.log(7000), count)),
            np.exp(rng.uniform(np.log(0.0003), np.log(0.003), count)),
            rng.lognormal(0, 0.5, count),
            sample_rate,
        )
    crackle /= np.sqrt(np.mean(crackle**2)) + 1e-9
    mix = log_uniform(rng, 0.3, 2.0) * crackle + hiss
    return fade(mix, 0.05, 0.1, sample_rate)

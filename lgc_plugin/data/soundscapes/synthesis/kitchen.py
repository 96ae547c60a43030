"""Dishes that touch, running water (bubbles and spray), frying."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.signals import (
    SignalGenerator,
    glide,
    impulses,
    overlay,
)

# Minnaert: a bubble of radius r metres in water sings at about 3.26 / r Hz.
_MINNAERT = 3.26

# Time in seconds, strength, and the piece that is hit.
_Hit: TypeAlias = tuple[float, float, np.ndarray]


def dishes(gen: SignalGenerator) -> np.ndarray:
    """A clink, a stack that settles or a clatter of cutlery; up to 2.2 s."""
    kinds = (_clink, _settle, _clatter)
    kind = gen.choice(len(kinds), p=[0.35, 0.25, 0.4])
    pieces = kinds[kind](gen)
    end = max(time for time, _, _ in pieces) + 0.15
    longest = max(piece[2].max() for *_, piece in pieces)
    n = gen.n_samples(min(end + 3 * longest, 2.2))
    total = np.zeros(n)
    for time, strength, piece in pieces:
        total += strength * _hit(gen, n, time, piece)
    if gen.random() < 0.25:
        total += _scrape(gen, n, pieces[0][2])
    return gen.fade(total, 0.001, 0.4 * n / gen.sample_rate)


def _piece(gen: SignalGenerator) -> np.ndarray:
    """(3, M) frequencies, gains and decays of a plate, a glass or a fork."""
    kind = str(gen.choice(["plate", "glass", "cutlery", "pot"]))
    low, high, longest, spread = {
        "plate": (700, 1800, 0.12, 1.25),
        "glass": (1200, 3200, 0.35, 1.9),
        "cutlery": (1800, 4200, 0.12, 1.45),
        "pot": (250, 800, 0.30, 1.35),
    }[kind]
    count = int(gen.integers(6, 14))
    lowest = gen.log_uniform(low, high)
    ratios = spread ** gen.uniform(0.3, 1.4, count - 1)
    frequencies = lowest * np.cumprod([1.0, *ratios])
    decays = longest * gen.uniform(0.4, 1.2) * gen.uniform(0.4, 1.0, count)
    decays *= (frequencies / lowest) ** -0.6
    gains = gen.lognormal(0, 0.8, count) * (frequencies / lowest) ** -0.2
    return np.stack([frequencies, gains, decays])


def _clink(gen: SignalGenerator) -> list[_Hit]:
    """One or two touches of two pieces."""
    times = np.cumsum([0.005, *gen.uniform(0.05, 0.35, gen.integers(0, 3))])
    pair = [_piece(gen), _piece(gen)]
    return [
        (time, gen.lognormal(0, 0.4), piece) for time in times for piece in pair
    ]


def _settle(gen: SignalGenerator) -> list[_Hit]:
    """A piece that bounces to rest: ever faster, ever softer."""
    piece = _piece(gen)
    bounces = int(gen.integers(5, 14))
    gaps = gen.uniform(0.08, 0.25) * gen.uniform(0.7, 0.88) ** np.arange(
        bounces
    )
    times = np.cumsum([0.005, *gaps])
    fading = gen.uniform(0.75, 0.92) ** np.arange(bounces + 1)
    return [
        (time, strength * gen.lognormal(0, 0.2), piece)
        for time, strength in zip(times, fading, strict=True)
    ]


def _clatter(gen: SignalGenerator) -> list[_Hit]:
    """Several pieces put down or moved at once."""
    pieces = [_piece(gen) for _ in range(gen.integers(2, 5))]
    count = int(gen.integers(5, 16))
    times = 0.005 + np.sort(gen.uniform(0, gen.uniform(0.4, 1.6), count))
    return [
        (time, gen.lognormal(-0.3, 0.8), pieces[gen.integers(len(pieces))])
        for time in times
    ]


def _hit(
    gen: SignalGenerator, n: int, time: float, piece: np.ndarray
) -> np.ndarray:
    """One contact: a short pulse rings the modes, each a bit differently."""
    start = min(int(time * gen.sample_rate), n - 1)
    frequencies, gains, decays = piece
    contact = np.hanning(gen.n_samples(gen.log_uniform(0.0001, 0.0006)) + 2)
    excitation = impulses(
        n - start,
        np.arange(len(contact)),
        contact / contact.sum() * gen.normal(1, 0.3, len(contact)),
    )
    gains = gains * gen.uniform(0.3, 1.0, len(gains))
    hit = np.zeros(n)
    hit[start:] = gen.modes(excitation, frequencies, decays, gains)
    # The touch itself: a click of rough surfaces, over in milliseconds.
    click = gen.standard_normal(n - start) * np.exp(
        -np.arange(n - start) / (gen.uniform(0.001, 0.005) * gen.sample_rate)
    )
    hit[start:] += gen.uniform(0.05, 0.5) * gains.mean() * click
    return hit


def _scrape(gen: SignalGenerator, n: int, piece: np.ndarray) -> np.ndarray:
    """Cutlery drawn over a piece: rough noise through the same modes."""
    rough = gen.noise(n, ((500, -10), (3000, 0), (9000, -6)))
    stroke = glide([0.0, *gen.uniform(0.1, 1.0, 4), 0.0], n)
    frequencies, gains, decays = piece
    scrape = gen.modes(rough * stroke, frequencies, 0.2 * decays, gains)
    return gen.uniform(0.1, 0.4) * scrape / (np.abs(scrape).max() + 1e-9)


def running_water(gen: SignalGenerator) -> np.ndarray:
    """A tap over a basin, a stream or a vessel that fills; 1.5 s to 8 s."""
    n = gen.n_samples(gen.uniform(1.5, 8.0))
    flow = gen.drift(n, per_second=1.5, depth=0.25)
    flow *= _tap(gen, n)
    bubbles = _bubbles(gen, flow, gen.log_uniform(40, 500))
    shape = (
        (150, gen.uniform(-25, -8)),
        (gen.uniform(500, 1500), 0),
        (gen.uniform(2500, 5000), gen.uniform(-10, 3)),
        (10000, gen.uniform(-25, -6)),
        (20000, -35),
    )
    spray = gen.noise(n, shape)
    spray *= gen.drift(n, per_second=25, depth=0.2) * flow
    bubbles /= np.sqrt(np.mean(bubbles**2)) + 1e-9
    mix = bubbles + gen.log_uniform(0.15, 1.5) * spray
    kind = str(gen.choice(["open", "basin", "vessel"]))
    if kind == "basin":
        body = [gen.log_uniform(low, 2 * low) for low in (180, 450, 1100)]
        mix = 0.5 * mix + gen.resonances(
            mix, body, [40, 80, 160], gen.uniform(0.5, 2.0, 3)
        )
    elif kind == "vessel":
        # The column of air above the water shortens as the vessel fills.
        lowest = gen.log_uniform(250, 600)
        rise = glide([lowest, lowest * 1.25, lowest * gen.uniform(1.6, 3)], 64)
        mix = 0.4 * mix + gen.resonances(
            mix, [rise, 3 * rise], [60, 200], [2.0, 1.0]
        )
    return gen.fade(mix, 0.02, 0.05)


def _tap(gen: SignalGenerator, n: int) -> np.ndarray:
    """Relative flow (n,): opened or closed within the recording, or not."""
    switch = np.ones(n)
    if gen.random() < 0.4:
        closing = gen.n_samples(gen.uniform(0.3, 0.6))
        switch[n - closing :] = 0.02
    start = 0.0 if gen.random() < 0.5 else 1.0
    return gen.lag(switch, gen.uniform(0.04, 0.15), start)


def _bubbles(
    gen: SignalGenerator, flow: np.ndarray, per_second: float
) -> np.ndarray:
    """Damped sinusoids whose pitch rises as each bubble nears the surface."""
    n = len(flow)
    chance = per_second * flow / gen.sample_rate
    starts = np.flatnonzero(
        gen.random(
            n,
        )
        < chance
    )
    count = len(starts)
    low, high = gen.log_uniform(0.0007, 0.0012), gen.log_uniform(0.003, 0.008)
    radius = gen.log_uniform(low, high, count)
    pitch = _MINNAERT / radius
    # Small bubbles lose their energy faster; 0.13 / r + 0.0072 r^-1.5 fits
    # thermal and radiation damping.
    damping = 0.13 / radius + 0.0072 * radius**-1.5
    length = gen.n_samples(0.03)
    second = np.arange(length) / gen.sample_rate
    rise = gen.uniform(0.0, 0.25, count) * damping
    turns = pitch[:, None] * second * (1 + 0.5 * rise[:, None] * second)
    grains = np.sin(2 * np.pi * turns)
    grains *= np.exp(-damping[:, None] * second)
    grains *= np.minimum(1.0, np.arange(length, 0, -1) / (0.2 * length))
    top = pitch * (1 + rise * 0.03)
    loud = (
        radius * gen.lognormal(0, 0.9, count) * (top < 0.47 * gen.sample_rate)
    )
    return overlay(grains * loud[:, None], starts, n)


def frying(gen: SignalGenerator) -> np.ndarray:
    """Food in hot fat: steam that hisses, drops that crackle; 2 s to 8 s."""
    n = gen.n_samples(gen.uniform(2.0, 8.0))
    heat = gen.drift(n, per_second=1.5, depth=0.3)
    if gen.random() < 0.3:
        # Something wet is dropped in: loud at first, then calmer.
        fresh = np.exp(
            -np.arange(n) / (gen.uniform(0.5, 2.5) * gen.sample_rate)
        )
        heat *= 0.35 + gen.lag(fresh, 0.08)
    shape = (
        (200, -25),
        (gen.uniform(1000, 2500), gen.uniform(-8, 0)),
        (gen.uniform(3500, 6500), 0),
        (11000, gen.uniform(-12, 0)),
        (20000, -30),
    )
    hiss = gen.noise(n, shape) * heat
    hiss *= gen.drift(n, per_second=30, depth=0.2)
    crackle = np.zeros(n)
    for rate in (gen.log_uniform(2, 12), gen.log_uniform(30, 400)):
        pops = gen.poisson_impulses(rate * heat, spread=0.9)
        count = 5
        crackle += rate**-0.3 * gen.modes(
            pops,
            gen.log_uniform(900, 7000, count),
            gen.log_uniform(0.0003, 0.003, count),
            gen.lognormal(0, 0.5, count),
        )
    crackle /= np.sqrt(np.mean(crackle**2)) + 1e-9
    mix = gen.log_uniform(0.3, 2.0) * crackle + hiss
    return gen.fade(mix, 0.05, 0.1)

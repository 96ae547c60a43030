"""Dishes: plates, glasses and cutlery that touch."""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.curves import (
    fade,
    glide,
    log_uniform,
    n_samples,
)
from lgc_plugin.data.soundscapes.synthesis.sources import impulses, modes, noise


def dishes(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """One clink, a stack that settles, or cutlery that scrapes and clatters.

    Returns (n,), 0.2 s to 2.2 s.
    """
    kinds = (_clink, _settle, _clatter)
    kind = rng.choice(len(kinds), p=[0.35, 0.25, 0.4])
    pieces = kinds[kind](rng)
    end = max(time for time, _, _ in pieces) + 0.15
    longest = max(piece[2].max() for *_, piece in pieces)
    n = n_samples(min(end + 3 * longest, 2.2), sample_rate)
    total = np.zeros(n)
    for time, strength, piece in pieces:
        total += strength * _hit(rng, n, time, piece, sample_rate)
    if rng.random() < 0.25:
        total += _scrape(rng, n, pieces[0][2], sample_rate)
    return fade(total, 0.001, 0.4 * n / sample_rate, sample_rate)


def _piece(rng: np.random.Generator) -> np.ndarray:
    """(3, M) frequencies, gains and decays of a plate, a glass or a fork."""
    kind = str(rng.choice(["plate", "glass", "cutlery", "pot"]))
    low, high, longest, spread = {
        "plate": (700, 1800, 0.12, 1.25),
        "glass": (1200, 3200, 0.35, 1.9),
        "cutlery": (1800, 4200, 0.12, 1.45),
        "pot": (250, 800, 0.30, 1.35),
    }[kind]
    count = int(rng.integers(6, 14))
    lowest = log_uniform(rng, low, high)
    steps = spread ** rng.uniform(0.3, 1.4, count - 1)
    frequencies = lowest * np.cumprod([1.0, *steps])
    decays = longest * rng.uniform(0.4, 1.2) * rng.uniform(0.4, 1.0, count)
    decays *= (frequencies / lowest) ** -0.6
    gains = rng.lognormal(0, 0.8, count) * (frequencies / lowest) ** -0.2
    return np.stack([frequencies, gains, decays])


def _clink(
    rng: np.random.Generator,
) -> list[tuple[float, float, np.ndarray]]:
    """One or two touches of two pieces."""
    times = np.cumsum([0.005, *rng.uniform(0.05, 0.35, rng.integers(0, 3))])
    pair = [_piece(rng), _piece(rng)]
    return [
        (time, rng.lognormal(0, 0.4), piece) for time in times for piece in pair
    ]


def _settle(
    rng: np.random.Generator,
) -> list[tuple[float, float, np.ndarray]]:
    """A piece that bounces to rest: ever faster, ever softer."""
    piece = _piece(rng)
    bounces = int(rng.integers(5, 14))
    gaps = rng.uniform(0.08, 0.25) * rng.uniform(0.7, 0.88) ** np.arange(
        bounces
    )
    times = np.cumsum([0.005, *gaps])
    fading = rng.uniform(0.75, 0.92) ** np.arange(bounces + 1)
    return [
        (time, strength * rng.lognormal(0, 0.2), piece)
        for time, strength in zip(times, fading, strict=True)
    ]


def _clatter(
    rng: np.random.Generator,
) -> list[tuple[float, float, np.ndarray]]:
    """Several pieces put down or moved at once."""
    pieces = [_piece(rng) for _ in range(rng.integers(2, 5))]
    count = int(rng.integers(5, 16))
    times = 0.005 + np.sort(rng.uniform(0, rng.uniform(0.4, 1.6), count))
    return [
        (time, rng.lognormal(-0.3, 0.8), pieces[rng.integers(len(pieces))])
        for time in times
    ]


def _hit(
    rng: np.random.Generator,
    n: int,
    time: float,
    piece: np.ndarray,
    sample_rate: int,
) -> np.ndarray:
    """One contact: a short pulse rings the modes, each a bit differently."""
    start = min(int(time * sample_rate), n - 1)
    frequencies, gains, decays = piece
    contact = np.hanning(
        n_samples(log_uniform(rng, 0.0001, 0.0006), sample_rate) + 2
    )
    excitation = impulses(
        n - start,
        np.arange(len(contact)),
        contact / contact.sum() * rng.normal(1, 0.3, len(contact)),
    )
    gains = gains * rng.uniform(0.3, 1.0, len(gains))
    hit = np.zeros(n)
    hit[start:] = modes(excitation, frequencies, decays, gains, sample_rate)
    # The touch itself: a click of rough surfaces, over in milliseconds.
    click = rng.standard_normal(n - start) * np.exp(
        -np.arange(n - start) / (rng.uniform(0.001, 0.005) * sample_rate)
    )
    hit[start:] += rng.uniform(0.05, 0.5) * gains.mean() * click
    return hit


def _scrape(
    rng: np.random.Generator, n: int, piece: np.ndarray, sample_rate: int
) -> np.ndarray:
    """Cutlery drawn over a piece: rough noise through the same modes."""
    rough = noise(rng, n, sample_rate, ((500, -10), (3000, 0), (9000, -6)))
    stroke = glide([0.0, *rng.uniform(0.1, 1.0, 4), 0.0], n)
    frequencies, gains, decays = piece
    scrape = modes(
        rough * stroke, frequencies, 0.2 * decays, gains, sample_rate
    )
    return rng.uniform(0.1, 0.4) * scrape / (np.abs(scrape).max() + 1e-9)

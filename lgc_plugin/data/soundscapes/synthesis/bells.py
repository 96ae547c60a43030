"""Alarms: struck bells, beepers, sirens and telephones."""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.curves import (
    fade,
    glide,
    lag,
    log_uniform,
    n_samples,
    steps,
)
from lgc_plugin.data.soundscapes.synthesis.sources import (
    harmonic_wave,
    impulses,
    modes,
    n_harmonics,
    noise,
    phase_of,
)

# Partials of a tuned bell relative to its strike note (hum, prime, tierce,
# quint, nominal, ...): the series that campanology books give.
_BELL_RATIOS = np.array([0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0, 5.3])
# A small gong is nearer to a plate: partials spread as squares.
_GONG_RATIOS = np.array([1.0, 1.73, 2.3, 3.0, 4.1, 5.4, 6.8, 8.2])


def alarm(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """An alarm or a bell of a random kind.

    Returns (n,), 0.8 s to 7 s.
    """
    kinds = (_hammer_bell, _struck_bell, _beeper, _siren, _telephone)
    kind = rng.choice(len(kinds), p=[0.25, 0.2, 0.25, 0.15, 0.15])
    return kinds[kind](rng, sample_rate)


def _body(
    rng: np.random.Generator, ratios: np.ndarray, strike: float, decay: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frequencies, decays and gains of one bell; partials come in pairs that
    beat, since no bell is perfectly round.
    """
    tuned = strike * ratios * rng.normal(1, 0.02, len(ratios))
    split = tuned * (1 + rng.uniform(0.0005, 0.004, len(ratios)))
    frequencies = np.concatenate([tuned, split])
    decays = decay * (frequencies / strike) ** rng.uniform(-1.2, -0.6)
    gains = rng.lognormal(0, 0.7, len(frequencies)) / np.tile(ratios**0.3, 2)
    return frequencies, decays, gains


def _ring(
    rng: np.random.Generator,
    n: int,
    times: np.ndarray,
    body: tuple[np.ndarray, np.ndarray, np.ndarray],
    sample_rate: int,
) -> np.ndarray:
    """A bell struck at some seconds by a clapper of some hardness."""
    strikes = impulses(
        n,
        np.round(times * sample_rate).astype(int),
        rng.lognormal(0, 0.15, len(times)),
    )
    contact = np.hanning(
        n_samples(rng.uniform(0.0001, 0.0005), sample_rate) + 2
    )
    strikes = np.convolve(strikes, contact / contact.sum())[:n]
    return modes(strikes, *body, sample_rate)


def _hammer_bell(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A school or fire bell: one gong under a fast hammer."""
    seconds = rng.uniform(1.5, 6.0)
    per_second = log_uniform(rng, 7, 22)
    times = np.arange(0.01, seconds, 1 / per_second)
    times += rng.normal(0, 0.03 / per_second, len(times))
    decay = log_uniform(rng, 0.15, 0.8)
    body = _body(rng, _GONG_RATIOS, log_uniform(rng, 600, 2200), decay)
    n = n_samples(seconds + min(decay, 0.6), sample_rate)
    bell = _ring(rng, n, times, body, sample_rate)
    return fade(bell, 0.001, 0.05, sample_rate)


def _struck_bell(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A church, shop or bicycle bell: one or a few single strokes."""
    decay = log_uniform(rng, 0.25, 1.6)
    strokes = int(rng.integers(1, 6))
    gap = rng.uniform(0.35, 1.1) * min(1.0, decay + 0.3)
    times = 0.01 + gap * np.arange(strokes) * rng.normal(1, 0.02, strokes)
    body = _body(rng, _BELL_RATIOS, log_uniform(rng, 300, 1800), decay)
    n = n_samples(times[-1] + 2 * decay + 0.3, sample_rate)
    n = min(n, n_samples(7.0, sample_rate))
    bell = _ring(rng, n, times, body, sample_rate)
    return fade(bell, 0.001, 0.6 * decay, sample_rate)


def _tone(
    rng: np.random.Generator, frequency: np.ndarray, sample_rate: int
) -> np.ndarray:
    """An electronic tone: from a pure one to a harsh one."""
    frequency = np.minimum(frequency, 0.45 * sample_rate)
    order = np.arange(1, n_harmonics(frequency, sample_rate) + 1)
    amplitudes = order ** -rng.uniform(0.8, 3.0)
    if rng.random() < 0.5:
        # A square wave lacks the even harmonics.
        amplitudes[1::2] *= 0.05
    return harmonic_wave(phase_of(frequency, sample_rate), amplitudes)


def _beeper(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A clock, a smoke detector, an oven: beeps in groups, of 1 or 2 tones."""
    beep = log_uniform(rng, 0.05, 0.5)
    gap = beep * rng.uniform(0.6, 1.4)
    pause = gap + rng.choice([0.0, rng.uniform(0.3, 0.9)])
    beeps = 1 + int(rng.uniform(1.2, 5.0) / (beep + 0.5 * (gap + pause)))
    order = np.arange(beeps)
    rests = np.where((order + 1) % rng.integers(1, 5) == 0, pause, gap)
    low = log_uniform(rng, 700, 3600)
    high = low * rng.choice([1.0, 1.0, 1.25, 1.5, 0.8])
    pitches = np.where(order % 2 == 0, low, high)
    # Every beep but the last is followed by a rest of the same pitch.
    lengths = np.column_stack([np.full(beeps, beep), rests]).ravel()[:-1]
    samples = [n_samples(length, sample_rate) for length in lengths]
    tone = _tone(rng, steps(pitches.repeat(2)[:-1], samples, 1), sample_rate)
    edge = n_samples(rng.uniform(0.002, 0.012), sample_rate)
    return tone * steps(np.tile([1.0, 0.0], beeps)[:-1], samples, edge)


def _siren(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A wail, a yelp or two tones in turn, filtered by a horn."""
    seconds = rng.uniform(2.0, 6.5)
    n = n_samples(seconds, sample_rate)
    low = log_uniform(rng, 400, 1300)
    high = low * rng.uniform(1.2, 2.6)
    turns = phase_of(
        np.full(n, log_uniform(rng, 0.3, 5.0)) * glide([1, 1.05], n),
        sample_rate,
    )
    turns = (turns + rng.random()) % 1.0
    sweep = {
        "wail": 0.5 - 0.5 * np.cos(2 * np.pi * turns),
        "yelp": turns,
        "two tones": np.clip(40 * (np.abs(turns - 0.5) - 0.25), 0, 1),
    }[str(rng.choice(["wail", "yelp", "two tones"]))]
    tone = _tone(rng, low * (high / low) ** sweep, sample_rate)
    air = noise(rng, n, sample_rate, ((300, -20), (1500, 0), (6000, -15)))
    tone += rng.uniform(0.002, 0.02) * air
    return fade(
        tone, rng.uniform(0.02, 0.5), rng.uniform(0.05, 0.8), sample_rate
    )


def _telephone(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A telephone: two gongs in turn, or an electronic warble."""
    rings = int(rng.integers(1, 4))
    burst, pause = rng.uniform(0.4, 1.8), rng.uniform(0.2, 1.0)
    per_second = log_uniform(rng, 14, 28)
    single = np.arange(0.01, burst, 1 / per_second)
    times = np.concatenate([single + i * (burst + pause) for i in range(rings)])
    n = n_samples(min(times[-1] + 0.4, 7.0), sample_rate)
    low = log_uniform(rng, 900, 2000)
    high = low * rng.uniform(1.1, 1.5)
    if rng.random() < 0.6:
        decay = log_uniform(rng, 0.08, 0.35)
        gongs = [
            _body(rng, _GONG_RATIOS, pitch, decay) for pitch in (low, high)
        ]
        return fade(
            _ring(rng, n, times[::2], gongs[0], sample_rate)
            + _ring(rng, n, times[1::2], gongs[1], sample_rate),
            0.001,
            0.1,
            sample_rate,
        )
    second = np.arange(n) / sample_rate
    warble = np.where((second * per_second) % 1 < 0.5, low, high)
    audible = (second % (burst + pause) < burst).astype(float)
    gate = lag(audible, 0.003, sample_rate)
    return _tone(rng, warble, sample_rate) * gate

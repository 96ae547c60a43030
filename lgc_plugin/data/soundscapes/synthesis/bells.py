"""Alarms: struck bells, beepers, sirens and telephones."""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.signals import (
    SignalGenerator,
    glide,
    harmonic_wave,
    impulses,
    steps,
)

# Partials of a tuned bell relative to its strike note (hum, prime, tierce,
# quint, nominal, ...): the series that campanology books give.
_BELL_RATIOS = np.array([0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0, 5.3])
# A small gong is nearer to a plate: partials spread as squares.
_GONG_RATIOS = np.array([1.0, 1.73, 2.3, 3.0, 4.1, 5.4, 6.8, 8.2])


def alarm(gen: SignalGenerator) -> np.ndarray:
    """An alarm or a bell of a random kind; 0.8 s to 7 s."""
    return gen.one_of(
        {
            _hammer_bell: 0.25,
            _struck_bell: 0.2,
            _beeper: 0.25,
            _siren: 0.15,
            _telephone: 0.15,
        }
    )


def _body(
    gen: SignalGenerator, ratios: np.ndarray, strike: float, decay: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frequencies, decays and gains of one bell; partials come in pairs that
    beat, since no bell is perfectly round.
    """
    tuned = strike * ratios * gen.normal(1, 0.02, len(ratios))
    split = tuned * (1 + gen.uniform(0.0005, 0.004, len(ratios)))
    frequencies = np.concatenate([tuned, split])
    decays = decay * (frequencies / strike) ** gen.uniform(-1.2, -0.6)
    gains = gen.lognormal(0, 0.7, len(frequencies)) / np.tile(ratios**0.3, 2)
    return frequencies, decays, gains


def _ring(
    gen: SignalGenerator,
    n: int,
    times: np.ndarray,
    body: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """A bell struck at some seconds by a clapper of some hardness."""
    strikes = impulses(
        n,
        np.round(times * gen.sample_rate).astype(int),
        gen.lognormal(0, 0.15, len(times)),
    )
    contact = np.hanning(gen.n_samples(gen.uniform(0.0001, 0.0005)) + 2)
    strikes = np.convolve(strikes, contact / contact.sum())[:n]
    return gen.modes(strikes, *body)


def _hammer_bell(gen: SignalGenerator) -> np.ndarray:
    """A school or fire bell: one gong under a fast hammer."""
    seconds = gen.uniform(1.5, 6.0)
    per_second = gen.log_uniform(7, 22)
    times = np.arange(0.01, seconds, 1 / per_second)
    times += gen.normal(0, 0.03 / per_second, len(times))
    decay = gen.log_uniform(0.15, 0.8)
    body = _body(gen, _GONG_RATIOS, gen.log_uniform(600, 2200), decay)
    n = gen.n_samples(seconds + min(decay, 0.6))
    bell = _ring(gen, n, times, body)
    return gen.fade(bell, 0.001, 0.05)


def _struck_bell(gen: SignalGenerator) -> np.ndarray:
    """A church, shop or bicycle bell: one or a few single strokes."""
    decay = gen.log_uniform(0.25, 1.6)
    strokes = int(gen.integers(1, 6))
    gap = gen.uniform(0.35, 1.1) * min(1.0, decay + 0.3)
    times = 0.01 + gap * np.arange(strokes) * gen.normal(1, 0.02, strokes)
    body = _body(gen, _BELL_RATIOS, gen.log_uniform(300, 1800), decay)
    n = gen.n_samples(times[-1] + 2 * decay + 0.3)
    n = min(n, gen.n_samples(7.0))
    bell = _ring(gen, n, times, body)
    return gen.fade(bell, 0.001, 0.6 * decay)


def _tone(gen: SignalGenerator, frequency: np.ndarray) -> np.ndarray:
    """An electronic tone: from a pure one to a harsh one."""
    frequency = np.minimum(frequency, 0.45 * gen.sample_rate)
    order = np.arange(1, gen.n_harmonics(frequency) + 1)
    amplitudes = order ** -gen.uniform(0.8, 3.0)
    if gen.random() < 0.5:
        # A square wave lacks the even harmonics.
        amplitudes[1::2] *= 0.05
    return harmonic_wave(gen.phase_of(frequency), amplitudes)


def _beeper(gen: SignalGenerator) -> np.ndarray:
    """A clock, a smoke detector, an oven: beeps in groups, of 1 or 2 tones."""
    beep = gen.log_uniform(0.05, 0.5)
    gap = beep * gen.uniform(0.6, 1.4)
    pause = gap + gen.choice([0.0, gen.uniform(0.3, 0.9)])
    beeps = 1 + int(gen.uniform(1.2, 5.0) / (beep + 0.5 * (gap + pause)))
    order = np.arange(beeps)
    rests = np.where((order + 1) % gen.integers(1, 5) == 0, pause, gap)
    low = gen.log_uniform(700, 3600)
    high = low * gen.choice([1.0, 1.0, 1.25, 1.5, 0.8])
    pitches = np.where(order % 2 == 0, low, high)
    # Every beep but the last is followed by a rest of the same pitch.
    lengths = np.column_stack([np.full(beeps, beep), rests]).ravel()[:-1]
    samples = [gen.n_samples(length) for length in lengths]
    tone = _tone(gen, steps(pitches.repeat(2)[:-1], samples, 1))
    edge = gen.n_samples(gen.uniform(0.002, 0.012))
    return tone * steps(np.tile([1.0, 0.0], beeps)[:-1], samples, edge)


def _siren(gen: SignalGenerator) -> np.ndarray:
    """A wail, a yelp or two tones in turn, filtered by a horn."""
    seconds = gen.uniform(2.0, 6.5)
    n = gen.n_samples(seconds)
    low = gen.log_uniform(400, 1300)
    high = low * gen.uniform(1.2, 2.6)
    turns = gen.phase_of(
        np.full(n, gen.log_uniform(0.3, 5.0)) * glide([1, 1.05], n)
    )
    turns = (turns + gen.random()) % 1.0
    sweep = {
        "wail": 0.5 - 0.5 * np.cos(2 * np.pi * turns),
        "yelp": turns,
        "two tones": np.clip(40 * (np.abs(turns - 0.5) - 0.25), 0, 1),
    }[str(gen.choice(["wail", "yelp", "two tones"]))]
    tone = _tone(gen, low * (high / low) ** sweep)
    air = gen.noise(n, ((300, -20), (1500, 0), (6000, -15)))
    tone += gen.uniform(0.002, 0.02) * air
    return gen.fade(tone, gen.uniform(0.02, 0.5), gen.uniform(0.05, 0.8))


def _telephone(gen: SignalGenerator) -> np.ndarray:
    """A telephone: two gongs in turn, or an electronic warble."""
    rings = int(gen.integers(1, 4))
    burst, pause = gen.uniform(0.4, 1.8), gen.uniform(0.2, 1.0)
    per_second = gen.log_uniform(14, 28)
    single = np.arange(0.01, burst, 1 / per_second)
    times = np.concatenate([single + i * (burst + pause) for i in range(rings)])
    n = gen.n_samples(min(times[-1] + 0.4, 7.0))
    low = gen.log_uniform(900, 2000)
    high = low * gen.uniform(1.1, 1.5)
    if gen.random() < 0.6:
        decay = gen.log_uniform(0.08, 0.35)
        gongs = [
            _body(gen, _GONG_RATIOS, pitch, decay) for pitch in (low, high)
        ]
        return gen.fade(
            _ring(gen, n, times[::2], gongs[0])
            + _ring(gen, n, times[1::2], gongs[1]),
            0.001,
            0.1,
        )
    second = np.arange(n) / gen.sample_rate
    warble = np.where((second * per_second) % 1 < 0.5, low, high)
    audible = (second % (burst + pause) < burst).astype(float)
    gate = gen.lag(audible, 0.003)
    return _tone(gen, warble) * gate

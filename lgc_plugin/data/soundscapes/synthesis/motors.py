"""Motors: blender, shaver or toothbrush, vacuum cleaner.

The three share a rotor with harmonics of its speed, brush noise that pulses
with the rotation, and inertia; they differ in speed, load and air.
"""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.curves import (
    drift,
    fade,
    lag,
    log_uniform,
    n_samples,
    steps,
)
from lgc_plugin.data.soundscapes.synthesis.filters import (
    resonances,
    tube_resonances,
)
from lgc_plugin.data.soundscapes.synthesis.sources import (
    harmonic_wave,
    modes,
    n_harmonics,
    noise,
    phase_of,
    poisson_impulses,
)

# Hz above which a motor's harmonics are damped.
_HIGHEST = 6000.0


def _spin(
    rng: np.random.Generator, n: int, sample_rate: int, inertia: float
) -> np.ndarray:
    """Relative speed: some recordings hold the start or the stop, some not."""
    switch = np.ones(n)
    if rng.random() < 0.5:
        stop = n_samples(min(3 * inertia, 0.25 * n / sample_rate), sample_rate)
        switch[n - stop :] = 0.0
    running = rng.random() < 0.5
    return lag(switch, inertia, sample_rate, start=1.0 if running else 0.1)


def _rotor(
    rng: np.random.Generator,
    speed: np.ndarray,
    sample_rate: int,
    *,
    tilt: float,
    blades: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Tone of a rotor (RMS 1 at full speed) and its phase in turns.

    ``speed`` is in Hz, ``tilt`` the exponent by which harmonics weaken; every
    ``blades``-th harmonic stands out.
    """
    phase = phase_of(speed, sample_rate)
    order = np.arange(1, n_harmonics(speed, sample_rate) + 1)
    amplitudes = order**-tilt * rng.lognormal(0, 0.7, len(order))
    amplitudes[blades - 1 :: blades] *= rng.uniform(1.5, 4.0)
    # No housing shakes much faster, whatever the sample rate could hold.
    amplitudes /= 1 + (order * np.max(speed) / _HIGHEST) ** 2
    amplitudes /= np.sqrt(np.sum(amplitudes**2) / 2)
    angles = rng.uniform(0, 2 * np.pi, len(order))
    return harmonic_wave(phase, amplitudes, angles), phase


def blender(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A blender: fast, loaded, with pieces that hit the jar.

    Returns (n,), 1.5 s to 7 s.
    """
    n = n_samples(rng.uniform(1.5, 7.0), sample_rate)
    inertia = log_uniform(rng, 0.06, 0.35)
    run = _pulsed if rng.random() < 0.3 else _spin
    spin = run(rng, n, sample_rate, inertia)
    hits = _pieces(rng, spin, sample_rate)
    # Each piece between the blades slows the rotor for a moment.
    load = lag(np.abs(hits), 0.05, sample_rate) * 0.05 * sample_rate
    spin = spin / (1 + rng.uniform(0.01, 0.06) * load)
    spin *= drift(rng, n, sample_rate, per_second=4, depth=0.03)
    tone, phase = _rotor(
        rng,
        log_uniform(rng, 120, 330) * spin,
        sample_rate,
        tilt=rng.uniform(0.4, 1.2),
        blades=int(rng.choice([2, 3, 4, 6])),
    )
    shape = (
        (100, -12),
        (rng.uniform(300, 900), 0),
        (rng.uniform(1500, 4000), -3),
        (9000, -18),
    )
    churn = noise(rng, n, sample_rate, shape)
    churn *= 1 + 0.6 * np.cos(2 * np.pi * phase)
    churn *= drift(rng, n, sample_rate, per_second=9, depth=0.25)
    mix = rng.uniform(0.5, 1.2) * tone + rng.uniform(0.4, 1.2) * churn
    jar = rng.uniform(0.2, 1.0) * _jar(rng, hits, sample_rate)
    return fade(mix * spin**2 + jar, 0.01, 0.05, sample_rate)


def _pieces(
    rng: np.random.Generator, spin: np.ndarray, sample_rate: int
) -> np.ndarray:
    """Impulses (n,): pieces hit the jar, fewer as they get smaller."""
    n = len(spin)
    rate = log_uniform(rng, 5, 80) * spin**2
    rate *= drift(rng, n, sample_rate, per_second=2, depth=0.8)
    rate *= np.exp(-np.linspace(0, rng.uniform(0, 3), n))
    return poisson_impulses(rng, rate, sample_rate)


def _jar(
    rng: np.random.Generator, hits: np.ndarray, sample_rate: int
) -> np.ndarray:
    """A jar that is hit: some quickly damped modes."""
    count = 7
    return modes(
        hits,
        np.exp(rng.uniform(np.log(350), np.log(5000), count)),
        rng.uniform(0.004, 0.025, count),
        rng.lognormal(0, 0.5, count),
        sample_rate,
    )


def _pulsed(
    rng: np.random.Generator, n: int, sample_rate: int, inertia: float
) -> np.ndarray:
    """Relative speed under a pulse button: a few short runs."""
    runs = int(rng.integers(2, 6))
    shares = rng.uniform(0.5, 1.5, 2 * runs)
    shares[1::2] *= 0.6
    lengths = np.diff(np.round(np.cumsum([0, *shares]) / shares.sum() * n))
    switch = steps(np.tile([1.0, 0.0], runs), lengths.astype(int), 1)
    return lag(switch, min(inertia, 0.15), sample_rate)


def shaver(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """An electric shaver or toothbrush: a small motor against skin or teeth.

    Returns (n,), 1.5 s to 7 s.
    """
    n = n_samples(rng.uniform(1.5, 7.0), sample_rate)
    speed, wander, touch = _handheld(rng, n, sample_rate)
    spin = _spin(rng, n, sample_rate, log_uniform(rng, 0.02, 0.12))
    spin *= drift(rng, n, sample_rate, per_second=3, depth=wander)
    spin *= 1 - 10 * wander * rng.uniform(0, 0.5) * touch
    bright, phase = _rotor(
        rng, speed * spin, sample_rate, tilt=rng.uniform(0, 0.5), blades=2
    )
    dull, _ = _rotor(
        rng, speed * spin, sample_rate, tilt=rng.uniform(0.8, 1.6), blades=2
    )
    case = [log_uniform(rng, low, 2.5 * low) for low in (400, 1000, 2500)]
    buzz = touch * bright + (1 - touch) * dull
    buzz = 0.3 * buzz + resonances(
        buzz, case, [120, 250, 600], rng.uniform(0.4, 2.0, 3), sample_rate
    )
    shape = (
        (500, -20),
        (rng.uniform(2000, 5000), 0),
        (10000, -8),
        (20000, -30),
    )
    rub = noise(rng, n, sample_rate, shape) * touch
    rub *= 1 + 0.9 * np.cos(2 * np.pi * phase)
    mix = buzz * (0.6 + 0.8 * touch) + rng.uniform(0.05, 0.5) * rub
    return fade(mix * spin**2, 0.01, 0.03, sample_rate)


def _handheld(
    rng: np.random.Generator, n: int, sample_rate: int
) -> tuple[float, float, np.ndarray]:
    """A device: its speed in Hz, how much the speed wanders, and how firmly
    it is held against the skin or the teeth, (n,) from 0 to 1.
    """
    kind = str(rng.choice(["mains", "rotary", "toothbrush"]))
    if kind == "mains":
        # The armature is pulled twice in each period of the mains.
        speed = rng.choice([100.0, 120.0]) * rng.normal(1, 0.002)
        contact = drift(rng, n, sample_rate, per_second=3, depth=0.6)
        wander = 0.0005
    elif kind == "rotary":
        speed = log_uniform(rng, 70, 180)
        contact = drift(rng, n, sample_rate, per_second=2, depth=0.7)
        wander = 0.025
    else:
        speed = log_uniform(rng, 110, 280)
        contact = _strokes(rng, n, sample_rate)
        wander = 0.008
    return float(speed), wander, contact / (1 + contact)


def _strokes(rng: np.random.Generator, n: int, sample_rate: int) -> np.ndarray:
    """Pressure of a brush that moves to and fro, between about 0.1 and 5."""
    per_second = rng.uniform(1.5, 5.0) * drift(
        rng, n, sample_rate, per_second=1, depth=0.2
    )
    turn = np.sin(2 * np.pi * phase_of(per_second, sample_rate))
    slow = drift(rng, n, sample_rate, per_second=1, depth=0.5)
    return slow * np.exp(rng.uniform(0.6, 1.5) * turn)


def vacuum_cleaner(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A vacuum cleaner: air through a tube over the hum and whine of a fan.

    Returns (n,), 3 s to 8 s.
    """
    n = n_samples(rng.uniform(3.0, 8.0), sample_rate)
    spin = _spin(rng, n, sample_rate, log_uniform(rng, 0.2, 0.9))
    floor = drift(rng, n, sample_rate, per_second=1.2, depth=0.35)
    # A nozzle pressed to the floor starves the fan, which then runs faster.
    whine, _ = _rotor(
        rng,
        log_uniform(rng, 150, 480) * spin * floor ** rng.uniform(0.0, 0.12),
        sample_rate,
        tilt=rng.uniform(0.7, 1.5),
        blades=int(rng.integers(5, 12)),
    )
    mains = float(rng.choice([100.0, 120.0]))
    hum, _ = _rotor(rng, np.full(n, mains), sample_rate, tilt=1.5, blades=2)
    mix = (
        _tube_air(rng, floor, sample_rate)
        + rng.uniform(0.05, 0.45) * whine
        + rng.uniform(0.02, 0.2) * hum
    )
    return fade(mix * spin**2, 0.02, 0.1, sample_rate)


def _tube_air(
    rng: np.random.Generator, floor: np.ndarray, sample_rate: int
) -> np.ndarray:
    """Air through a tube, whose resonances move with the nozzle."""
    n = len(floor)
    shape = (
        (60, -14),
        (rng.uniform(150, 500), 0),
        (rng.uniform(900, 2500), rng.uniform(-6, 1)),
        (5000, rng.uniform(-16, -6)),
        (10000, -24),
    )
    air = noise(rng, n, sample_rate, shape)
    tube = tube_resonances(rng.uniform(0.15, 0.6), 5)
    knots = floor[:: max(1, sample_rate // 20)] ** 0.3
    air = 0.5 * air + resonances(
        air,
        [frequency * knots for frequency in tube],
        [90 + 0.08 * frequency for frequency in tube],
        rng.uniform(0.3, 1.5, len(tube)),
        sample_rate,
    )
    return air * floor**0.5

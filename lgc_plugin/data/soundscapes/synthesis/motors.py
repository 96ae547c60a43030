"""Motors: blender, shaver or toothbrush, vacuum cleaner.

The three share a rotor with harmonics of its speed, brush noise that pulses
with the rotation, and inertia; they differ in speed, load and air.
"""

from __future__ import annotations

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.signals import (
    SignalGenerator,
    harmonic_wave,
    steps,
)

# Hz above which a motor's harmonics are damped.
_HIGHEST = 6000.0
_SPEED_OF_SOUND = 343.0


def _spin(gen: SignalGenerator, n: int, inertia: float) -> np.ndarray:
    """Relative speed: some recordings hold the start or the stop, some not."""
    switch = np.ones(n)
    if gen.random() < 0.5:
        stop = gen.n_samples(min(3 * inertia, 0.25 * n / gen.sample_rate))
        switch[n - stop :] = 0.0
    running = gen.random() < 0.5
    return gen.lag(switch, inertia, start=1.0 if running else 0.1)


def _rotor(
    gen: SignalGenerator, speed: np.ndarray, *, tilt: float, blades: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tone of a rotor (RMS 1 at full speed) and its phase in turns.

    ``speed`` is in Hz, ``tilt`` the exponent by which harmonics weaken; every
    ``blades``-th harmonic stands out.
    """
    phase = gen.phase_of(speed)
    order = np.arange(1, gen.n_harmonics(speed) + 1)
    amplitudes = order**-tilt * gen.lognormal(0, 0.7, len(order))
    amplitudes[blades - 1 :: blades] *= gen.uniform(1.5, 4.0)
    # No housing shakes much faster, whatever the sample rate could hold.
    amplitudes /= 1 + (order * np.max(speed) / _HIGHEST) ** 2
    amplitudes /= np.sqrt(np.sum(amplitudes**2) / 2)
    angles = gen.uniform(0, 2 * np.pi, len(order))
    return harmonic_wave(phase, amplitudes, angles), phase


def blender(gen: SignalGenerator) -> np.ndarray:
    """A blender: fast, loaded, with pieces that hit the jar; 1.5 s to 7 s."""
    n = gen.n_samples(gen.uniform(1.5, 7.0))
    inertia = gen.log_uniform(0.06, 0.35)
    run = _pulsed if gen.random() < 0.3 else _spin
    spin = run(gen, n, inertia)
    hits = _pieces(gen, spin)
    # Each piece between the blades slows the rotor for a moment.
    load = gen.lag(np.abs(hits), 0.05) * 0.05 * gen.sample_rate
    spin = spin / (1 + gen.uniform(0.01, 0.06) * load)
    spin *= gen.drift(n, per_second=4, depth=0.03)
    tone, phase = _rotor(
        gen,
        gen.log_uniform(120, 330) * spin,
        tilt=gen.uniform(0.4, 1.2),
        blades=int(gen.choice([2, 3, 4, 6])),
    )
    shape = (
        (100, -12),
        (gen.uniform(300, 900), 0),
        (gen.uniform(1500, 4000), -3),
        (9000, -18),
    )
    churn = gen.noise(n, shape)
    churn *= 1 + 0.6 * np.cos(2 * np.pi * phase)
    churn *= gen.drift(n, per_second=9, depth=0.25)
    mix = gen.uniform(0.5, 1.2) * tone + gen.uniform(0.4, 1.2) * churn
    jar = gen.uniform(0.2, 1.0) * gen.modes(
        hits,
        gen.log_uniform(350, 5000, 7),
        gen.uniform(0.004, 0.025, 7),
        gen.lognormal(0, 0.5, 7),
    )
    return gen.fade(mix * spin**2 + jar, 0.01, 0.05)


def _pieces(gen: SignalGenerator, spin: np.ndarray) -> np.ndarray:
    """Impulses (n,): pieces hit the jar, fewer as they get smaller."""
    n = len(spin)
    rate = gen.log_uniform(5, 80) * spin**2
    rate *= gen.drift(n, per_second=2, depth=0.8)
    rate *= np.exp(-np.linspace(0, gen.uniform(0, 3), n))
    return gen.poisson_impulses(rate)


def _pulsed(gen: SignalGenerator, n: int, inertia: float) -> np.ndarray:
    """Relative speed under a pulse button: a few short runs."""
    runs = int(gen.integers(2, 6))
    shares = gen.uniform(0.5, 1.5, 2 * runs)
    shares[1::2] *= 0.6
    lengths = np.diff(np.round(np.cumsum([0, *shares]) / shares.sum() * n))
    switch = steps(np.tile([1.0, 0.0], runs), lengths.astype(int), 1)
    return gen.lag(switch, min(inertia, 0.15))


def shaver(gen: SignalGenerator) -> np.ndarray:
    """A small motor against skin or teeth; 1.5 s to 7 s."""
    n = gen.n_samples(gen.uniform(1.5, 7.0))
    speed, wander, touch = _handheld(gen, n)
    spin = _spin(gen, n, gen.log_uniform(0.02, 0.12))
    spin *= gen.drift(n, per_second=3, depth=wander)
    spin *= 1 - 10 * wander * gen.uniform(0, 0.5) * touch
    bright, phase = _rotor(
        gen, speed * spin, tilt=gen.uniform(0, 0.5), blades=2
    )
    dull, _ = _rotor(gen, speed * spin, tilt=gen.uniform(0.8, 1.6), blades=2)
    case = [gen.log_uniform(low, 2.5 * low) for low in (400, 1000, 2500)]
    buzz = touch * bright + (1 - touch) * dull
    buzz = 0.3 * buzz + gen.resonances(
        buzz, case, [120, 250, 600], gen.uniform(0.4, 2.0, 3)
    )
    shape = (
        (500, -20),
        (gen.uniform(2000, 5000), 0),
        (10000, -8),
        (20000, -30),
    )
    rub = gen.noise(n, shape) * touch
    rub *= 1 + 0.9 * np.cos(2 * np.pi * phase)
    mix = buzz * (0.6 + 0.8 * touch) + gen.uniform(0.05, 0.5) * rub
    return gen.fade(mix * spin**2, 0.01, 0.03)


def _handheld(gen: SignalGenerator, n: int) -> tuple[float, float, np.ndarray]:
    """A device: its speed in Hz, how much the speed wanders, and how firmly
    it is held against the skin or the teeth, (n,) from 0 to 1.
    """
    kind = str(gen.choice(["mains", "rotary", "toothbrush"]))
    if kind == "mains":
        # The armature is pulled twice in each period of the mains.
        speed = gen.choice([100.0, 120.0]) * gen.normal(1, 0.002)
        contact = gen.drift(n, per_second=3, depth=0.6)
        wander = 0.0005
    elif kind == "rotary":
        speed = gen.log_uniform(70, 180)
        contact = gen.drift(n, per_second=2, depth=0.7)
        wander = 0.025
    else:
        speed = gen.log_uniform(110, 280)
        contact = _strokes(gen, n)
        wander = 0.008
    return float(speed), wander, contact / (1 + contact)


def _strokes(gen: SignalGenerator, n: int) -> np.ndarray:
    """Pressure of a brush that moves to and fro, between about 0.1 and 5."""
    per_second = gen.uniform(1.5, 5.0) * gen.drift(n, per_second=1, depth=0.2)
    turn = np.sin(2 * np.pi * gen.phase_of(per_second))
    slow = gen.drift(n, per_second=1, depth=0.5)
    return slow * np.exp(gen.uniform(0.6, 1.5) * turn)


def vacuum_cleaner(gen: SignalGenerator) -> np.ndarray:
    """Air through a tube over the hum and whine of a fan; 3 s to 8 s."""
    n = gen.n_samples(gen.uniform(3.0, 8.0))
    spin = _spin(gen, n, gen.log_uniform(0.2, 0.9))
    floor = gen.drift(n, per_second=1.2, depth=0.35)
    # A nozzle pressed to the floor starves the fan, which then runs faster.
    whine, _ = _rotor(
        gen,
        gen.log_uniform(150, 480) * spin * floor ** gen.uniform(0.0, 0.12),
        tilt=gen.uniform(0.7, 1.5),
        blades=int(gen.integers(5, 12)),
    )
    mains = float(gen.choice([100.0, 120.0]))
    hum, _ = _rotor(gen, np.full(n, mains), tilt=1.5, blades=2)
    mix = (
        _tube_air(gen, floor)
        + gen.uniform(0.05, 0.45) * whine
        + gen.uniform(0.02, 0.2) * hum
    )
    return gen.fade(mix * spin**2, 0.02, 0.1)


def _tube_air(gen: SignalGenerator, floor: np.ndarray) -> np.ndarray:
    """Air through a tube, whose resonances move with the nozzle."""
    n = len(floor)
    shape = (
        (60, -14),
        (gen.uniform(150, 500), 0),
        (gen.uniform(900, 2500), gen.uniform(-6, 1)),
        (5000, gen.uniform(-16, -6)),
        (10000, -24),
    )
    air = gen.noise(n, shape)
    # A tube closed at one end sounds at odd multiples of a quarter wave.
    length = gen.uniform(0.15, 0.6)
    tube = _SPEED_OF_SOUND / (4 * length) * (2 * np.arange(5) + 1)
    knots = floor[:: max(1, gen.sample_rate // 20)] ** 0.3
    air = 0.5 * air + gen.resonances(
        air,
        [frequency * knots for frequency in tube],
        [90 + 0.08 * frequency for frequency in tube],
        gen.uniform(0.3, 1.5, len(tube)),
    )
    return air * floor**0.5

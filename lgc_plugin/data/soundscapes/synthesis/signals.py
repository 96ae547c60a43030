"""Signals at one sample rate, random and not: what every sound is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import uniform_filter1d
from scipy.signal import istft, lfilter, stft

# (Hz, dB) points of a spectrum, by rising frequency.
Shape: TypeAlias = Sequence[tuple[float, float]]

_TABLE = 4096


class SignalGenerator(np.random.Generator):
    """Draws random numbers and makes signals (n,) at one sample rate."""

    def __init__(self, rng: np.random.Generator, sample_rate: int) -> None:
        super().__init__(rng.bit_generator)
        self.sample_rate = sample_rate

    def one_of(
        self, kinds: Mapping[Callable[[SignalGenerator], np.ndarray], float]
    ) -> np.ndarray:
        """The sound of one kind, drawn with the probabilities given."""
        kind = self.choice(len(kinds), p=list(kinds.values()))
        return list(kinds)[kind](self)

    def n_samples(self, seconds: float) -> int:
        """Length of a duration, in samples."""
        return max(1, round(seconds * self.sample_rate))

    def log_uniform(
        self, low: float, high: float, size: int | None = None
    ) -> Any:
        """Random numbers whose logarithm is uniform, as pitches are
        perceived: one, or ``size`` of them.
        """
        drawn = np.exp(self.uniform(np.log(low), np.log(high), size))
        return float(drawn) if size is None else drawn

    def drift(self, n: int, per_second: float, depth: float) -> np.ndarray:
        """A factor above 0 that wanders around 1."""
        knots = int(n / self.sample_rate * per_second) + 2
        return np.exp(glide(depth * self.standard_normal(knots), n))

    def lag(
        self, target: np.ndarray, seconds: float, start: float = 0.0
    ) -> np.ndarray:
        """Follows a target with inertia, as a rotor follows its switch."""
        keep = np.exp(-1 / (seconds * self.sample_rate))
        followed, _ = lfilter([1 - keep], [1, -keep], target, zi=[keep * start])
        return followed

    def fade(
        self, signal: np.ndarray, attack: float, release: float
    ) -> np.ndarray:
        """A copy that fades in and out (seconds) with raised cosines."""
        signal = np.array(signal, dtype=float)
        longest = max(1, len(signal) // 2)
        first = min(self.n_samples(attack), longest)
        last = min(self.n_samples(release), longest)
        signal[:first] *= 0.5 - 0.5 * np.cos(
            np.pi * (np.arange(first) + 0.5) / first
        )
        signal[-last:] *= 0.5 + 0.5 * np.cos(
            np.pi * (np.arange(last) + 0.5) / last
        )
        return signal

    def noise(self, n: int, shape: Shape = ((1000.0, 0.0),)) -> np.ndarray:
        """Gaussian noise of a given spectrum, with a mean square of 1.

        Between the points of ``shape`` the level is straight over log
        frequency, beyond them it is constant. One point is white noise.
        """
        hertz, decibels = np.array(shape, dtype=float).T
        padded = next_fast_len(n, real=True)
        spectrum = rfft(self.standard_normal(padded))
        frequency = np.maximum(rfftfreq(padded, 1 / self.sample_rate), 1.0)
        level = np.interp(np.log(frequency), np.log(hertz), decibels)
        spectrum[0] = 0
        signal = irfft(spectrum * 10 ** (level / 20), padded)[:n]
        return signal / np.sqrt(np.mean(signal**2))

    def phase_of(self, frequency: np.ndarray) -> np.ndarray:
        """Turns made so far at a moving frequency (n,), from 0."""
        rate = self.sample_rate
        return np.cumsum(frequency / rate) - frequency[0] / rate

    def n_harmonics(self, frequency: np.ndarray | float) -> int:
        """How many harmonics of a frequency the sample rate can hold."""
        return int(np.clip(0.47 * self.sample_rate / np.max(frequency), 1, 400))

    def poisson_impulses(
        self, rate: np.ndarray, spread: float = 0.8
    ) -> np.ndarray:
        """Impulses at random times, ``rate`` (n,) a second, with log-normal
        strengths of either sign.
        """
        times = np.flatnonzero(self.random(len(rate)) < rate / self.sample_rate)
        strengths = self.lognormal(0, spread, len(times))
        signs = self.choice([-1.0, 1.0], len(times))
        return impulses(len(rate), times, strengths * signs)

    def modes(
        self,
        excitation: np.ndarray,
        frequencies: np.ndarray,
        decays: np.ndarray,
        gains: np.ndarray,
    ) -> np.ndarray:
        """Rings a body: each mode is a damped resonator (Hz, seconds to 1/e,
        level). Modes that the sample rate cannot hold are left out.
        """
        total = np.zeros(len(excitation))
        for frequency, decay, gain in zip(
            frequencies, decays, gains, strict=True
        ):
            if frequency >= 0.47 * self.sample_rate:
                continue
            angle = 2 * np.pi * frequency / self.sample_rate
            radius = np.exp(-1 / (decay * self.sample_rate))
            numerator = [0.0, gain * radius * np.sin(angle)]
            denominator = [1.0, -2 * radius * np.cos(angle), radius**2]
            total += lfilter(numerator, denominator, excitation)
        return total

    def vibrating_folds(
        self, pitch: np.ndarray, *, tilt: float = 1.0, roughness: float = 0.01
    ) -> np.ndarray:
        """Pulses of air through vibrating folds; the RMS is about 1."""
        n = len(pitch)
        per_second = min(0.8 * float(np.mean(pitch)), 150.0)
        jitter = self.drift(n, per_second, roughness)
        shimmer = self.drift(n, per_second, 3 * roughness)
        pitch = pitch * jitter
        order = np.arange(1, self.n_harmonics(pitch) + 1)
        amplitudes = order**-tilt
        amplitudes /= np.sqrt(np.sum(amplitudes**2) / 2)
        return shimmer * harmonic_wave(self.phase_of(pitch), amplitudes)

    def resonances(
        self,
        signal: np.ndarray,
        centres: Sequence[np.ndarray | float],
        bandwidths: Sequence[float],
        gains: Sequence[float] | np.ndarray,
    ) -> np.ndarray:
        """Parallel band-pass resonances that may move: a vocal tract, a tube.

        Each has the response ``gain / (1 + j Q (f / F - F / f))`` with
        ``Q = F / bandwidth``, applied frame by frame (about 30 ms).
        """
        window = 2 ** round(np.log2(0.032 * self.sample_rate))
        frames_of = {"nperseg": window, "noverlap": window - window // 4}
        frequency, _, frames = stft(signal, self.sample_rate, **frames_of)
        frequency = np.maximum(frequency, 1.0)[:, None]
        position = np.linspace(0, 1, frames.shape[1])
        response = np.zeros(frames.shape, dtype=complex)
        for centre, bandwidth, gain in zip(
            centres, bandwidths, gains, strict=True
        ):
            centre = np.atleast_1d(np.asarray(centre, dtype=float))
            track = np.interp(position, np.linspace(0, 1, len(centre)), centre)
            detuning = (frequency**2 - track**2) / (frequency * bandwidth)
            response += gain / (1 + 1j * detuning)
        _, shaped = istft(frames * response, self.sample_rate, **frames_of)
        shaped = shaped[: len(signal)]
        return np.pad(shaped, (0, len(signal) - len(shaped)))


def glide(knots: ArrayLike, n: int) -> np.ndarray:
    """A smooth curve through equally spaced knots, without overshoot."""
    values = np.asarray(knots, dtype=float)
    # A pitch or a level needs no more than a point per 16 samples.
    coarse = np.linspace(0, 1, min(n, n // 16 + 2 * len(values)))
    curve = PchipInterpolator(np.linspace(0, 1, len(values)), values)(coarse)
    # Rounding must not take a level below 0.
    curve = np.clip(curve, values.min(), values.max())
    return np.interp(np.linspace(0, 1, n), coarse, curve)


def steps(
    values: ArrayLike, lengths: Sequence[int] | np.ndarray, smooth: int
) -> np.ndarray:
    """Values held for given lengths, with their edges smoothed."""
    held = np.repeat(np.asarray(values, dtype=float), lengths)
    return uniform_filter1d(held, max(1, smooth), mode="nearest")


def harmonic_wave(
    phase: np.ndarray, amplitudes: np.ndarray, angles: np.ndarray | float = 0.0
) -> np.ndarray:
    """``sum_k amplitudes[k] cos(2 pi k phase + angles[k])``, from a table of
    one period; the fundamental comes first.
    """
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[1 : len(amplitudes) + 1] = (
        amplitudes * np.exp(1j * np.asarray(angles)) * (_TABLE / 2)
    )
    table = irfft(spectrum, _TABLE)
    table = np.append(table, table[0])
    return np.interp(phase % 1.0, np.linspace(0, 1, _TABLE + 1), table)


def impulses(n: int, times: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Strengths (E,) added at samples (E,); what lies outside is dropped."""
    inside = (times >= 0) & (times < n)
    return np.bincount(times[inside], strengths[inside], minlength=n)


def overlay(grains: np.ndarray, starts: np.ndarray, n: int) -> np.ndarray:
    """Adds short sounds, rows of (G, L), that begin at samples (G,)."""
    times = starts[:, None] + np.arange(grains.shape[1])
    return impulses(n, times.ravel(), grains.ravel())

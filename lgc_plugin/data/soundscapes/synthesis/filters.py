"""What shapes a sound: moving resonances, the room and the microphone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import istft, stft

from lgc_plugin.data.soundscapes.synthesis.curves import log_uniform, n_samples
from lgc_plugin.data.soundscapes.synthesis.sources import noise

_SPEED_OF_SOUND = 343.0


def resonances(
    signal: np.ndarray,
    centres: Sequence[np.ndarray | float],
    bandwidths: Sequence[float],
    gains: Sequence[float] | np.ndarray,
    sample_rate: int,
) -> np.ndarray:
    """Parallel band-pass resonances that may move: a vocal tract, a tube.

    Each has the response ``gain / (1 + j Q (f / F - F / f))`` with
    ``Q = F / bandwidth``, applied frame by frame (about 30 ms).

    >>> hiss = np.random.default_rng(0).standard_normal(16000)
    >>> tone = resonances(hiss, [1000.0], [20.0], [1.0], 16000)
    >>> int(np.abs(np.fft.rfft(tone)).argmax() / 20) in (49, 50)
    True
    """
    window = 2 ** round(np.log2(0.032 * sample_rate))
    frequency, _, frames = stft(
        signal, sample_rate, nperseg=window, noverlap=window - window // 4
    )
    frequency = np.maximum(frequency, 1.0)[:, None]
    position = np.linspace(0, 1, frames.shape[1])
    response = np.zeros(frames.shape, dtype=complex)
    for centre, bandwidth, gain in zip(centres, bandwidths, gains, strict=True):
        centre = np.atleast_1d(np.asarray(centre, dtype=float))
        track = np.interp(position, np.linspace(0, 1, len(centre)), centre)
        detuning = (frequency**2 - track**2) / (frequency * bandwidth)
        response += gain / (1 + 1j * detuning)
    _, shaped = istft(
        frames * response,
        sample_rate,
        nperseg=window,
        noverlap=window - window // 4,
    )
    shaped = shaped[: len(signal)]
    return np.pad(shaped, (0, len(signal) - len(shaped)))


def tube_resonances(length: float, count: int) -> np.ndarray:
    """Resonances of a tube that is closed at one end.

    Returns (count,) odd multiples of a quarter wave, in Hz.

    >>> tube_resonances(0.343, 3).round().tolist()
    [250.0, 750.0, 1250.0]
    """
    return _SPEED_OF_SOUND / (4 * length) * (2 * np.arange(count) + 1)


def convolve(signal: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Convolution by fast Fourier transform.

    Returns (n + m - 1,)

    >>> convolve(np.array([1.0, 2.0]), np.array([1.0, -1.0])).round(6)
    array([ 1.,  1., -2.])
    """
    n = len(signal) + len(response) - 1
    padded = next_fast_len(n, real=True)
    return irfft(rfft(signal, padded) * rfft(response, padded), padded)[:n]


def recorded(
    rng: np.random.Generator, signal: np.ndarray, sample_rate: int
) -> np.ndarray:
    """The sound as some microphone in some room would give it.

    A short reverberation, a tilted and bumpy frequency response and a faint
    floor of noise, all drawn at random.

    Returns (n + tail,)

    >>> rng = np.random.default_rng(0)
    >>> len(recorded(rng, np.ones(1600), 16000)) > 1600
    True
    """
    wet = convolve(signal, _room(rng, sample_rate))
    padded = next_fast_len(len(wet), real=True)
    frequency = np.maximum(rfftfreq(padded, 1 / sample_rate), 20.0)
    octaves = np.log2(frequency / 1000)
    decibels = rng.uniform(-2.0, 1.0) * octaves
    for _ in range(3):
        place = rng.uniform(-3, 3)
        width = rng.uniform(0.2, 1.0)
        decibels += rng.normal(0, 4) * np.exp(
            -(((octaves - place) / width) ** 2)
        )
    low_cut = (frequency / log_uniform(rng, 25, 120)) ** 4
    gain = 10 ** (decibels / 20) * low_cut / (1 + low_cut)
    heard = irfft(rfft(wet, padded) * gain, padded)[: len(wet)]
    floor = 10 ** (rng.uniform(-75, -50) / 20) * np.abs(heard).max()
    shape = ((50.0, 6.0), (500.0, 0.0), (8000.0, -6.0))
    return heard + floor * noise(rng, len(heard), sample_rate, shape)


def _room(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Impulse response: direct sound, then noise that loses its highs."""
    reverberation = log_uniform(rng, 0.1, 0.5)
    n = n_samples(reverberation, sample_rate)
    tail = noise(rng, n, sample_rate, ((500.0, 0.0), (8000.0, -12.0)))
    tail *= 10 ** (-3 * np.arange(n) / n)
    tail *= 10 ** (rng.uniform(-25, -4) / 20) / np.sqrt(np.sum(tail**2))
    tail[0] += 1.0
    return tail

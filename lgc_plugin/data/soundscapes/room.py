"""What stands between a sound and its recording: room, noise, microphone."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import fftconvolve, lfilter

from lgc_plugin.data.soundscapes.mixing import Signal, rms

_EARLY_REFLECTIONS = 8
_EARLY_SECONDS = (0.001, 0.04)
_TAIL_START_SECONDS = 0.005
_DIRECT_TO_REVERBERANT_DB = (-3.0, 9.0)
# Walls and air take high notes first.
_HIGH_BAND_DECAY = 0.5
_LOW_PASS_POLE = 0.7
_NOISE_SLOPE = (0.0, 1.0)
_LOWEST_HZ = 20.0
_EQ_DEVIATION_DB = 4.0
_EQ_POINTS = 7
_HIGH_PASS_HZ = (30.0, 250.0)
_LOW_PASS_NYQUIST = (0.5, 1.1)
_PADDING_SECONDS = 0.05


def room_response(
    rng: np.random.Generator, rt60: float, sample_rate: int, channels: int = 1
) -> Signal:
    """Impulse response of a room at one place.

    The direct sound comes first with amplitude 1; then single reflections
    within 40 ms, and a tail of noise that decays by 60 dB in ``rt60``
    seconds, high frequencies twice as fast. Reflections and tail together
    lie 9 dB below to 3 dB above the direct sound.

    Returns (channels, L), L being ``rt60`` seconds.

    >>> room_response(np.random.default_rng(0), 0.3, 16000, 2).shape
    (2, 4800)
    """
    n = max(2, round(rt60 * sample_rate))
    seconds = np.arange(n) / sample_rate
    decay = np.exp(-np.log(1000.0) * seconds / rt60)
    noise = rng.standard_normal((channels, n))
    low = lfilter([1 - _LOW_PASS_POLE], [1, -_LOW_PASS_POLE], noise)
    # The power of 1/x halves the time in which the high band decays.
    response = low * decay + (noise - low) * decay ** (1 / _HIGH_BAND_DECAY)
    response[:, : round(_TAIL_START_SECONDS * sample_rate)] = 0.0
    for channel in response:
        delays = rng.uniform(*_EARLY_SECONDS, _EARLY_REFLECTIONS)
        places = np.minimum((delays * sample_rate).astype(int) + 1, n - 1)
        strengths = rng.uniform(0.5, 2.0, _EARLY_REFLECTIONS)
        strengths *= rng.choice([-1.0, 1.0], _EARLY_REFLECTIONS)
        np.add.at(channel, places, strengths * decay[places])
    ratio = rng.uniform(*_DIRECT_TO_REVERBERANT_DB)
    energy = np.square(response).sum() / channels
    response *= np.sqrt(10 ** (-ratio / 10) / energy)
    response[:, 0] = 1.0
    return response.astype(np.float32)


def reverberate(sound: Signal, response: Signal, n: int) -> Signal:
    """A sound as every microphone records it in a room.

    ``sound``: (N,) samples. Returns (channels, min(n, N + L - 1)) samples.

    >>> echo = np.array([[1.0, 0.0, 0.5]])
    >>> reverberate(np.array([1.0, 1.0]), echo, 3).round(6).tolist()
    [[1.0, 1.0, 0.5]]
    """
    return fftconvolve(sound[np.newaxis], response, axes=1)[:, :n]


def coloured_noise(
    rng: np.random.Generator, n: int, sample_rate: int, channels: int = 1
) -> Signal:
    """Noise with a random slope between white and 1/f in amplitude.

    Returns (channels, n) with an RMS of 1.

    >>> noise = coloured_noise(np.random.default_rng(0), 1000, 16000)
    >>> round(rms(noise), 3)
    1.0
    """
    size = next_fast_len(n, real=True)
    white = rng.standard_normal((channels, size), dtype=np.float32)
    frequency = np.maximum(rfftfreq(size, 1 / sample_rate), _LOWEST_HZ)
    shape = frequency ** -rng.uniform(*_NOISE_SLOPE)
    noise = irfft(rfft(white) * shape.astype(np.float32), size)[:, :n]
    return noise / max(rms(noise), 1e-12)


def through_microphone(
    mix: Signal, rng: np.random.Generator, sample_rate: int
) -> Signal:
    """Colours a mixture like a random microphone.

    A smooth random equaliser (4 dB standard deviation at 7 points over log
    frequency), a high-pass (30 to 250 Hz) and a low-pass (from half the
    Nyquist frequency up), without shifting anything in time.

    Returns (channels, n) samples.

    >>> mix = np.ones((1, 1000), dtype=np.float32)
    >>> through_microphone(mix, np.random.default_rng(0), 16000).shape
    (1, 1000)
    """
    n = mix.shape[-1]
    # The padding keeps the end of the clip from leaking into its start.
    size = next_fast_len(n + round(_PADDING_SECONDS * sample_rate), real=True)
    nyquist = sample_rate / 2
    frequency = np.maximum(rfftfreq(size, 1 / sample_rate), 1e-3)
    points = np.geomspace(_LOWEST_HZ, nyquist, _EQ_POINTS)
    decibels = rng.normal(0.0, _EQ_DEVIATION_DB, _EQ_POINTS)
    curve = np.interp(np.log(frequency), np.log(points), decibels)
    gain = 10 ** (curve / 20)
    high_pass = rng.uniform(*_HIGH_PASS_HZ)
    gain /= np.sqrt(1 + (high_pass / frequency) ** 4)
    low_pass = nyquist * rng.uniform(*_LOW_PASS_NYQUIST)
    gain /= np.sqrt(1 + (frequency / low_pass) ** 8)
    return irfft(rfft(mix, size) * gain.astype(np.float32), size)[..., :n]

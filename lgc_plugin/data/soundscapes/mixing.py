"""Sounds as signals: read, cut, brought to a level, put into a room."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import fftconvolve, lfilter

from lgc_plugin.data.audio_files import read_samples
from lgc_plugin.data.audio_stream import open_audio
from lgc_plugin.data.resample import resample

Signal: TypeAlias = NDArray[np.float32]

# What lies this far below the loudest moment of a sound counts as silence:
# the rule by which event edges are set.
_SILENCE_DB = -40.0
_FRAME_SECONDS = 0.01
_CROSSFADE_SECONDS = 0.5
_PEAK = 0.99

# Rooms and microphones.
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


# A worker meets a sound many times; 256 of 5 s at 16 kHz take 80 MB.
@lru_cache(maxsize=256)
def load_sound(path: str, sample_rate: int, *, trim: bool = True) -> Signal:
    """An audio file as one read-only channel (N,); 256 stay in memory."""
    with open_audio(path) as file:
        audio, rate = read_samples(file, None, "float32"), file.samplerate
    if not np.isfinite(audio).all() or not audio.mean(axis=1).any():
        raise ValueError(
            f"{path} holds no sound (it is empty, silent, or its samples are "
            "not numbers): remove it"
        )
    sound = resample(audio, rate, sample_rate)
    if trim:
        sound = trim_silence(sound, sample_rate)
    sound = np.ascontiguousarray(sound, dtype=np.float32)
    sound.setflags(write=False)
    return sound


def trim_silence(sound: Signal, sample_rate: int) -> Signal:
    """Cuts silence away from both ends of (N,) samples, not all zero."""
    first, end = audible_span(sound, loudness(sound, sample_rate), sample_rate)
    return sound[first:end]


def loudness(sound: Signal, sample_rate: int) -> NDArray[np.float64]:
    """Mean power of every 10 ms of (N,) samples."""
    frame = _frame(sample_rate)
    starts = np.arange(0, len(sound), frame)
    lengths = np.minimum(frame, len(sound) - starts)
    energy = np.add.reduceat(np.square(sound, dtype=np.float64), starts)
    return energy / lengths


def audible_span(
    sound: Signal, reference: NDArray[np.float64], sample_rate: int
) -> tuple[int, int]:
    """First audible sample and the one after the last, in steps of 10 ms;
    (0, 0) if there is none.
    """
    floor = reference.max() * 10 ** (_SILENCE_DB / 10)
    loud = np.flatnonzero(loudness(sound, sample_rate) >= floor)
    if not len(loud):
        return 0, 0
    frame = _frame(sample_rate)
    return int(loud[0]) * frame, min(int(loud[-1] + 1) * frame, len(sound))


def _frame(sample_rate: int) -> int:
    return max(1, round(_FRAME_SECONDS * sample_rate))


def fill(
    sound: Signal, n: int, sample_rate: int, rng: np.random.Generator
) -> Signal:
    """A stretch (n,) of a sound, looped with crossfades if it is too short."""
    fade = min(round(_CROSSFADE_SECONDS * sample_rate), len(sound) // 4)
    period = len(sound) - fade
    if n <= len(sound):
        start = rng.integers(len(sound) - n + 1)
        return sound[start : start + n]
    start = rng.integers(period)
    loop = sound[:period].copy()
    # Equal power: the two ends of a sound are not in phase.
    ramp = np.sqrt((np.arange(fade, dtype=np.float32) + 0.5) / max(fade, 1))
    loop[:fade] = loop[:fade] * ramp + sound[period:] * ramp[::-1]
    return np.tile(loop, n // period + 2)[start : start + n]


def faded(sound: Signal, n_in: int, n_out: int) -> Signal:
    """A copy that rises and falls smoothly over samples at its ends."""
    result = np.array(sound)
    half = len(result) // 2
    n_in, n_out = min(n_in, half), min(n_out, half)
    result[:n_in] *= _rise(n_in)
    result[len(result) - n_out :] *= _rise(n_out)[::-1]
    return result


def _rise(n: int) -> Signal:
    steps = (np.arange(n, dtype=np.float32) + 0.5) / max(n, 1)
    return np.square(np.sin(0.5 * np.pi * steps))


def rms(sound: NDArray[np.floating]) -> float:
    """Root mean square over all samples and channels."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def gain_for(level: float, reference: float, decibels: float) -> float:
    """Factor that lifts a level to some decibels above a reference."""
    return reference * 10 ** (decibels / 20) / level if level > 0 else 0.0


def below_full_scale(mix: Signal) -> Signal:
    """Turns a mixture down as a whole if its peak exceeds 0.99."""
    peak = float(np.abs(mix).max(initial=0.0))
    return mix * (_PEAK / peak) if peak > _PEAK else mix


def room_response(
    rng: np.random.Generator, rt60: float, sample_rate: int, channels: int = 1
) -> Signal:
    """Impulse response (channels, ``rt60`` seconds) of a room at one place:
    the direct sound of amplitude 1, single reflections within 40 ms, and a
    tail of noise that decays by 60 dB, high frequencies twice as fast.
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
    """(channels, min(n, N + L - 1)) of a sound (N,) in a room (channels, L)."""
    return fftconvolve(sound[np.newaxis], response, axes=1)[:, :n]


def coloured_noise(
    rng: np.random.Generator, n: int, sample_rate: int, channels: int = 1
) -> Signal:
    """Noise (channels, n) with a random slope between white and 1/f in
    amplitude, and an RMS of 1.
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
    """Colours a mixture like a random microphone, without a shift in time:
    a smooth equaliser (4 dB standard deviation), a high-pass and a low-pass.
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

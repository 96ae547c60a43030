"""Sounds as signals: read, cut, faded, brought to a level."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from lgc_plugin.data.resample import resample

Signal: TypeAlias = NDArray[np.float32]

# What lies this far below the loudest moment of a sound counts as silence:
# the rule by which event edges are set.
_SILENCE_DB = -40.0
_FRAME_SECONDS = 0.01
_CROSSFADE_SECONDS = 0.5
_PEAK = 0.99


# A worker meets a sound many times; 256 of 5 s at 16 kHz take 80 MB.
@lru_cache(maxsize=256)
def load_sound(path: str, sample_rate: int, *, trim: bool = True) -> Signal:
    """Reads an audio file as one channel; the latest 256 stay in memory.

    Returns (N,) samples, read-only.
    """
    try:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise ValueError(
            f"{path} cannot be read: {error}. Repair or remove it"
        ) from None
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
    """Cuts silence away from both ends of a sound.

    ``sound``: (N,) samples, not all zero. Returns (n,) what
    :func:`audible_span` calls audible.

    >>> silence, tone = np.zeros(500), np.ones(200)
    >>> trim_silence(np.concatenate([silence, tone, silence]), 1000).shape
    (200,)
    """
    first, end = audible_span(sound, loudness(sound, sample_rate), sample_rate)
    return sound[first:end]


def loudness(sound: Signal, sample_rate: int) -> NDArray[np.float64]:
    """Mean power of every 10 ms of a sound.

    ``sound``: (N,) samples.

    >>> loudness(np.full(25, 2.0), 1000).tolist()
    [4.0, 4.0, 4.0]
    """
    frame = _frame(sample_rate)
    starts = np.arange(0, len(sound), frame)
    lengths = np.minimum(frame, len(sound) - starts)
    energy = np.add.reduceat(np.square(sound, dtype=np.float64), starts)
    return energy / lengths


def audible_span(
    sound: Signal, reference: NDArray[np.float64], sample_rate: int
) -> tuple[int, int]:
    """Where a sound is audible, in steps of 10 ms.

    ``sound``: (N,) samples. Returns first sample, and the sample after the
    last; (0, 0) if there is none.

    >>> tone = np.repeat([0.0, 1.0, 0.0], 100)
    >>> audible_span(tone, loudness(tone, 1000), 1000)
    (100, 200)
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
    """A stretch of a sound, repeated with crossfades if it is too short.

    ``sound``: (N,) samples. Returns (n,) samples.

    >>> fill(np.ones(8), 20, 16000, np.random.default_rng(0)).shape
    (20,)
    """
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
    """A copy that rises and falls smoothly at its ends.

    ``sound``: (N,) samples. Returns (N,) samples.

    >>> faded(np.ones(4), 2, 0).round(2).tolist()
    [0.15, 0.85, 1.0, 1.0]
    """
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
    """Root mean square over all samples and channels.

    >>> rms(np.array([3.0, -3.0]))
    3.0
    """
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def gain_for(level: float, reference: float, decibels: float) -> float:
    """Factor that lifts a level to some decibels above a reference.

    >>> gain_for(0.5, 0.1, 20.0)
    2.0
    """
    return reference * 10 ** (decibels / 20) / level if level > 0 else 0.0


def below_full_scale(mix: Signal) -> Signal:
    """Turns a mixture down as a whole if its peak exceeds 0.99.

    >>> below_full_scale(np.array([2.0, -1.0])).tolist()
    [0.99, -0.495]
    """
    peak = float(np.abs(mix).max(initial=0.0))
    return mix * (_PEAK / peak) if peak > _PEAK else mix

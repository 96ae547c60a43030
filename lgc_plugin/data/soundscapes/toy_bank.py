"""A bank of isolated sounds made by code, with DESED's ten class names.

It lets every stage of the method run on a machine that holds no data: the
sounds follow simple physics (modes that decay, rotors, bubbles, a vocal
tract) and vary from one to the next. It shows that the code runs, and nothing
about the scores that DESED would give.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import fftconvolve

from lgc_plugin.data.audio_files import write_pcm16
from lgc_plugin.data.soundscapes.synthesis.animals import cat, dog
from lgc_plugin.data.soundscapes.synthesis.backgrounds import background
from lgc_plugin.data.soundscapes.synthesis.bells import alarm
from lgc_plugin.data.soundscapes.synthesis.kitchen import (
    dishes,
    frying,
    running_water,
)
from lgc_plugin.data.soundscapes.synthesis.motors import (
    blender,
    shaver,
    vacuum_cleaner,
)
from lgc_plugin.data.soundscapes.synthesis.signals import SignalGenerator
from lgc_plugin.data.soundscapes.synthesis.speech import speech
from lgc_plugin.utils.files import atomic_folder
from lgc_plugin.utils.parallel import parallel_map

_SYNTHESIZERS = {
    "Alarm_bell_ringing": alarm,
    "Blender": blender,
    "Cat": cat,
    "Dishes": dishes,
    "Dog": dog,
    "Electric_shaver_toothbrush": shaver,
    "Frying": frying,
    "Running_water": running_water,
    "Speech": speech,
    "Vacuum_cleaner": vacuum_cleaner,
}

DESED_LABELS = tuple(_SYNTHESIZERS)
"""The ten classes of DESED, in alphabetical order."""

_BACKGROUND = "background"
_PEAK = 0.8
# An event ends where its sound is no longer audible, not where the last
# echo of the room fades into the floor.
_AUDIBLE = 10 ** (-40 / 20)
_LOWEST_SAMPLE_RATE = 8000


def synthesize(
    label: str, rng: np.random.Generator, sample_rate: int
) -> np.ndarray:
    """One isolated sound of a class: (n,) float32 with a peak of 0.8.

    It begins and ends where it rises above a hundredth of its peak.
    """
    _check_at_least("sample_rate", sample_rate, _LOWEST_SAMPLE_RATE)
    if label not in _SYNTHESIZERS:
        raise ValueError(
            f"no sound is known for label {label!r}: use one of "
            f"{', '.join(DESED_LABELS)}"
        )
    gen = SignalGenerator(rng, sample_rate)
    return _levelled(_trimmed(_recorded(gen, _SYNTHESIZERS[label](gen))))


def synthesize_background(
    rng: np.random.Generator, sample_rate: int, seconds: float
) -> np.ndarray:
    """A scene without events: (n,) float32 with a peak of 0.8."""
    _check_at_least("sample_rate", sample_rate, _LOWEST_SAMPLE_RATE)
    if not seconds > 0:
        raise ValueError(
            f"a background of {seconds} s was asked for: seconds must be "
            "above 0"
        )
    gen = SignalGenerator(rng, sample_rate)
    n = gen.n_samples(seconds)
    # A scene needs a second to be one.
    return _levelled(background(gen, max(n, sample_rate))[:n])


def write_synthetic_bank(
    folder: str | Path,
    *,
    seed: int = 0,
    sample_rate: int = 16000,
    sounds_per_class: int = 24,
    n_backgrounds: int = 24,
    n_jobs: int | None = None,
    progress: bool = True,
) -> Path:
    """Writes a bank of sounds, whole or not at all.

    Each sound has its own random generator: a larger bank contains the
    smaller one, and no two sounds are alike.
    """
    _check_at_least("sample_rate", sample_rate, _LOWEST_SAMPLE_RATE)
    _check_at_least("seed", seed, 0)
    _check_at_least("sounds_per_class", sounds_per_class, 1)
    _check_at_least("n_backgrounds", n_backgrounds, 1)
    sounds = [
        (label, index)
        for label in DESED_LABELS
        for index in range(sounds_per_class)
    ]
    sounds += [(_BACKGROUND, index) for index in range(n_backgrounds)]
    folder = Path(folder)
    with atomic_folder(folder) as temporary:
        write = partial(_write_sound, temporary, seed, sample_rate)
        parallel_map(
            write,
            sounds,
            n_jobs=n_jobs,
            description="sound bank",
            unit="sound",
            progress=progress,
        )
    return folder


def _write_sound(
    folder: Path, seed: int, sample_rate: int, sound: tuple[str, int]
) -> None:
    """Makes one sound of the bank and writes it."""
    label, index = sound
    row = (*DESED_LABELS, _BACKGROUND).index(label)
    rng = np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(row, index))
    )
    if label == _BACKGROUND:
        samples = synthesize_background(rng, sample_rate, rng.uniform(10, 12))
        path = folder / _BACKGROUND
    else:
        samples = synthesize(label, rng, sample_rate)
        path = folder / "foreground" / label
    path.mkdir(parents=True, exist_ok=True)
    file = path / f"{label.lower()}{index:03d}.wav"
    write_pcm16(file, np.round(samples * 32767).astype(np.int16), sample_rate)


def _recorded(gen: SignalGenerator, signal: np.ndarray) -> np.ndarray:
    """The sound (n + tail,) as a random microphone in a random room gives it:
    reverberation, a tilted and bumpy frequency response, a floor of noise.
    """
    wet = fftconvolve(signal, _room(gen))
    padded = next_fast_len(len(wet), real=True)
    frequency = np.maximum(rfftfreq(padded, 1 / gen.sample_rate), 20.0)
    octaves = np.log2(frequency / 1000)
    decibels = gen.uniform(-2.0, 1.0) * octaves
    for _ in range(3):
        place = gen.uniform(-3, 3)
        width = gen.uniform(0.2, 1.0)
        decibels += gen.normal(0, 4) * np.exp(
            -(((octaves - place) / width) ** 2)
        )
    low_cut = (frequency / gen.log_uniform(25, 120)) ** 4
    gain = 10 ** (decibels / 20) * low_cut / (1 + low_cut)
    sound = irfft(rfft(wet, padded) * gain, padded)[: len(wet)]
    floor = 10 ** (gen.uniform(-75, -50) / 20) * np.abs(sound).max()
    shape = ((50.0, 6.0), (500.0, 0.0), (8000.0, -6.0))
    return sound + floor * gen.noise(len(sound), shape)


def _room(gen: SignalGenerator) -> np.ndarray:
    """Impulse response: direct sound, then noise that loses its highs."""
    n = gen.n_samples(gen.log_uniform(0.1, 0.5))
    tail = gen.noise(n, ((500.0, 0.0), (8000.0, -12.0)))
    tail *= 10 ** (-3 * np.arange(n) / n)
    tail *= 10 ** (gen.uniform(-25, -4) / 20) / np.sqrt(np.sum(tail**2))
    tail[0] += 1.0
    return tail


def _trimmed(signal: np.ndarray) -> np.ndarray:
    """Without the inaudible ends."""
    audible = np.flatnonzero(np.abs(signal) > _AUDIBLE * np.abs(signal).max())
    return signal[audible[0] : audible[-1] + 1]


def _levelled(signal: np.ndarray) -> np.ndarray:
    """At the peak that leaves headroom, as float32."""
    return (_PEAK / np.abs(signal).max() * signal).astype(np.float32)


def _check_at_least(name: str, value: int, lowest: int) -> None:
    if value < lowest:
        raise ValueError(f"{name} is {value}: it must be at least {lowest}")

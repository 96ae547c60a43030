"""Babbled speech: syllables of consonant and vowel in several voices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.curves import (
    drift,
    fade,
    glide,
    log_uniform,
    n_samples,
    steps,
)
from lgc_plugin.data.soundscapes.synthesis.filters import resonances
from lgc_plugin.data.soundscapes.synthesis.sources import noise, vibrating_folds

# Mean formants of ten vowels in Hz, male speakers (Peterson and Barney 1952).
_VOWELS = (
    (270, 2290, 3010),
    (390, 1990, 2550),
    (530, 1840, 2480),
    (660, 1720, 2410),
    (730, 1090, 2440),
    (570, 840, 2410),
    (440, 1020, 2240),
    (300, 870, 2240),
    (640, 1190, 2390),
    (490, 1350, 1690),
)


class _Segment(NamedTuple):
    """A stretch of speech in which nothing changes.

    ``seconds`` long; ``formants`` in Hz for a male speaker; levels of the
    ``voice``, of ``breath`` through the formants and of the ``hiss`` of a
    constriction, which is brightest at ``bright`` Hz.
    """

    seconds: float
    formants: tuple[float, float, float]
    voice: float = 0.0
    breath: float = 0.0
    hiss: float = 0.0
    bright: float = 4000.0


class _Mouth(NamedTuple):
    """Segments in a row, and the length of each in samples."""

    segments: list[_Segment]
    lengths: list[int]

    def track(self, values: list[float], smooth: int) -> np.ndarray:
        """One value per segment as a curve over time."""
        return steps(values, self.lengths, smooth)


# Where the tongue or the lips close: formants at the release, and the
# brightest frequency of the burst.
_PLACES = (
    ((250, 900, 2300), 1000.0),
    ((280, 1750, 2650), 4500.0),
    ((260, 2000, 2300), 2200.0),
)
# Fricatives: brightest frequency and level (s, sh, f, h-like).
_FRICATIVES = ((6000.0, 0.8), (3200.0, 0.9), (5000.0, 0.25), (1500.0, 0.3))
_GLIDES = (
    (300, 700, 2200),
    (270, 2200, 3000),
    (360, 1200, 2700),
    (420, 1200, 1600),
)


def speech(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """A phrase or two of babble by a man, a woman or a child.

    Returns (n,), 0.8 s to 4.5 s.
    """
    pitch, scale = _speaker(rng)
    segments, phrase_ends = _script(rng, rng.uniform(0.8, 4.0))
    mouth = _Mouth(
        segments, [n_samples(part.seconds, sample_rate) for part in segments]
    )
    bounds = np.cumsum([0, *mouth.lengths])[[0, *phrase_ends]]
    curve = pitch * _prosody(rng, np.diff(bounds))
    spoken = _voiced(rng, mouth, curve, scale, sample_rate)
    spoken += rng.uniform(0.15, 0.4) * _hissed(rng, mouth, sample_rate)
    effort = drift(rng, len(spoken), sample_rate, per_second=3, depth=0.15)
    return fade(spoken * effort, 0.01, 0.03, sample_rate)


def _speaker(rng: np.random.Generator) -> tuple[float, float]:
    """Mean pitch in Hz, and size of the formants relative to a man's."""
    low, high, scale = (
        (85, 155, 1.0),
        (165, 250, 1.16),
        (240, 380, 1.32),
    )[rng.choice(3, p=[0.4, 0.4, 0.2])]
    return log_uniform(rng, low, high), scale * rng.uniform(0.93, 1.07)


def _script(
    rng: np.random.Generator, longest: float
) -> tuple[list[_Segment], list[int]]:
    """Segments to synthesize, and how many of them each phrase end follows."""
    tempo = rng.uniform(0.8, 1.3)
    segments: list[_Segment] = []
    phrase_ends: list[int] = []
    total, left = 0.0, int(rng.integers(3, 9))
    while total < longest:
        syllable = _syllable(rng, tempo)
        segments += syllable
        total += sum(part.seconds for part in syllable)
        left -= 1
        if left == 0 and total < longest - 0.6:
            phrase_ends.append(len(segments))
            pause = rng.uniform(0.12, 0.45)
            segments.append(_Segment(pause, segments[-1].formants))
            total += pause
            left = int(rng.integers(3, 9))
    return segments, [*phrase_ends, len(segments)]


def _syllable(rng: np.random.Generator, tempo: float) -> list[_Segment]:
    """A consonant, a vowel (at times a diphthong), at times a closing one."""
    vowel = _VOWELS[rng.integers(len(_VOWELS))]
    onset = _consonant(rng, vowel) if rng.random() < 0.85 else []
    level = rng.uniform(0.6, 1.0)
    body = [_Segment(rng.uniform(0.07, 0.17), vowel, voice=level)]
    if rng.random() < 0.2:
        other = _VOWELS[rng.integers(len(_VOWELS))]
        body.append(_Segment(rng.uniform(0.05, 0.1), other, voice=0.8 * level))
    coda = _consonant(rng, vowel) if rng.random() < 0.25 else []
    return [
        part._replace(seconds=part.seconds / tempo)
        for part in [*onset, *body, *coda]
    ]


def _consonant(
    rng: np.random.Generator, vowel: tuple[float, float, float]
) -> list[_Segment]:
    """Segments of a random stop, fricative, nasal or glide."""
    place, burst = _PLACES[rng.integers(len(_PLACES))]
    kind = rng.choice(["stop", "voiced stop", "fricative", "nasal", "glide"])
    if kind == "stop":
        return [
            _Segment(rng.uniform(0.04, 0.08), place),
            _Segment(0.012, place, hiss=rng.uniform(0.5, 1.0), bright=burst),
            _Segment(rng.uniform(0.015, 0.05), vowel, breath=0.3),
        ]
    if kind == "voiced stop":
        return [
            _Segment(rng.uniform(0.03, 0.06), place, voice=0.08),
            _Segment(0.008, place, voice=0.2, hiss=0.4, bright=burst),
        ]
    if kind == "fricative":
        bright, level = _FRICATIVES[rng.integers(len(_FRICATIVES))]
        return [
            _Segment(
                rng.uniform(0.06, 0.14),
                place,
                voice=float(rng.choice([0.0, 0.0, 0.25])),
                hiss=level * rng.uniform(0.5, 1.0),
                bright=bright * rng.uniform(0.9, 1.1),
            )
        ]
    if kind == "nasal":
        murmur = (250.0, place[1], place[2])
        return [_Segment(rng.uniform(0.05, 0.09), murmur, voice=0.35)]
    glided = _GLIDES[rng.integers(len(_GLIDES))]
    return [_Segment(rng.uniform(0.05, 0.08), glided, voice=0.6)]


def _prosody(rng: np.random.Generator, phrases: np.ndarray) -> np.ndarray:
    """Relative pitch: accents on a line that falls along each phrase (of the
    given lengths in samples), and rises at the end of a question.
    """
    parts = []
    for length in phrases:
        accents = rng.normal(0, 0.07, rng.integers(3, 6))
        line = np.linspace(0.12, -0.12, len(accents))
        if rng.random() < 0.25:
            line[-1] = 0.3
        parts.append(np.exp(glide(line + accents, int(length))))
    return np.concatenate(parts)


def _voiced(
    rng: np.random.Generator,
    mouth: _Mouth,
    pitch: np.ndarray,
    scale: float,
    sample_rate: int,
) -> np.ndarray:
    """Folds and breath through the formants, which move with the mouth."""
    folds = vibrating_folds(
        rng,
        pitch,
        sample_rate,
        tilt=rng.uniform(0.8, 1.3),
        roughness=rng.uniform(0.004, 0.02),
    )
    quick, slow = n_samples(0.012, sample_rate), n_samples(0.05, sample_rate)
    voice = mouth.track([part.voice for part in mouth.segments], slow // 2)
    breath = mouth.track([part.breath for part in mouth.segments], quick)
    breath += rng.uniform(0.01, 0.06) * voice
    source = folds * voice + noise(rng, len(pitch), sample_rate) * breath
    formants = [
        scale * mouth.track([part.formants[i] for part in mouth.segments], slow)
        for i in range(3)
    ]
    every = max(1, sample_rate // 200)
    return resonances(
        source,
        [*(formant[::every] for formant in formants), 3600 * scale],
        [70, 100, 160, 300],
        [1.0, rng.uniform(0.4, 0.8), rng.uniform(0.2, 0.45), 0.15],
        sample_rate,
    )


def _hissed(
    rng: np.random.Generator, mouth: _Mouth, sample_rate: int
) -> np.ndarray:
    """Noise of the constrictions: bursts and fricatives."""
    quick, slow = n_samples(0.012, sample_rate), n_samples(0.05, sample_rate)
    level = mouth.track([part.hiss for part in mouth.segments], quick)
    bright = mouth.track([part.bright for part in mouth.segments], slow)
    bright = np.minimum(bright, 0.42 * sample_rate)
    air = noise(rng, len(level), sample_rate) * level
    every = max(1, sample_rate // 200)
    return resonances(air, [bright[::every]], [1600], [1.0], sample_rate)

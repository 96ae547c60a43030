"""Babbled speech: syllables of consonant and vowel in several voices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lgc_plugin.data.soundscapes.synthesis.signals import (
    SignalGenerator,
    glide,
    steps,
)

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


def speech(gen: SignalGenerator) -> np.ndarray:
    """A phrase or two of babble by a man, woman or child; 0.8 s to 4.5 s."""
    pitch, scale = _speaker(gen)
    segments, phrase_ends = _script(gen, gen.uniform(0.8, 4.0))
    mouth = _Mouth(segments, [gen.n_samples(part.seconds) for part in segments])
    bounds = np.cumsum([0, *mouth.lengths])[[0, *phrase_ends]]
    curve = pitch * _prosody(gen, np.diff(bounds))
    spoken = _voiced(gen, mouth, curve, scale)
    spoken += gen.uniform(0.15, 0.4) * _hissed(gen, mouth)
    effort = gen.drift(len(spoken), per_second=3, depth=0.15)
    return gen.fade(spoken * effort, 0.01, 0.03)


def _speaker(gen: SignalGenerator) -> tuple[float, float]:
    """Mean pitch in Hz, and size of the formants relative to a man's."""
    low, high, scale = ((85, 155, 1.0), (165, 250, 1.16), (240, 380, 1.32))[
        gen.choice(3, p=[0.4, 0.4, 0.2])
    ]
    return gen.log_uniform(low, high), scale * gen.uniform(0.93, 1.07)


def _script(
    gen: SignalGenerator, longest: float
) -> tuple[list[_Segment], list[int]]:
    """Segments to synthesize, and how many of them each phrase end follows."""
    tempo = gen.uniform(0.8, 1.3)
    segments: list[_Segment] = []
    phrase_ends: list[int] = []
    total, left = 0.0, int(gen.integers(3, 9))
    while total < longest:
        syllable = _syllable(gen, tempo)
        segments += syllable
        total += sum(part.seconds for part in syllable)
        left -= 1
        if left == 0 and total < longest - 0.6:
            phrase_ends.append(len(segments))
            pause = gen.uniform(0.12, 0.45)
            segments.append(_Segment(pause, segments[-1].formants))
            total += pause
            left = int(gen.integers(3, 9))
    return segments, [*phrase_ends, len(segments)]


def _syllable(gen: SignalGenerator, tempo: float) -> list[_Segment]:
    """A consonant, a vowel (at times a diphthong), at times a closing one."""
    vowel = _VOWELS[gen.integers(len(_VOWELS))]
    onset = _consonant(gen, vowel) if gen.random() < 0.85 else []
    level = gen.uniform(0.6, 1.0)
    body = [_Segment(gen.uniform(0.07, 0.17), vowel, voice=level)]
    if gen.random() < 0.2:
        other = _VOWELS[gen.integers(len(_VOWELS))]
        body.append(_Segment(gen.uniform(0.05, 0.1), other, voice=0.8 * level))
    coda = _consonant(gen, vowel) if gen.random() < 0.25 else []
    return [
        part._replace(seconds=part.seconds / tempo)
        for part in [*onset, *body, *coda]
    ]


def _consonant(
    gen: SignalGenerator, vowel: tuple[float, float, float]
) -> list[_Segment]:
    """Segments of a random stop, fricative, nasal or glide."""
    place, burst = _PLACES[gen.integers(len(_PLACES))]
    kind = gen.choice(["stop", "voiced stop", "fricative", "nasal", "glide"])
    if kind == "stop":
        return [
            _Segment(gen.uniform(0.04, 0.08), place),
            _Segment(0.012, place, hiss=gen.uniform(0.5, 1.0), bright=burst),
            _Segment(gen.uniform(0.015, 0.05), vowel, breath=0.3),
        ]
    if kind == "voiced stop":
        return [
            _Segment(gen.uniform(0.03, 0.06), place, voice=0.08),
            _Segment(0.008, place, voice=0.2, hiss=0.4, bright=burst),
        ]
    if kind == "fricative":
        bright, level = _FRICATIVES[gen.integers(len(_FRICATIVES))]
        return [
            _Segment(
                gen.uniform(0.06, 0.14),
                place,
                voice=float(gen.choice([0.0, 0.0, 0.25])),
                hiss=level * gen.uniform(0.5, 1.0),
                bright=bright * gen.uniform(0.9, 1.1),
            )
        ]
    if kind == "nasal":
        murmur = (250.0, place[1], place[2])
        return [_Segment(gen.uniform(0.05, 0.09), murmur, voice=0.35)]
    glided = _GLIDES[gen.integers(len(_GLIDES))]
    return [_Segment(gen.uniform(0.05, 0.08), glided, voice=0.6)]


def _prosody(gen: SignalGenerator, phrases: np.ndarray) -> np.ndarray:
    """Relative pitch: accents on a line that falls along each phrase (of the
    given lengths in samples), and rises at the end of a question.
    """
    parts = []
    for length in phrases:
        accents = gen.normal(0, 0.07, gen.integers(3, 6))
        line = np.linspace(0.12, -0.12, len(accents))
        if gen.random() < 0.25:
            line[-1] = 0.3
        parts.append(np.exp(glide(line + accents, int(length))))
    return np.concatenate(parts)


def _voiced(
    gen: SignalGenerator, mouth: _Mouth, pitch: np.ndarray, scale: float
) -> np.ndarray:
    """Folds and breath through the formants, which move with the mouth."""
    folds = gen.vibrating_folds(
        pitch, tilt=gen.uniform(0.8, 1.3), roughness=gen.uniform(0.004, 0.02)
    )
    quick, slow = gen.n_samples(0.012), gen.n_samples(0.05)
    voice = mouth.track([part.voice for part in mouth.segments], slow // 2)
    breath = mouth.track([part.breath for part in mouth.segments], quick)
    breath += gen.uniform(0.01, 0.06) * voice
    source = folds * voice + gen.noise(len(pitch)) * breath
    formants = [
        scale * mouth.track([part.formants[i] for part in mouth.segments], slow)
        for i in range(3)
    ]
    every = max(1, gen.sample_rate // 200)
    return gen.resonances(
        source,
        [*(formant[::every] for formant in formants), 3600 * scale],
        [70, 100, 160, 300],
        [1.0, gen.uniform(0.4, 0.8), gen.uniform(0.2, 0.45), 0.15],
    )


def _hissed(gen: SignalGenerator, mouth: _Mouth) -> np.ndarray:
    """Noise of the constrictions: bursts and fricatives."""
    quick, slow = gen.n_samples(0.012), gen.n_samples(0.05)
    level = mouth.track([part.hiss for part in mouth.segments], quick)
    bright = mouth.track([part.bright for part in mouth.segments], slow)
    bright = np.minimum(bright, 0.42 * gen.sample_rate)
    air = gen.noise(len(level)) * level
    every = max(1, gen.sample_rate // 200)
    return gen.resonances(air, [bright[::every]], [1600], [1.0])

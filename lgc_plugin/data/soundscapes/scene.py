"""One soundscape: where its sounds lie, and how they are mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lgc_plugin.data.soundscapes.bank import Sound
from lgc_plugin.data.soundscapes.mixing import (
    Signal,
    audible_span,
    below_full_scale,
    coloured_noise,
    faded,
    fill,
    gain_for,
    load_sound,
    loudness,
    reverberate,
    rms,
    room_response,
    through_microphone,
)

# Less than this between two sounds of a class and they would be one event.
_SAME_CLASS_GAP_SECONDS = 0.15
_TRIES = 40
# A sound that is cut stops more gently than one that ends by itself.
_NATURAL_FADE_SECONDS = 0.002
_CUT_FADE_SECONDS = 0.02
# How much of a long sound may be used, in lengths of the clip.
_LONGEST = (0.5, 1.5)
# What must be left of a sound that is cut: its length, and its RMS relative
# to the whole sound's.
_SHORTEST_CUT_SECONDS = 0.25
_FAINTEST_CUT = 0.3
_BACKGROUND_DBFS = (-45.0, -30.0)
_NOISE_DB = (-20.0, 0.0)
_PAN_DB = 3.0


@dataclass(frozen=True)
class SceneSettings:
    """How the clips of one set are mixed."""

    #: Length of a clip
    clip_seconds: float
    #: Samples per second
    sample_rate: int
    #: Channels of a clip
    channels: int
    #: Range of the level of an event over the background, in dB
    snr: tuple[float, float]
    #: Sounds that may overlap, without the background
    max_overlap: int
    #: Whether noise and a microphone's colouring are added
    recorded: bool = False
    #: Range of the reverberation time in seconds; (0, 0) means none. Only
    #: recorded clips have any
    reverberation: tuple[float, float] = (0.0, 0.0)

    @property
    def n_samples(self) -> int:
        """Samples of a clip, per channel."""
        return round(self.clip_seconds * self.sample_rate)


@dataclass(frozen=True)
class Placed:
    """A sound, which part of it is used, and when."""

    #: The file
    sound: Sound
    #: (n,) the samples that are used, with their fades
    audio: Signal
    #: Sample of the clip at which they begin
    first: int

    @property
    def end(self) -> int:
        """Sample of the clip after the last one."""
        return self.first + len(self.audio)


def place_sounds(
    sounds: Sequence[Sound],
    settings: SceneSettings,
    rng: np.random.Generator,
) -> list[Placed]:
    """Finds each sound a place; one that finds none is left out."""
    placed: list[Placed] = []
    for sound in sounds:
        source = load_sound(sound.path, settings.sample_rate)
        for _ in range(_TRIES):
            candidate = _draw_place(sound, source, settings, rng)
            if _is_typical(candidate, source, settings) and _fits(
                candidate, placed, settings
            ):
                placed.append(candidate)
                break
    return placed


def polyphony(spans: Sequence[tuple[float, float]]) -> int:
    """The most spans that hold at any one moment."""
    return max(
        (sum(a <= start < b for a, b in spans) for start, _ in spans),
        default=0,
    )


def render(
    background: Sound,
    placed: Sequence[Placed],
    settings: SceneSettings,
    rng: np.random.Generator,
) -> Signal:
    """Mixes a clip: (channels, n) samples with peaks of at most 0.99.

    The level of an event is its RMS from onset to offset, room included;
    that of the background its RMS over the clip, noise included.
    """
    floor = 10 ** (rng.uniform(*_BACKGROUND_DBFS) / 20)
    mix = _background(background, floor, settings, rng)
    rt60 = rng.uniform(*settings.reverberation) if settings.recorded else 0.0
    for sound in placed:
        response = _response(rt60, settings, rng)
        n_left = settings.n_samples - sound.first
        wet = reverberate(sound.audio, response, n_left)
        level = rms(wet[:, : len(sound.audio)])
        gain = gain_for(level, floor, rng.uniform(*settings.snr))
        mix[:, sound.first : sound.first + wet.shape[1]] += gain * wet
    if settings.recorded:
        mix = through_microphone(mix, rng, settings.sample_rate)
    return below_full_scale(mix)


def _draw_place(
    sound: Sound,
    source: Signal,
    settings: SceneSettings,
    rng: np.random.Generator,
) -> Placed:
    """Draws which part of a sound is used, and when."""
    n_clip, sample_rate = settings.n_samples, settings.sample_rate
    n = min(len(source), round(n_clip * rng.uniform(*_LONGEST)))
    if sound.no_onset and sound.no_offset:
        source = fill(source, n_clip, sample_rate, rng)
        start, first, n = 0, 0, n_clip
    elif sound.no_onset:
        n = min(n, n_clip)
        start, first = len(source) - n, 0
    elif sound.no_offset:
        n = min(n, n_clip)
        start, first = 0, n_clip - n
    else:
        start = int(rng.integers(len(source) - n + 1))
        # Otherwise a sound as long as the clip would always fill it.
        overhang = n // 2 if n > n_clip // 2 else 0
        first = int(rng.integers(-overhang, n_clip - n + overhang + 1))
        start, n = start - min(first, 0), n + min(first, 0)
        first = max(first, 0)
        n = min(n, n_clip - first)
        # A cut may lie in a pause: the event begins and ends with sound.
        begin, end = audible_span(
            source[start : start + n],
            loudness(source, sample_rate),
            sample_rate,
        )
        start, first, n = start + begin, first + begin, end - begin
    return Placed(sound, _cut(source, start, n, sample_rate), first)


def _cut(source: Signal, start: int, n: int, sample_rate: int) -> Signal:
    natural = round(_NATURAL_FADE_SECONDS * sample_rate)
    cut = round(_CUT_FADE_SECONDS * sample_rate)
    return faded(
        source[start : start + n],
        cut if start > 0 else natural,
        cut if start + n < len(source) else natural,
    )


def _is_typical(
    candidate: Placed, source: Signal, settings: SceneSettings
) -> bool:
    """Whether a part is more than a scrap, a pause or an echo.

    It would be lifted to the full level of an event.
    """
    if candidate.sound.no_onset or candidate.sound.no_offset:
        return True
    n = len(candidate.audio)
    if n < min(len(source), _SHORTEST_CUT_SECONDS * settings.sample_rate):
        return False
    return rms(candidate.audio) >= _FAINTEST_CUT * rms(source)


def _fits(
    candidate: Placed, placed: Sequence[Placed], settings: SceneSettings
) -> bool:
    gap = round(_SAME_CLASS_GAP_SECONDS * settings.sample_rate)
    for other in placed:
        apart = max(candidate.first - other.end, other.first - candidate.end)
        if other.sound.label == candidate.sound.label and apart < gap:
            return False
    spans = [(item.first, item.end) for item in (*placed, candidate)]
    return polyphony(spans) <= settings.max_overlap


def _background(
    sound: Sound,
    level: float,
    settings: SceneSettings,
    rng: np.random.Generator,
) -> Signal:
    """(channels, n) background and noise, with an RMS of ``level``."""
    audio = load_sound(sound.path, settings.sample_rate, trim=False)
    n, channels = settings.n_samples, settings.channels
    mix = np.tile(fill(audio, n, settings.sample_rate, rng), (channels, 1))
    if settings.recorded:
        noise = coloured_noise(rng, n, settings.sample_rate, channels)
        mix += gain_for(1.0, rms(mix), rng.uniform(*_NOISE_DB)) * noise
    return mix * gain_for(rms(mix), level, 0.0)


def _response(
    rt60: float, settings: SceneSettings, rng: np.random.Generator
) -> Signal:
    """(channels, L) a room, or without one the gains of a place."""
    channels = settings.channels
    if rt60 > 0:
        return room_response(rng, rt60, settings.sample_rate, channels)
    gains = 10 ** (rng.uniform(-_PAN_DB, _PAN_DB, (channels, 1)) / 20)
    return (gains / rms(gains)).astype(np.float32)

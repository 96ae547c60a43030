"""One soundscape: places, levels and edges of its sounds."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.soundscapes.bank import Sound
from lgc_plugin.data.soundscapes.mixing import rms
from lgc_plugin.data.soundscapes.scene import (
    SceneSettings,
    place_sounds,
    polyphony,
    render,
)
from tones import RATE, tone, write_tone

CLIP_SECONDS = 2.0
LENGTHS = {"Beep": 0.3, "Buzz": 0.7, "Hum": 1.6, "Whirr": 5.0, "Door": 0.4}


@pytest.mark.parametrize("snr", [-6.0, 12.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_snr_of_a_lone_event_is_as_asked(
    tmp_path: Path, snr: float, channels: int
) -> None:
    settings = make_settings(snr=(snr, snr), channels=channels)
    event, background = make_sounds(tmp_path, 0.5)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        placed = place_sounds([event], settings, rng)
        mix = render(background, placed, settings, rng)
        (item,) = placed
        # The tones are far apart: a straight cut in frequency parts them.
        spectrum = np.fft.rfft(mix, axis=1)
        high = np.fft.rfftfreq(mix.shape[1], 1 / RATE) > 700
        alone = np.fft.irfft(spectrum * high, mix.shape[1])
        below = np.fft.irfft(spectrum * ~high, mix.shape[1])
        ratio = rms(alone[:, item.first : item.end]) / rms(below)
        assert 20 * np.log10(ratio) == pytest.approx(snr, abs=0.3)


def test_polyphony_counts_the_most_at_once() -> None:
    assert polyphony([(0, 2), (1, 3), (2, 4)]) == 2
    assert polyphony([]) == 0


def make_settings(**changes: Any) -> SceneSettings:
    settings = SceneSettings(CLIP_SECONDS, RATE, 1, (10.0, 10.0), 3)
    return replace(settings, **changes)


def make_sounds(
    folder: Path, seconds: float, **edges: bool
) -> tuple[Sound, Sound]:
    """A sound of 1 kHz and a background of 400 Hz."""
    write_tone(folder / "event.wav", 1000, seconds)
    write_tone(folder / "background.wav", 400, 1.5)
    return (
        Sound(str(folder / "event.wav"), "Beep", "event", **edges),
        Sound(str(folder / "background.wav"), "background", "background"),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("seconds", [0.5, 1.5, 6.0])
def test_sounds_without_edges_reach_the_ends_of_the_clip(
    tmp_path: Path, seconds: float, seed: int
) -> None:
    settings = make_settings()
    rng = np.random.default_rng(seed)

    def span(**edges: bool) -> tuple[int, int]:
        sound, _ = make_sounds(tmp_path, seconds, **edges)
        (item,) = place_sounds([sound], settings, rng)
        return item.first, item.end

    n = settings.n_samples
    first, end = span(no_onset=True)
    assert first == 0
    # Only a sound longer than half of the clip may be cut.
    assert end == seconds * RATE or (seconds > 1 and n / 2 <= end <= n)
    first, end = span(no_offset=True)
    assert end == n
    assert n - first == seconds * RATE or (seconds > 1 and first <= n / 2)
    assert span(no_onset=True, no_offset=True) == (0, n)


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A file for each label."""
    folder = tmp_path_factory.mktemp("tones")
    for i, (label, seconds) in enumerate(LENGTHS.items()):
        write_tone(folder / f"{label}.wav", 400 + 250 * i, seconds)
    return {label: str(folder / f"{label}.wav") for label in LENGTHS}


@given(seed=st.integers(0, 2**32), overlap=st.integers(1, 3))
def test_crowded_clips_stay_within_the_limits(
    tones: dict[str, str], seed: int, overlap: int
) -> None:
    settings = make_settings(max_overlap=overlap)
    sounds = [
        Sound(tones[label], label, "")
        for label in (*LENGTHS, "Beep", "Beep", "Hum")
    ]
    placed = place_sounds(sounds, settings, np.random.default_rng(seed))
    assert placed[0].sound == sounds[0]
    spans = [(item.first, item.end) for item in placed]
    assert polyphony(spans) <= overlap
    for one, other in combinations(placed, 2):
        assert 0 <= one.first < one.end <= settings.n_samples
        if one.sound.label == other.sound.label:
            assert one.end < other.first or other.end < one.first


def test_a_cut_in_a_pause_is_moved_to_the_sound(tmp_path: Path) -> None:
    pause = np.zeros(RATE)
    sound = np.concatenate([tone(1000, 0.3), pause, tone(1000, 0.5)])
    soundfile.write(tmp_path / "a.wav", sound, RATE)
    settings = make_settings()
    item = Sound(str(tmp_path / "a.wav"), "Beep", "a")
    for seed in range(30):
        rng = np.random.default_rng(seed)
        (placed,) = place_sounds([item], settings, rng)
        # The fade of a cut takes 20 ms.
        assert rms(placed.audio[200:400]) > 0.1
        assert rms(placed.audio[-400:-200]) > 0.1


def test_a_loud_mixture_is_turned_down(tmp_path: Path) -> None:
    event, background = make_sounds(tmp_path, 1.0)
    settings = make_settings(snr=(60.0, 60.0))
    rng = np.random.default_rng(0)
    placed = place_sounds([event], settings, rng)
    mix = render(background, placed, settings, rng)
    assert np.abs(mix).max() == pytest.approx(0.99)

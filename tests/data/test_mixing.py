"""Sounds as signals: reading, trimming, filling, levels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lgc_plugin.data.soundscapes.mixing import (
    below_full_scale,
    faded,
    fill,
    gain_for,
    load_sound,
    rms,
    trim_silence,
)

RATE = 8000


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(
        np.arange(round(seconds * rate)) * 2 * np.pi * 440 / rate
    )


def test_load_sound_averages_resamples_and_trims(tmp_path: Path) -> None:
    rate = 22050
    silence = np.zeros(rate)
    sound = np.concatenate([silence, tone(0.5, rate), silence])
    path = str(tmp_path / "a.flac")
    soundfile.write(path, np.stack([sound, 0 * sound], axis=1), rate)
    loaded = load_sound(path, RATE)
    assert len(loaded) / RATE == pytest.approx(0.5, abs=0.021)
    assert rms(loaded) == pytest.approx(0.25 / np.sqrt(2), rel=0.03)
    assert len(load_sound(path, RATE, trim=False)) == 2.5 * RATE
    assert load_sound(path, RATE) is loaded
    with pytest.raises(ValueError, match="read-only"):
        loaded[0] = 1.0


@pytest.mark.parametrize("samples", [np.zeros(100), np.zeros(0)])
def test_load_sound_refuses_silence(
    tmp_path: Path, samples: np.ndarray
) -> None:
    path = str(tmp_path / "a.wav")
    soundfile.write(path, samples, RATE)
    with pytest.raises(ValueError, match="a.wav holds no sound"):
        load_sound(path, RATE)


def test_load_sound_names_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no audio")
    with pytest.raises(ValueError, match="a.wav cannot be read"):
        load_sound(str(tmp_path / "a.wav"), RATE)


def test_trim_keeps_what_is_within_40_db() -> None:
    faint, loud = 0.012 * tone(0.2), tone(0.2)
    fainter = 0.008 * tone(0.2)
    kept = trim_silence(np.concatenate([fainter, faint, loud, fainter]), RATE)
    assert len(kept) == len(faint) + len(loud)


@given(
    length=st.integers(1, 400),
    n=st.integers(1, 2000),
    seed=st.integers(0, 1000),
)
def test_fill_gives_any_length(length: int, n: int, seed: int) -> None:
    sound = np.ones(length, dtype=np.float32)
    filled = fill(sound, n, 100, np.random.default_rng(seed))
    assert filled.shape == (n,)
    # Crossfades of equal power lift what is in phase by 3 dB at most.
    assert np.all((filled >= 1 - 1e-6) & (filled <= np.sqrt(2) + 1e-6))


def test_fill_loops_without_a_jump() -> None:
    ramp = np.linspace(0, 1, RATE, dtype=np.float32)
    filled = fill(ramp, 5 * RATE, RATE, np.random.default_rng(0))
    assert np.abs(np.diff(filled)).max() < 0.03
    assert filled.max() - filled.min() > 0.4


@given(
    arrays(np.float32, st.integers(1, 50), elements=st.floats(-1, 1, width=32))
)
def test_faded_never_raises_a_sample(sound: np.ndarray) -> None:
    result = faded(sound, 30, 30)
    assert result.shape == sound.shape
    assert np.all(np.abs(result) <= np.abs(sound))


@given(st.floats(-40, 40), st.floats(1e-3, 1), st.floats(1e-3, 1))
def test_gain_reaches_the_ratio(
    decibels: float, level: float, reference: float
) -> None:
    gain = gain_for(level, reference, decibels)
    ratio = 20 * np.log10(gain * level / reference)
    assert ratio == pytest.approx(decibels, abs=1e-6)


def test_silence_is_not_lifted() -> None:
    assert gain_for(0.0, 1.0, 10.0) == 0.0


def test_peaks_stay_below_full_scale() -> None:
    quiet = np.array([[0.5, -0.98]])
    assert below_full_scale(quiet) is quiet
    loud = below_full_scale(np.array([[4.0, -8.0]]))
    np.testing.assert_allclose(loud, [[0.495, -0.99]])

"""Sounds as signals: reading, trimming, filling, levels, rooms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lgc_plugin.data.soundscapes.mixing import (
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
    trim_silence,
)

RATE = 8000
ROOM = 16000


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
    with pytest.raises(ValueError, match="a.wav: cannot be decoded"):
        load_sound(str(tmp_path / "a.wav"), RATE)


def test_trim_keeps_what_is_within_40_db() -> None:
    faint, loud = 0.012 * tone(0.2), tone(0.2)
    fainter = 0.008 * tone(0.2)
    kept = trim_silence(np.concatenate([fainter, faint, loud, fainter]), RATE)
    assert len(kept) == len(faint) + len(loud)


def test_levels_and_spans_of_plain_signals() -> None:
    assert rms(np.array([3.0, -3.0])) == 3.0
    assert loudness(np.full(25, 2.0), 1000).tolist() == [4.0, 4.0, 4.0]
    sound = np.repeat([0.0, 1.0, 0.0], 100)
    assert audible_span(sound, loudness(sound, 1000), 1000) == (100, 200)
    assert trim_silence(sound, 1000).shape == (100,)
    rising = faded(np.ones(4), 2, 0).round(2)
    assert rising.tolist() == [0.15, 0.85, 1.0, 1.0]
    assert gain_for(0.5, 0.1, 20.0) == 2.0


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


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("rt60", [0.2, 0.5, 1.0])
def test_room_decays_as_asked(rt60: float) -> None:
    response = room_response(generator(), rt60, ROOM, channels=8)
    tail = response[:, round(0.05 * ROOM) :].astype(np.float64)
    # Schroeder's backward integral, fitted from -5 to -25 dB.
    energy = np.square(tail).sum(axis=0)[::-1].cumsum()[::-1]
    decibels = 10 * np.log10(energy / energy[0])
    part = (decibels < -5) & (decibels > -25)
    slope = np.polyfit(np.flatnonzero(part) / ROOM, decibels[part], 1)[0]
    assert -60 / slope == pytest.approx(rt60, rel=0.25)


@pytest.mark.parametrize("seed", range(5))
def test_room_keeps_the_direct_sound_first(seed: int) -> None:
    response = room_response(generator(seed), 0.4, ROOM, channels=2)
    np.testing.assert_array_equal(response[:, 0], 1.0)
    reverberant = np.square(response[:, 1:]).sum() / 2
    assert -9.1 <= 10 * np.log10(reverberant) <= 3.1


def test_rooms_and_channels_differ() -> None:
    first = room_response(generator(0), 0.4, ROOM, channels=2)
    assert not np.allclose(first[0], first[1])
    assert not np.allclose(first, room_response(generator(1), 0.4, ROOM, 2))
    again = room_response(generator(0), 0.4, ROOM, channels=2)
    np.testing.assert_array_equal(first, again)


def test_reverberate_is_a_convolution_cut_to_length() -> None:
    sound = generator().standard_normal(300)
    responses = generator(1).standard_normal((2, 100))
    result = reverberate(sound, responses, 350)
    for channel, response in zip(result, responses, strict=True):
        np.testing.assert_allclose(
            channel, np.convolve(sound, response)[:350], atol=1e-9
        )


def test_noise_has_unit_level_and_no_upward_slope() -> None:
    for seed in range(5):
        noise = coloured_noise(generator(seed), ROOM, ROOM, channels=2)
        assert noise.shape == (2, ROOM)
        assert rms(noise) == pytest.approx(1.0, rel=1e-3)
        power = np.square(np.abs(np.fft.rfft(noise[0])))
        assert power[100:1000].mean() > 0.9 * power[4000:8000].mean()
        assert abs(np.corrcoef(noise)[0, 1]) < 0.5


def test_microphone_cuts_the_lows_and_shifts_nothing() -> None:
    click = np.zeros((1, ROOM), dtype=np.float32)
    click[0, ROOM // 2] = 1.0
    for seed in range(5):
        result = through_microphone(click, generator(seed), ROOM)
        assert result.shape == click.shape
        assert np.abs(result[0]).argmax() == ROOM // 2
        spectrum = np.abs(np.fft.rfft(result[0]))
        assert spectrum[2] < 0.1 * spectrum[500:2000].mean()


def test_microphones_differ() -> None:
    noise = coloured_noise(generator(), ROOM, ROOM)
    one = through_microphone(noise, generator(1), ROOM)
    other = through_microphone(noise, generator(2), ROOM)
    assert rms(one - other) > 0.05

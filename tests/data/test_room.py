"""Rooms, noise and microphones."""

from __future__ import annotations

import numpy as np
import pytest

from lgc_plugin.data.soundscapes.mixing import rms
from lgc_plugin.data.soundscapes.room import (
    coloured_noise,
    reverberate,
    room_response,
    through_microphone,
)

RATE = 16000


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("rt60", [0.2, 0.5, 1.0])
def test_room_decays_as_asked(rt60: float) -> None:
    response = room_response(generator(), rt60, RATE, channels=8)
    tail = response[:, round(0.05 * RATE) :].astype(np.float64)
    # Schroeder's backward integral, fitted from -5 to -25 dB.
    energy = np.square(tail).sum(axis=0)[::-1].cumsum()[::-1]
    decibels = 10 * np.log10(energy / energy[0])
    part = (decibels < -5) & (decibels > -25)
    slope = np.polyfit(np.flatnonzero(part) / RATE, decibels[part], 1)[0]
    assert -60 / slope == pytest.approx(rt60, rel=0.25)


@pytest.mark.parametrize("seed", range(5))
def test_room_keeps_the_direct_sound_first(seed: int) -> None:
    response = room_response(generator(seed), 0.4, RATE, channels=2)
    np.testing.assert_array_equal(response[:, 0], 1.0)
    reverberant = np.square(response[:, 1:]).sum() / 2
    assert -9.1 <= 10 * np.log10(reverberant) <= 3.1


def test_rooms_and_channels_differ() -> None:
    first = room_response(generator(0), 0.4, RATE, channels=2)
    assert not np.allclose(first[0], first[1])
    assert not np.allclose(first, room_response(generator(1), 0.4, RATE, 2))
    again = room_response(generator(0), 0.4, RATE, channels=2)
    np.testing.assert_array_equal(first, again)


def test_reverberate_is_a_convolution_cut_to_length() -> None:
    sound = generator().standard_normal(300)
    responses = generator(1).standard_normal((2, 100))
    heard = reverberate(sound, responses, 350)
    for channel, response in zip(heard, responses, strict=True):
        np.testing.assert_allclose(
            channel, np.convolve(sound, response)[:350], atol=1e-9
        )


def test_noise_has_unit_level_and_no_upward_slope() -> None:
    for seed in range(5):
        noise = coloured_noise(generator(seed), RATE, RATE, channels=2)
        assert noise.shape == (2, RATE)
        assert rms(noise) == pytest.approx(1.0, rel=1e-3)
        power = np.square(np.abs(np.fft.rfft(noise[0])))
        assert power[100:1000].mean() > 0.9 * power[4000:8000].mean()
        assert abs(np.corrcoef(noise)[0, 1]) < 0.5


def test_microphone_cuts_the_lows_and_shifts_nothing() -> None:
    click = np.zeros((1, RATE), dtype=np.float32)
    click[0, RATE // 2] = 1.0
    for seed in range(5):
        heard = through_microphone(click, generator(seed), RATE)
        assert heard.shape == click.shape
        assert np.abs(heard[0]).argmax() == RATE // 2
        spectrum = np.abs(np.fft.rfft(heard[0]))
        assert spectrum[2] < 0.1 * spectrum[500:2000].mean()


def test_microphones_differ() -> None:
    noise = coloured_noise(generator(), RATE, RATE)
    one = through_microphone(noise, generator(1), RATE)
    other = through_microphone(noise, generator(2), RATE)
    assert rms(one - other) > 0.05

"""Channels that cancel one another are told of, others are not."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.channels import ChannelCheck
from lgc_plugin.inference.audio_blocks import array_blocks, stream_blocks
from strategies import seeds

RATE = 1000


def finding(channels, n_pieces=1):
    """What is found in all of a recording, in pieces."""
    check = ChannelCheck(RATE)
    wav = channels.astype(np.float32)
    pieces = np.array_split(wav, n_pieces)
    found = [check.push(piece, piece.mean(axis=1)) for piece in pieces]
    return next(filter(None, [*found, check.finish()]), "")


@given(seeds, st.integers(2, 8), st.floats(0.01, 1.0), st.integers(1, 9))
def test_independent_channels_are_fine(seed, n_channels, level, n_pieces):
    noise = np.random.default_rng(seed).normal(size=(3000, n_channels))
    assert finding(level * noise, n_pieces) == ""


@given(seeds, st.floats(0.5, 1.0), st.floats(0.01, 1.0))
def test_one_loud_channel_is_fine(seed, share, level):
    """Whatever the other: even turned around, it is quieter."""
    wav = level * np.random.default_rng(seed).normal(size=3000)
    assert finding(np.stack([wav, -share * 0.5 * wav], axis=1)) == ""


@given(seeds, st.sampled_from([2, 4, 6]), st.integers(1, 9))
def test_opposite_phase_is_found(seed, n_channels, n_pieces):
    rng = np.random.default_rng(seed)
    wav, noise = rng.normal(size=3000), rng.normal(size=(3000, n_channels))
    signs = np.resize([1, -1], n_channels)
    channels = wav[:, None] * signs + 0.01 * noise
    decibels = -10 * np.log10(
        (channels.mean(axis=1) ** 2).mean() / (channels**2).mean()
    )
    found = finding(channels, n_pieces)
    assert f"its {n_channels} channels is {decibels:.0f} dB quieter" in found


def test_silence_and_moments_are_fine():
    assert finding(np.zeros((3000, 2))) == ""
    tiny = np.resize([1e-4, -1e-4], (3000, 2))
    assert finding(tiny) == ""
    assert finding(np.resize([0.5, -0.5], (50, 2))) == ""


def test_ten_seconds_within_an_hour_are_found():
    rng = np.random.default_rng(0)
    wav = rng.normal(0, 0.1, (200 * RATE, 2))
    wav[100 * RATE : 120 * RATE, 1] = -wav[100 * RATE : 120 * RATE, 0]
    assert "opposite phase" in finding(wav, 50)


@pytest.mark.parametrize("dtype", [np.float64, np.int16, np.int32])
def test_a_recording_is_warned_of_once(dtype):
    wav = np.random.default_rng(0).normal(0, 0.1, 30 * 16000)
    scale = 1 if dtype == np.float64 else np.iinfo(dtype).max
    both = (np.stack([wav, -wav], axis=1).clip(-1, 1) * scale).astype(dtype)
    for blocks in (
        array_blocks(both, 16000, 16000, name="a.wav"),
        stream_blocks(np.array_split(both, 9), 16000, 16000, name="a.wav"),
    ):
        with pytest.warns(UserWarning, match="a.wav: the mean of") as caught:
            list(blocks)
        assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(array_blocks(both[:, 0], 16000, 16000))

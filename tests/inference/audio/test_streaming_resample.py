import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.resample import resample
from lgc_plugin.inference.audio.streaming_resample import (
    StreamingResampler,
    check_sample_rate,
)

RATES = [8000, 11025, 16000, 22050, 44100, 48000]
rates = st.sampled_from(RATES)
seeds = st.integers(0, 2**31 - 1)


def noise(n_samples, seed=0):
    samples = np.random.default_rng(seed).normal(size=n_samples)
    return samples.astype(np.float32)


def in_pieces(samples, cuts, rate, new_rate):
    resampler = StreamingResampler(rate, new_rate)
    pieces = [resampler.push(piece) for piece in np.split(samples, cuts)]
    return np.concatenate([*pieces, resampler.finish()])


@given(
    rates,
    rates,
    st.integers(0, 3000),
    st.lists(st.integers(0, 3000), max_size=8),
    seeds,
)
def test_pieces_are_the_whole(rate, new_rate, n_samples, cuts, seed):
    samples = noise(n_samples, seed)
    cuts = sorted(min(cut, n_samples) for cut in cuts)
    joined = in_pieces(samples, cuts, rate, new_rate)
    assert joined.dtype == np.float32
    if n_samples:
        # Not only close: rounded to 16 bits, close would sometimes differ.
        assert np.array_equal(joined, resample(samples, rate, new_rate))
    else:
        assert len(joined) == 0


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("size", [1, 160, 4410])
def test_equal_pieces_of_a_second_are_the_whole(rate, size):
    samples = noise(rate // (40 if size == 1 else 1))
    cuts = np.arange(size, len(samples), size)
    joined = in_pieces(samples, cuts, rate, 16000)
    assert np.array_equal(joined, resample(samples, rate, 16000))


def test_rates_with_little_in_common():
    samples = noise(3000)
    joined = in_pieces(samples, [700, 2500], 4001, 3000)
    assert np.array_equal(joined, resample(samples, 4001, 3000))


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_stays_a_tone(rate):
    seconds = np.arange(rate) / rate
    tone = np.sin(2 * np.pi * 440 * seconds)
    cuts = np.arange(777, rate, 777)
    joined = in_pieces(tone, cuts, rate, 16000)
    expected = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    # The ends ring: before and after the tone is silence.
    inner = slice(400, -400)
    assert np.abs(joined - expected)[inner].max() < 1e-3


@given(rates, rates, st.lists(st.integers(0, 2000), min_size=1, max_size=12))
def test_latency_is_as_stated(rate, new_rate, sizes):
    resampler = StreamingResampler(rate, new_rate)
    received = given_out = 0
    for size in sizes:
        given_out += len(resampler.push(np.zeros(size)))
        received += size
        heard = received / rate - resampler.latency_seconds
        # Every sample at or before that moment, and none after it.
        assert given_out == max(0, math.ceil(heard * new_rate - 1e-6))
    assert resampler.latency_seconds < 0.0081


@pytest.mark.parametrize("rate", RATES)
def test_what_is_kept_does_not_grow(rate):
    resampler = StreamingResampler(rate, 16000)
    kept = []
    for _ in range(300):
        resampler.push(np.zeros(500))
        kept.append(len(resampler._kept))
    assert max(kept) < 1500


def test_the_same_rate_is_not_delayed():
    resampler = StreamingResampler(16000, 16000)
    assert resampler.latency_seconds == 0
    samples = noise(10)
    given_out = resampler.push(samples)
    assert np.array_equal(given_out, samples)
    samples[:] = 0  # the caller's buffer, filled anew for the next piece
    assert given_out.any()
    assert len(resampler.finish()) == 0


def test_a_finished_recording_takes_no_more():
    resampler = StreamingResampler(44100, 16000)
    resampler.push(np.zeros(10))
    assert len(resampler.finish()) == 4
    with pytest.raises(RuntimeError, match="finished"):
        resampler.push(np.zeros(10))
    with pytest.raises(RuntimeError, match="finished"):
        resampler.finish()


@pytest.mark.parametrize("rate", [0, -1, 44100.5, np.nan, np.inf, None, "16k"])
def test_what_is_no_rate_is_named(rate):
    with pytest.raises(ValueError, match=r"sample rate .*positive integer"):
        StreamingResampler(rate, 16000)
    with pytest.raises(ValueError, match=r"sample rate .*positive integer"):
        StreamingResampler(16000, rate)


def test_a_rate_of_any_number_type():
    for rate in (44100, 44100.0, np.int32(44100), np.float64(44100)):
        assert check_sample_rate(rate) == 44100
        assert type(check_sample_rate(rate)) is int


def test_a_filter_beyond_memory_is_refused():
    with pytest.raises(ValueError, match=r"96001 to 16000; convert"):
        StreamingResampler(96001, 16000)

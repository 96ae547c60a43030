"""Spectrograms of any length."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.report.spectrogram import log_mel, long_log_mel

NOISE = np.random.default_rng(0).normal(size=30000).astype(np.float32)


@settings(max_examples=50)
@given(
    st.integers(1, len(NOISE)),
    st.lists(st.integers(0, len(NOISE)), max_size=6),
    st.sampled_from([16000, 44100]),
)
def test_blocks_of_any_size_are_the_whole(
    n_samples: int, cuts: list[int], rate: int
) -> None:
    wav = NOISE[:n_samples]
    blocks = np.split(wav, sorted(min(cut, n_samples) for cut in cuts))
    columns = long_log_mel(blocks, rate)
    expected = log_mel(wav, rate)
    assert columns.values.shape == expected.shape
    assert np.abs(columns.values - expected).max() < 1e-3
    assert columns.edges[1] == pytest.approx(160 / rate)


def test_a_click_is_seen_in_an_hour() -> None:
    """A sound of 10 ms in a picture whose columns are 2 s wide."""
    rate, seconds = 16000, 600
    wav = np.random.default_rng(0).normal(size=seconds * rate) * 1e-3
    wav[rate * 300 : rate * 300 + 160] += 1.0
    columns = long_log_mel(np.split(wav, 60), rate, limit=512)
    image, edges = columns.values, columns.edges
    assert image.shape[1] <= 512
    loudest = int(image.mean(axis=0).argmax())
    assert edges[loudest] - 0.1 <= 300 <= edges[loudest + 1] + 0.1
    assert image[:, loudest].mean() > np.median(image) + 20


def test_memory_is_that_of_a_block() -> None:
    block = np.zeros(16000, np.float32)
    long_log_mel([block], 16000, limit=64)
    peaks = []
    for count in (5, 100):
        tracemalloc.start()
        long_log_mel((block for _ in range(count)), 16000, limit=64)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]

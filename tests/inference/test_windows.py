"""Windows of a recording: where they are, and the same piece by piece."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.inference.prediction import predict
from lgc_plugin.inference.windows import WindowPlan, cut_windows
from oracles.windows import plan_windows


@st.composite
def sizes(draw):
    window = draw(st.integers(1, 20))
    return draw(st.integers(1, 90)), window, draw(st.integers(1, window))


@given(sizes(), st.lists(st.integers(0, 30), max_size=12))
def test_pieces_of_any_size_give_the_windows_of_the_whole(size, pieces):
    n_samples, window, hop = size
    samples = np.arange(n_samples, dtype=np.float32)
    blocks = np.split(samples, np.minimum(np.cumsum(pieces), n_samples))
    cuts = list(cut_windows(blocks, window, hop))
    starts = plan_windows(n_samples, window, hop)
    assert len(cuts) == len(starts)
    for cut, start in zip(cuts, starts, strict=True):
        np.testing.assert_array_equal(cut, samples[start : start + window])


def test_a_window_is_given_out_with_its_last_sample():
    taken = []

    def blocks():
        for i in range(9):
            taken.append(i)
            yield np.array([i], dtype=np.float32)

    cuts = cut_windows(blocks(), window=4, hop=2)
    assert [next(cuts)[-1] == len(taken) - 1 for _ in range(3)] == [True] * 3


def test_windows_have_memory_of_their_own():
    block = np.ones(6, dtype=np.float32)
    cuts = cut_windows([block], window=4, hop=2)
    first = next(cuts)
    first[:] = block[:] = 7.0
    assert next(cuts).tolist() == [1.0, 1.0, 7.0, 7.0]


def test_no_sample_no_window():
    assert list(cut_windows([np.empty(0)], 4, 2)) == []
    assert list(cut_windows([], 4, 2)) == []


def test_memory_does_not_grow_with_the_recording():
    block = np.zeros(1000, dtype=np.float32)
    tracemalloc.start()
    count = sum(1 for _ in cut_windows((block for _ in range(9000)), 8000, 500))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == (9_000_000 - 8000) // 500 + 1
    assert peak < 200_000  # the recording is 36 MB


# Where the hop is asked for, and what becomes of it in frames of 64 ms.
DESED = EventEncoder(["Cat"])


@pytest.mark.parametrize(
    ("seconds", "frames"),
    [(None, 78), (5, 78), (0.064, 1), (1e-6, 1), (9.99, 156), (10, 156)],
)
def test_hops_are_whole_frames(seconds, frames):
    assert WindowPlan.of(DESED, seconds).hop_frames == frames


@pytest.mark.parametrize("seconds", [0, -1, 10.1, float("nan")])
def test_windows_without_gaps(seconds):
    with pytest.raises(ValueError, match="at most 10 s"):
        WindowPlan.of(DESED, seconds)


@given(data=st.data(), batch_size=st.integers(1, 5))
def test_every_frame_comes_once_and_from_its_place(data, batch_size):
    pooling = data.draw(st.integers(1, 5))
    frame = 4 * pooling
    # A window may be no whole number of frames, and may even hold one frame
    # more than its samples fill.
    encoder = EventEncoder(
        ["Cat"],
        data.draw(st.integers(frame, 30 * frame)) / 100,
        100,
        4,
        pooling,
    )
    hop = data.draw(st.floats(0.01, encoder.clip_seconds))
    plan = WindowPlan.of(encoder, hop)
    n_samples = data.draw(st.integers(1, 40 * frame))
    # Samples tell their frame, in steps that 16 bits hold.
    wav = (np.arange(n_samples) // frame / 1024).astype(np.float32)

    def network(wavs, _):
        padded = torch.nn.functional.pad(wavs, (0, frame))
        starts = padded[:, ::frame][:, : encoder.n_frames]
        return starts.unsqueeze(1)

    blocks = np.array_split(wav, data.draw(st.integers(1, 7)))
    pieces = list(predict(blocks, plan, network, batch_size))
    scores = np.concatenate([piece.scores for piece in pieces], axis=1)
    frames = scores[0] * 1024
    assert pieces[-1].seconds == n_samples / 100
    # Without the rest of a last window that no frame is left for.
    expected = -(-n_samples // frame)
    assert expected - 1 <= len(frames) <= expected
    np.testing.assert_array_equal(frames, np.arange(len(frames)))

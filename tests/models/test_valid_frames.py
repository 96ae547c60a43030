import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.models.valid_frames import (
    count_valid,
    frame_mask,
    upsample_mask,
)


@given(
    st.lists(st.integers(0, 2000), min_size=1, max_size=6),
    st.integers(1, 300),
    st.integers(1, 12),
)
def test_counts_equal_the_walk_over_frames(n_samples, frame_samples, n_frames):
    expected = [
        oracles.valid_frames(n, frame_samples, n_frames) for n in n_samples
    ]
    counts = count_valid(torch.tensor(n_samples), frame_samples, n_frames)
    assert counts.tolist() == expected
    for row, count in zip(frame_mask(counts, n_frames), expected, strict=True):
        assert row.tolist() == [t < count for t in range(n_frames)]


@given(st.lists(st.integers(0, 20000), min_size=1, max_size=4))
def test_batches_and_single_clips_are_counted_alike(n_samples):
    encoder = EventEncoder(["Cat"], clip_seconds=1.0)
    counts = count_valid(torch.tensor(n_samples), 1024, encoder.n_frames)
    assert counts.tolist() == [encoder.valid_frames(n) for n in n_samples]


@given(
    st.lists(st.booleans(), min_size=1, max_size=8),
    st.integers(1, 5),
    st.integers(0, 4),
)
def test_mel_frames_are_valid_as_their_output_frame(row, pooling, rest):
    n_mel_frames = len(row) * pooling + rest % pooling
    spread = upsample_mask(torch.tensor([row]), n_mel_frames, pooling)
    last = len(row) - 1
    assert spread[0].tolist() == [
        row[min(t // pooling, last)] for t in range(n_mel_frames)
    ]

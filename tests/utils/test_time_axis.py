import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.utils.time_axis import (
    count_valid,
    frame_mask,
    place_spans,
    spread_spans,
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


shares = st.floats(0.0, 1.0, exclude_max=True, width=32)


@given(
    st.lists(st.tuples(shares, shares), min_size=1, max_size=5),
    st.integers(1, 160),
    st.sampled_from([(0.05, 0.2), (0.2, 0.5), (0.4, 0.4)]),
)
def test_spans_are_as_long_and_begin_where_the_draws_tell(
    draws, n_frames, ratio_range
):
    low, high = ratio_range
    ratio, place = torch.tensor(draws).T
    for (u, v), row in zip(
        draws, place_spans(ratio, place, n_frames, ratio_range), strict=True
    ):
        inside = row.nonzero().flatten().tolist()
        length = len(inside)
        # Single precision may fall on either side of a whole number.
        assert abs(length - (low + (high - low) * u) * n_frames) < 1 + 1e-4
        if inside:
            assert inside == list(range(inside[0], inside[0] + length))
            assert abs(inside[0] - v * (n_frames - length)) < 1 + 1e-4


@given(st.integers(1, 3), st.integers(1, 4), st.integers(-3, 3))
def test_a_frame_covers_its_steps(n_classes, pooling, rest):
    """The last frame perhaps only in part, and a rest not at all."""
    rest = max(rest, 1 - pooling)
    span = torch.tensor([[True, False, True], [False, True, False]])
    values = torch.zeros(2, n_classes, 3 * pooling + rest)
    spread = spread_spans(span, values, pooling)
    assert torch.broadcast_shapes(spread.shape, values.shape) == values.shape
    for clip in range(2):
        for step in range(values.shape[-1]):
            frame = step // pooling
            expected = frame < 3 and bool(span[clip, frame])
            assert bool(spread[clip, 0, step]) == expected


def test_spans_that_do_not_fit_are_refused():
    span = torch.zeros(2, 10, dtype=torch.bool)
    for shape in ((2, 18), (3, 20)):
        with pytest.raises(ValueError, match="do not fit"):
            spread_spans(span, torch.zeros(shape), 2)
    for ratio_range in [(0.0, 0.5), (0.5, 1.0), (0.5, 0.4)]:
        with pytest.raises(ValueError, match="ratio_range"):
            place_spans(torch.zeros(1), torch.zeros(1), 10, ratio_range)

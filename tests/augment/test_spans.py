import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.augment.spans import place_spans, spread_spans

shares = st.floats(0.0, 1.0, exclude_max=True, width=32)


@given(
    st.lists(st.tuples(shares, shares), min_size=1, max_size=5),
    st.integers(1, 160),
    st.sampled_from([(0.05, 0.2), (0.2, 0.5), (0.4, 0.4)]),
)
def test_spans_are_as_long_and_begin_where_the_draws_say(
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


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 3))
def test_a_frame_covers_its_steps(n_classes, pooling, rest):
    span = torch.tensor([[True, False, True], [False, True, False]])
    values = torch.zeros(2, n_classes, 3 * pooling + rest)
    spread = spread_spans(span, values, pooling)
    assert torch.broadcast_shapes(spread.shape, values.shape) == values.shape
    for clip in range(2):
        for step in range(values.shape[-1]):
            frame = step // pooling
            expected = frame < 3 and bool(span[clip, frame])
            assert bool(spread[clip, 0, step]) == expected


def test_what_does_not_fit_is_refused():
    span = torch.zeros(2, 10, dtype=torch.bool)
    with pytest.raises(ValueError, match="do not fit"):
        spread_spans(span, torch.zeros(2, 19), 2)
    with pytest.raises(ValueError, match="do not fit"):
        spread_spans(span, torch.zeros(3, 20), 2)
    for ratio_range in [(0.0, 0.5), (0.5, 1.0), (0.5, 0.4)]:
        with pytest.raises(ValueError, match="ratio_range"):
            place_spans(torch.zeros(1), torch.zeros(1), 10, ratio_range)

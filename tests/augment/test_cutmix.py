import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
from lgc_plugin.augment.cutmix import cutmix, draw_cutmix
from strategies import seeds


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 6),
    st.integers(8, 40),
    st.integers(1, 4),
    st.integers(0, 3),
    seeds,
)
def test_features_and_labels_stay_aligned(clips, frames, pooling, rest, seed):
    """Features that carry their own label keep it through the cut."""
    generator = torch.Generator().manual_seed(seed)
    plan = draw_cutmix(clips, frames, generator=generator)
    labels = torch.arange(clips * frames).view(clips, 1, frames)
    features = labels.repeat_interleave(pooling, dim=-1)
    features = torch.nn.functional.pad(features, (0, rest), value=-1)
    mixed = cutmix(features, plan, pooling)
    mixed_labels = cutmix(labels, plan)
    for step in range(frames * pooling):
        assert torch.equal(mixed[..., step], mixed_labels[..., step // pooling])
    assert (mixed[..., frames * pooling :] == -1).all()


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 6), st.integers(8, 160), seeds)
def test_spans_follow_the_definition(clips, frames, seed):
    generator = torch.Generator().manual_seed(seed)
    plan = draw_cutmix(clips, frames, generator=generator)
    assert sorted(plan.permutation.tolist()) == list(range(clips))
    starts, lengths = [], []
    for span in plan.span:
        inside = span.nonzero().flatten().tolist()
        assert inside == list(range(inside[0], inside[0] + len(inside)))
        assert int(0.2 * frames) <= len(inside) <= int(0.5 * frames)
        assert inside[0] < frames - len(inside)
        starts.append(inside[0])
        lengths.append(len(inside))
    values = torch.rand(clips, 3, frames, generator=generator)
    expected = oracles.cutmix(
        values, starts, lengths, plan.permutation.tolist()
    )
    assert torch.equal(cutmix(values, plan), expected)


def test_values_that_do_not_fit_are_refused():
    plan = draw_cutmix(2, 10)
    with pytest.raises(ValueError, match="do not fit"):
        cutmix(torch.zeros(2, 19), plan, pooling=2)
    with pytest.raises(ValueError, match="ratio_range"):
        draw_cutmix(2, 10, (0.5, 0.2))

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.time_mask import (
    TimeMaskPlan,
    draw_time_mask,
    min_magnitude,
    time_mask,
)
from lgc_plugin.types import LabelKind
from oracles import augmentations
from strategies import random_tensor, seeds

kinds = st.lists(st.sampled_from(list(LabelKind)), min_size=1, max_size=6)


def spans_of(plan, pooling=1):
    """A plan as ranges of steps."""
    spans = []
    for row in plan.span:
        inside = row.nonzero().flatten().tolist()
        length = len(inside)
        first = inside[0] if inside else 0
        assert inside == list(range(first, first + length))
        spans.append(range(first * pooling, (first + length) * pooling))
    return spans


@settings(max_examples=60)
@given(
    kinds,
    st.integers(1, 160),
    st.integers(1, 4),
    st.integers(0, 3),
    st.lists(st.integers(1, 3), max_size=2),
    seeds,
)
def test_strong_clips_lose_one_span_in_features_and_labels(
    kind_list, n_frames, pooling, rest, shape, seed
):
    kind = torch.tensor([int(k) for k in kind_list])
    generator = torch.Generator().manual_seed(seed)
    plan = draw_time_mask(kind, n_frames, generator=generator)
    n_steps = n_frames * pooling + rest
    features = random_tensor(len(kind), *shape, n_steps, seed=seed)
    labels = random_tensor(len(kind), 2, n_frames, seed=seed)
    assert torch.equal(
        time_mask(features, plan, pooling),
        augmentations.time_mask(features, spans_of(plan, pooling)),
    )
    assert torch.equal(
        time_mask(labels, plan), augmentations.time_mask(labels, spans_of(plan))
    )
    for k, span in zip(kind_list, spans_of(plan), strict=True):
        if k == LabelKind.STRONG:
            assert n_frames // 20 <= len(span) <= n_frames // 5
        else:
            assert len(span) == 0


@settings(max_examples=30)
@given(st.integers(5, 60), st.integers(1, 4), seeds)
def test_no_sound_is_left_where_its_label_went(n_frames, pooling, seed):
    """Features that are 1 where an event is."""
    kind = torch.full((4,), int(LabelKind.STRONG))
    labels = (random_tensor(4, 1, n_frames, seed=seed) > 0).double()
    features = labels.repeat_interleave(pooling, dim=-1)
    generator = torch.Generator().manual_seed(seed)
    plan = draw_time_mask(kind, n_frames, (0.2, 0.5), generator=generator)
    masked = time_mask(labels, plan)
    assert torch.equal(
        time_mask(features, plan, pooling),
        masked.repeat_interleave(pooling, dim=-1),
    )


def test_lengths_and_starts_are_uniform():
    kind = torch.full((20000,), int(LabelKind.STRONG))
    generator = torch.Generator().manual_seed(0)
    spans = spans_of(draw_time_mask(kind, 200, generator=generator))
    lengths = torch.tensor([len(span) for span in spans])
    starts = torch.tensor([span.start for span in spans])
    # 30 lengths from 10 to 39: each about 667 times.
    counts = torch.bincount(lengths, minlength=40)
    assert counts[10:40].sum() == 20000
    assert ((counts[10:40] > 550) & (counts[10:40] < 790)).all()
    deciles = torch.histc(starts / (200 - lengths), 10, 0, 1)
    assert ((deciles > 1750) & (deciles < 2250)).all()


@settings(max_examples=30)
@given(st.integers(5, 60), st.integers(1, 3), st.integers(0, 2), seeds)
def test_every_clip_may_have_a_fill_of_its_own(n_frames, pooling, rest, seed):
    kind = torch.full((3,), int(LabelKind.STRONG))
    generator = torch.Generator().manual_seed(seed)
    plan = draw_time_mask(kind, n_frames, (0.2, 0.5), generator=generator)
    values = random_tensor(3, 2, n_frames * pooling + rest, seed=seed)
    fill = random_tensor(3, seed=seed)
    masked = time_mask(values, plan, pooling, fill)
    for clip, span in enumerate(spans_of(plan, pooling)):
        expected = values[clip].clone()
        for step in span:
            expected[:, step] = fill[clip]
        assert torch.equal(masked[clip], expected)


def test_the_minimum_is_of_valid_frames_alone():
    mels = random_tensor(3, 4, 6, seed=0).abs() + 1
    valid = torch.ones(3, 6, dtype=torch.bool)
    valid[1, 4:] = False
    valid[2] = False
    mels[1, :, 4:] = 0
    expected = [float(mels[0].min()), float(mels[1, :, :4].min()), 0.0]
    assert min_magnitude(mels, valid).tolist() == expected
    assert min_magnitude(mels[:2]).tolist() == [expected[0], 0.0]


def test_a_mask_without_span_changes_nothing():
    plan = TimeMaskPlan(torch.zeros(2, 5, dtype=torch.bool))
    values = random_tensor(2, 3, 10, seed=0)
    assert torch.equal(time_mask(values, plan, pooling=2), values)

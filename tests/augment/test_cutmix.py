import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
from lgc_plugin.augment.cutmix import cut_within, cutmix, draw_cutmix
from oracles.lgc import taken_frames
from strategies import masks, precisions, random_tensor, seeds


def cut_of(plan):
    """A plan as starts, lengths and partners."""
    lengths = plan.span.sum(dim=1).tolist()
    starts = plan.span.int().argmax(dim=1).tolist()
    return oracles.Cut(starts, lengths, plan.permutation.tolist())


@settings(max_examples=50)
@given(
    st.integers(1, 6),
    st.integers(1, 40),
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


@settings(max_examples=50)
@given(
    st.integers(1, 6),
    st.integers(1, 160),
    st.lists(st.integers(1, 3), max_size=2),
    precisions,
    seeds,
)
def test_spans_follow_the_definition(clips, frames, shape, dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    plan = draw_cutmix(clips, frames, generator=generator)
    cut = cut_of(plan)
    assert sorted(cut.partners) == list(range(clips))
    for span, start, length in zip(
        plan.span, cut.starts, cut.lengths, strict=True
    ):
        inside = span.nonzero().flatten().tolist()
        assert inside == list(range(start, start + length))
        assert int(0.2 * frames) <= length <= int(0.5 * frames)
        # The last frame, and the rest behind it, are always a clip's own.
        assert not span[-1]
    values = random_tensor(clips, *shape, frames, seed=seed).to(dtype)
    assert torch.equal(cutmix(values, plan), oracles.cutmix(values, *cut))


@settings(max_examples=50)
@given(st.integers(1, 5), st.integers(1, 40), st.data(), seeds)
def test_padding_is_neither_taken_nor_replaced(clips, frames, data, seed):
    """Of the span, frames that are valid in both clips; so masks stay."""
    generator = torch.Generator().manual_seed(seed)
    plan = draw_cutmix(clips, frames, generator=generator)
    valid = data.draw(masks(clips, frames))
    within = cut_within(plan, valid)
    assert within.permutation is plan.permutation
    taken = [row.nonzero().flatten().tolist() for row in within.span]
    assert taken == taken_frames(cut_of(plan), valid)
    if valid is not None:
        assert torch.equal(cutmix(valid, within), valid)


def test_features_are_cut_where_the_labels_are():
    """The paper's shapes: 626 mel frames, 156 output frames."""
    plan = draw_cutmix(3, 156, generator=torch.Generator().manual_seed(0))
    cut = cut_of(plan)
    features = random_tensor(3, 2, 626, seed=0)
    expected = oracles.cutmix(
        features,
        [4 * start for start in cut.starts],
        [4 * length for length in cut.lengths],
        cut.partners,
    )
    assert torch.equal(cutmix(features, plan, pooling=4), expected)


def test_lengths_and_starts_are_uniform():
    generator = torch.Generator().manual_seed(0)
    cut = cut_of(draw_cutmix(20000, 100, generator=generator))
    lengths = torch.tensor(cut.lengths)
    counts = torch.bincount(lengths, minlength=50)[20:50]
    assert counts.sum() == 20000 and (lengths >= 20).all()
    # 30 lengths from 20 to 49: each about 667 times.
    assert ((counts > 550) & (counts < 790)).all()
    places = torch.tensor(cut.starts) / (100 - lengths)
    deciles = torch.histc(places, 10, 0, 1)
    assert ((deciles > 1750) & (deciles < 2250)).all()
    of_thirty = torch.tensor(cut.starts)[lengths == 30]
    assert (of_thirty.min(), of_thirty.max()) == (0, 69)


def test_every_partner_is_as_likely():
    generator = torch.Generator().manual_seed(0)
    counts = torch.zeros(4, 4)
    for _ in range(2000):
        plan = draw_cutmix(4, 10, generator=generator)
        counts[torch.arange(4), plan.permutation] += 1
    assert ((counts > 430) & (counts < 570)).all()


def test_values_that_do_not_fit_are_refused():
    plan = draw_cutmix(2, 10)
    with pytest.raises(ValueError, match="do not fit"):
        cutmix(torch.zeros(2, 18), plan, pooling=2)
    with pytest.raises(ValueError, match="ratio_range"):
        draw_cutmix(2, 10, (0.5, 0.2))

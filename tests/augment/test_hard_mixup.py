import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.hard_mixup import (
    draw_hard_mixup,
    hard_mixup,
    join_members,
)
from lgc_plugin.augment.samples import float_samples
from lgc_plugin.utils.time_axis import frame_mask
from oracles import assert_exact, rct
from strategies import precisions, random_tensor, seeds

kinds = st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=9)
partners = st.integers(1, 4)


def drawn(kind, seed, max_partners=2):
    generator = torch.Generator().manual_seed(seed)
    return draw_hard_mixup(
        torch.tensor(kind), max_partners, generator=generator
    )


@settings(deadline=None, max_examples=100)
@given(kinds, partners, seeds)
def test_mixtures_are_of_different_clips_of_one_kind(kind, most, seed):
    plan = drawn(kind, seed, most)
    mixtures = rct.members_of(*plan)
    assert plan.members[0].tolist() == list(range(len(kind)))
    for own in set(kind):
        clips = [c for c in range(len(kind)) if kind[c] == own]
        sizes = {len(mixtures[c]) for c in clips}
        # One number of partners for all, and at least one if there is one.
        assert len(sizes) == 1
        (size,) = sizes
        assert min(2, len(clips)) <= size <= min(most + 1, len(clips))
        for clip in clips:
            assert set(mixtures[clip]) <= set(clips)
            assert len(set(mixtures[clip])) == size
        # Every clip is used equally often.
        used = sorted(m for c in clips for m in mixtures[c])
        assert used == sorted(clips * size)


@settings(deadline=None, max_examples=60)
@given(kinds, precisions, seeds)
def test_sounds_add_and_labels_are_joined(kind, dtype, seed):
    plan = drawn(kind, seed)
    mixtures = rct.members_of(*plan)
    wavs = random_tensor(len(kind), 7, seed=seed).to(dtype)
    assert_exact(hard_mixup(wavs, plan), rct.mixed(wavs.double(), mixtures))
    labels = (random_tensor(len(kind), 2, 3, seed=seed) > 0).to(dtype)
    joined = join_members(labels, plan)
    assert joined.dtype == dtype
    assert torch.equal(joined, rct.any_of(labels, mixtures))
    assert set(joined.unique().tolist()) <= {0.0, 1.0}


@settings(deadline=None, max_examples=40)
@given(kinds, st.data(), seeds)
def test_a_mixture_is_as_long_as_its_longest_member(kind, data, seed):
    n = len(kind)
    lengths = data.draw(st.lists(st.integers(1, 6), min_size=n, max_size=n))
    plan = drawn(kind, seed)
    valid = frame_mask(torch.tensor(lengths), 6)
    joined = join_members(valid, plan)
    assert joined.dtype == torch.bool
    expected = hard_mixup(valid.float(), plan) > 0
    assert torch.equal(joined, expected)
    longest = join_members(torch.tensor(lengths), plan)
    assert torch.equal(frame_mask(longest, 6), joined)


def test_a_loud_sum_of_whole_numbers_is_not_clipped():
    plan = drawn([0, 0], 0, max_partners=1)
    wavs = torch.full((2, 3), 30000, dtype=torch.int16)
    assert (hard_mixup(wavs, plan) == 2 * float_samples(wavs)).all()
    assert hard_mixup(wavs, plan).max() > 1.8


def test_partners_and_their_number_are_uniform():
    counts, first = torch.zeros(3), torch.zeros(4)
    for seed in range(600):
        members, active = drawn([1, 1, 1, 1], seed)
        counts[active[:, 0].sum() - 1] += 1
        first[members[1, 0]] += 1
    assert counts[0] == 0 and ((counts[1:] > 240) & (counts[1:] < 360)).all()
    assert first[0] == 0 and ((first[1:] > 150) & (first[1:] < 250)).all()


def test_kinds_draw_their_numbers_apart():
    seen = set()
    for seed in range(100):
        active = drawn([0] * 3 + [1] * 3 + [2] * 3, seed).active
        seen.add(tuple(active.sum(dim=0)[::3].tolist()))
    assert len(seen) == 8


def test_the_generator_alone_decides():
    before = torch.get_rng_state()
    once, again = drawn([0, 1, 2] * 4, 3), drawn([0, 1, 2] * 4, 3)
    assert all(map(torch.equal, once, again))
    other = drawn([0, 1, 2] * 4, 4)
    assert not torch.equal(once.members, other.members)
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_waits_for_the_device():
    kind = torch.empty(6, dtype=torch.long, device="meta")
    plan = draw_hard_mixup(kind)
    wavs = torch.empty(6, 100, device="meta")
    assert hard_mixup(wavs, plan).is_meta
    assert join_members(wavs, plan).is_meta


def test_half_precision_rounds_the_sum_only():
    plan = drawn([0] * 4, 1)
    wavs = random_tensor(4, 50, seed=0).half()
    result = hard_mixup(wavs, plan)
    assert torch.equal(result, hard_mixup(wavs.float(), plan).half())


def test_what_does_not_fit_is_refused():
    plan = drawn([0, 0], 0)
    for apply in (hard_mixup, join_members):
        with pytest.raises(ValueError, match="do not fit"):
            apply(torch.zeros(3, 4), plan)
    with pytest.raises(ValueError, match="max_partners"):
        drawn([0, 0], 0, max_partners=0)

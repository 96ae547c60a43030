from collections import Counter
from itertools import chain, pairwise, zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.sampler import MixedBatchSampler, OrderedBatchSampler


@st.composite
def shared_batches(draw):
    """Lengths and shares of up to three datasets, for some processes."""
    world_size = draw(st.integers(1, 4))
    parts = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    sizes = [part * world_size for part in parts]
    lengths = [draw(st.integers(size, 5 * size)) for size in sizes]
    return lengths, sizes, world_size


@given(shared_batches(), st.integers(0, 2**20), st.integers(0, 300))
def test_processes_share_what_one_would_have(case, seed, epoch):
    lengths, sizes, world_size = case

    def batches(rank, world_size):
        sampler = MixedBatchSampler(lengths, sizes, seed, rank, world_size)
        sampler.set_epoch(epoch)
        assert len(list(sampler)) == len(sampler)
        return list(sampler)

    alone = batches(0, 1)
    assert len(alone) == min(
        n // k for n, k in zip(lengths, sizes, strict=True)
    )
    assert len(set(chain(*alone))) == sum(sizes) * len(alone)
    shared = [batches(rank, world_size) for rank in range(world_size)]
    for whole, *parts in zip(alone, *shared, strict=True):
        joined = []
        start = 0
        for size in sizes:
            part = size // world_size
            for rank in range(world_size):
                joined += parts[rank][start : start + part]
            start += part
        assert joined == whole


def test_each_place_of_a_batch_belongs_to_its_dataset():
    sampler = MixedBatchSampler([4, 6], [2, 2], seed=0, rank=1, world_size=2)
    for first, second in sampler:
        assert 0 <= first < 4 <= second < 10


def test_epochs_and_seeds_differ_and_repeat():
    sampler = MixedBatchSampler([20, 20], [2, 2], seed=3)
    orders = {}
    for epoch in (1, 2, 1):
        sampler.set_epoch(epoch)
        batches = list(sampler)
        assert orders.setdefault(epoch, batches) == batches
    assert orders[1] != orders[2]
    other = MixedBatchSampler([20, 20], [2, 2], seed=4)
    other.set_epoch(1)
    assert list(other) != orders[1]
    # Equal datasets are not shuffled alike.
    assert any(a != b - 20 for batch in orders[1] for a, b in [batch[::2]])


def test_shares_that_cannot_be_equal_are_refused():
    with pytest.raises(ValueError, match="3 clips .* by 2 processes"):
        MixedBatchSampler([9, 9], [2, 3], seed=0, world_size=2)


def test_a_batch_of_no_clips_is_refused():
    with pytest.raises(ValueError, match="batch_size is 0: give 1 or more"):
        OrderedBatchSampler(4, 0)


@pytest.mark.parametrize("rank", [-1, 2])
def test_a_rank_that_is_none_is_refused(rank):
    with pytest.raises(ValueError, match=f"rank is {rank} of world_size 2"):
        OrderedBatchSampler(4, 2, rank, 2)
    with pytest.raises(ValueError, match=f"rank is {rank} of world_size 2"):
        MixedBatchSampler([4], [2], 0, rank, 2)


@given(st.integers(0, 40), st.integers(1, 9), st.sets(st.integers(0, 39)))
def test_long_clips_have_batches_of_their_own(n_clips, batch_size, long):
    batches = list(OrderedBatchSampler(n_clips, batch_size, alone=long))
    assert list(chain(*batches)) == list(range(n_clips))
    for batch, following in zip_longest(batches, batches[1:], fillvalue=[]):
        if set(batch) & long:
            assert len(batch) == 1
        elif following and following[0] not in long:
            assert len(batch) == batch_size


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 5))
def test_every_clip_is_scored_once_in_the_same_batches(
    n_clips, batch_size, world_size
):
    alone = list(OrderedBatchSampler(n_clips, batch_size))
    assert list(chain(*alone)) == list(range(n_clips))
    assert all(len(batch) == batch_size for batch in alone[:-1])
    numbered = {}
    counts = []
    for rank in range(world_size):
        sampler = OrderedBatchSampler(n_clips, batch_size, rank, world_size)
        batches = list(sampler)
        assert len(batches) == len(sampler)
        counts.append(len(batches))
        numbered.update(zip(sampler.batch_numbers, batches, strict=True))
    assert [numbered[number] for number in range(len(alone))] == alone
    assert sum(counts) == len(alone) and max(counts) - min(counts) <= 1


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=3),
    st.lists(st.integers(1, 6), min_size=3, max_size=3),
    st.integers(1, 9),
    st.integers(0, 2**20),
)
def test_a_number_of_batches_draws_all_clips_again_and_again(
    lengths, shares, n_batches, seed
):
    shares = shares[: len(lengths)]
    sampler = MixedBatchSampler(lengths, shares, seed, n_batches=n_batches)
    drawn = [Counter() for _ in lengths]
    for epoch in range(4):
        sampler.set_epoch(epoch)
        batches = list(sampler)
        assert len(batches) == len(sampler) == n_batches
        assert batches == list(sampler)
        for batch in batches:
            first = place = 0
            for part, (length, share) in enumerate(
                zip(lengths, shares, strict=True)
            ):
                clips = [x - first for x in batch[place : place + share]]
                assert set(clips) <= set(range(length))
                # As equally often as the share allows.
                most = max(Counter(clips).values())
                assert most == -(-share // length)
                drawn[part].update(clips)
                first, place = first + length, place + share
    for length, share, counts in zip(lengths, shares, drawn, strict=True):
        if length % share == 0 or share % length == 0:  # whole passes
            often = [counts[clip] for clip in range(length)]
            assert max(often) - min(often) <= 1


def test_passes_go_on_across_epochs_and_differ():
    sampler = MixedBatchSampler([12], [3], seed=1, n_batches=2)
    epochs = []
    for epoch in range(6):
        sampler.set_epoch(epoch)
        epochs.append([clip for batch in sampler for clip in batch])
    passes = [first + second for first, second in pairwise(epochs)][::2]
    assert [sorted(each) for each in passes] == [list(range(12))] * 3
    assert passes[0] != passes[1] != passes[2]


@given(st.integers(0, 100), st.integers(0, 3))
def test_classes_are_drawn_equally_often(seed, epoch):
    groups = [[0, 1, 2, 3, 4, 5, 6], [7, 0], [8], []]
    sampler = MixedBatchSampler(
        [9, 40], [3, 2], seed, n_batches=20, groups=[groups, None]
    )
    sampler.set_epoch(epoch)
    batches = list(sampler)
    assert batches == list(sampler)
    labeled = Counter(clip for batch in batches for clip in batch[:3])
    assert labeled[8] == 20  # of 60 draws, a third of each class
    assert labeled[7] == 10
    assert sum(labeled[clip] for clip in range(1, 7)) in (17, 18, 16)
    # The others as without balance.
    assert len({clip for batch in batches for clip in batch[3:]}) == 40

"""Batches of clips, for one process and for several."""

from __future__ import annotations

import pytest
import torch
from speechbrain.utils.checkpoints import Checkpointer

from lgc_plugin.data.batch_loaders import (
    check_shares,
    collate_clips,
    make_eval_loader,
    make_train_loader,
    stack_padded,
)
from lgc_plugin.data.datasets import make_dataset
from lgc_plugin.types import LabelKind
from tiny_clips import ENCODER, write_clips


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_clips(folder, "s", LabelKind.STRONG, 12)
    write_clips(folder, "w", LabelKind.WEAK, 4)
    write_clips(folder, "v", LabelKind.WEAK, 9)
    write_clips(folder, "u", LabelKind.NONE, 26)
    return folder


def dataset(folder, name):
    return make_dataset(folder / f"{name}.csv", ENCODER, folder, crop=True)


def train_loader(folder, seed=0, **options):
    subsets = {
        "strong": [dataset(folder, "s")],
        "weak": [dataset(folder, "w"), dataset(folder, "v")],
        "unlabeled": [dataset(folder, "u")],
    }
    shares = {"strong": 2, "weak": 2, "unlabeled": 4}
    return make_train_loader(subsets, shares, seed, **options)


def epoch_of(loader, epoch):
    loader.batch_sampler.set_epoch(epoch)
    return [list(batch.ids) for batch in loader]


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_hold_the_shares_in_order(folder, workers):
    loader = train_loader(folder, num_workers=workers)
    assert len(loader) == 6  # 12 // 2 strong, 13 // 2 weak, 26 // 4 unlabeled
    batches = list(loader)
    assert len(batches) == 6
    for batch in batches:
        assert batch.label_kind.tolist() == [2, 2, 1, 1, 0, 0, 0, 0]
        assert [name[0] for name in batch.ids][:2] == ["s", "s"]
        assert batch.wavs.dtype == torch.int16
        assert batch.frame_labels.dtype == torch.float32
        # Wave and labels belong to the clip of that name.
        for name, wav in zip(batch.ids, batch.wavs, strict=True):
            assert wav.tolist() == [int(name[1:]) + 1] * 1600
        assert batch.clip_labels[:4].tolist() == [[0, 1]] * 2 + [[1, 0]] * 2
    seen = [name for batch in batches for name in batch.ids]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("workers", [0, 2])
def test_epochs_and_seeds_differ_and_repeat(folder, workers):
    # Its workers stay from epoch to epoch.
    loader = train_loader(folder, num_workers=workers)
    first = epoch_of(loader, 1)
    assert epoch_of(loader, 2) != first
    assert epoch_of(loader, 1) == first
    assert epoch_of(train_loader(folder, seed=1), 1) != first


def test_processes_share_the_clips_of_a_step(folder):
    alone = epoch_of(train_loader(folder), 5)
    parts = [
        epoch_of(train_loader(folder, rank=rank, world_size=2), 5)
        for rank in range(2)
    ]
    for whole, first, second in zip(alone, *parts, strict=True):
        assert whole == [
            *(first[:1] + second[:1]),
            *(first[1:2] + second[1:2]),
            *(first[2:] + second[2:]),
        ]


def test_loader_leaves_the_global_random_state_alone(folder):
    loader = train_loader(folder)
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    list(loader)
    assert torch.equal(torch.rand(3), expected)


def test_workers_stay_and_their_options_need_workers(folder):
    options = {"prefetch_factor": 3}
    loader = train_loader(folder, num_workers=1, **options)
    assert loader.persistent_workers and loader.prefetch_factor == 3
    options["persistent_workers"] = True
    loader = train_loader(folder, num_workers=0, **options)
    assert not loader.persistent_workers and len(list(loader)) == 6


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("workers", [0, 2])
def test_batches_for_a_gpu_are_pinned(folder, workers):
    batch = next(
        iter(train_loader(folder, num_workers=workers, pin_memory=True))
    )
    tensors = (
        batch.wavs,
        batch.n_samples,
        batch.frame_labels,
        batch.clip_labels,
        batch.label_kind,
    )
    assert all(tensor.is_pinned() for tensor in tensors)
    assert batch.to("cuda", non_blocking=True).wavs.is_cuda


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("read", [0, 3, 6])
def test_a_stopped_epoch_goes_on_where_it_stopped(
    folder, tmp_path, workers, read
):
    options = {"num_workers": workers}
    expected = epoch_of(train_loader(folder, **options), 3)
    stopped = train_loader(folder, **options)
    epoch_of(stopped, 2)  # the workers have an epoch behind them
    stopped.batch_sampler.set_epoch(3)
    batches = iter(stopped)
    assert [list(next(batches).ids) for _ in range(read)] == expected[:read]
    saver = Checkpointer(tmp_path / "save", {"loader": stopped})
    saver.save_checkpoint(end_of_epoch=False)

    resumed = train_loader(folder, **options)
    Checkpointer(tmp_path / "save", {"loader": resumed}).recover_if_possible()
    assert epoch_of(resumed, 3) == expected[read:]
    # The next epoch is a whole one.
    assert epoch_of(resumed, 4) == epoch_of(train_loader(folder), 4)


def test_a_share_of_zero_leaves_a_set_out(folder):
    subsets = {
        "strong": [dataset(folder, "s")],
        "weak": [],
        "unlabeled": [],
    }
    shares = {"strong": 2, "weak": 0, "unlabeled": 0}
    loader = make_train_loader(subsets, shares, seed=0)
    assert [len(batch) for batch in loader] == [2] * 6


@pytest.mark.parametrize(
    ("shares", "world_size", "message"),
    [
        ({"strong": 9}, 1, "strong training set has 8 clips, fewer than the 9"),
        ({"strong": 6}, 4, "6 strong clips .* by 4 processes: use 4 or 8, or"),
        ({"strong": 2}, 4, "2 strong clips .* by 4 processes: use 4, or"),
        ({"strong": 2, "weak": 1}, 2, "1 weak clips .* by 2 processes: use 2"),
        ({"strong": 0, "weak": 0}, 1, "all 0"),
        ({"weak": 0, "unlabeled": 1}, 1, "unlabeled clips alone"),
        ({"strong": 1, "weak": -1}, 1, "-1 weak clips: give 0 or more"),
    ],
)
def test_a_share_that_cannot_be_had_is_named(shares, world_size, message):
    counts = dict.fromkeys(shares, 8)
    with pytest.raises(ValueError, match=message):
        check_shares(counts, shares, world_size)


def test_a_set_that_is_missing_is_named(folder):
    subsets = {"strong": [dataset(folder, "s")], "weak": []}
    with pytest.raises(ValueError, match="weak training set has 0 clips"):
        make_train_loader(subsets, {"strong": 2, "weak": 1}, seed=0)


@pytest.mark.parametrize("world_size", [1, 2, 5])
def test_evaluation_reads_every_clip_once_in_the_same_batches(
    folder, world_size
):
    parts = [dataset(folder, "w"), dataset(folder, "v")]
    batches = {}
    for rank in range(world_size):
        loader = make_eval_loader(parts, 4, rank=rank, world_size=world_size)
        numbers = loader.batch_sampler.batch_numbers
        for number, batch in zip(numbers, loader, strict=True):
            batches[number] = list(batch.ids)
    assert batches == {
        0: [f"w{i}" for i in range(4)],
        1: [f"v{i}" for i in range(4)],
        2: [f"v{i}" for i in range(4, 8)],
        3: ["v8"],
    }


def item(name, n_samples):
    return {
        "id": name,
        "wav": torch.full((n_samples,), 7, dtype=torch.int16),
        "n_samples": n_samples,
        "frame_labels": torch.ones(2, 3),
        "clip_labels": torch.ones(2),
        "label_kind": 1,
    }


def test_shorter_clips_get_zeros_behind_them():
    batch = collate_clips([item("a", 2), item("b", 4)])
    assert batch.ids == ("a", "b")
    assert batch.wavs.dtype == torch.int16
    assert batch.wavs.tolist() == [[7, 7, 0, 0], [7, 7, 7, 7]]
    assert batch.kinds == (1, 1) and batch.padded
    assert batch.n_samples.tolist() == [2, 4]
    assert batch.frame_labels.shape == (2, 2, 3)
    assert batch.clip_labels.shape == (2, 2)


def test_a_batch_is_a_copy_of_its_clips():
    clip = item("a", 2)
    for n_clips in (1, 2):
        collate_clips([clip] * n_clips).wavs[:] = 0
    assert clip["wav"].tolist() == [7, 7]


def test_everything_that_a_network_needs_moves_with_the_batch():
    batch = collate_clips([item("a", 2), item("b", 2)])
    assert not batch.padded
    batch = batch.to("meta")
    moved = (
        batch.wavs,
        batch.n_samples,
        batch.frame_labels,
        batch.clip_labels,
        batch.label_kind,
    )
    assert all(tensor.is_meta for tensor in moved)


def test_equal_lengths_are_all_whole():
    data, lengths = stack_padded([torch.zeros(3), torch.ones(3)])
    assert data.tolist() == [[0.0] * 3, [1.0] * 3]
    assert lengths.tolist() == [1.0, 1.0]

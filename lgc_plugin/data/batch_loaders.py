"""Loaders of batches of labeled clips, for one process or for several."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from speechbrain.dataio.dataloader import SaveableDataLoader
from speechbrain.utils.data_utils import batch_pad_right
from torch import Tensor
from torch.nn.functional import pad
from torch.utils.data import ConcatDataset, Dataset, default_collate

from lgc_plugin.data.sampler import MixedBatchSampler, OrderedBatchSampler
from lgc_plugin.types import SEDBatch


def make_train_loader(
    subsets: Mapping[str, Sequence[Dataset]],
    batch_sizes: Mapping[str, int],
    seed: int,
    *,
    rank: int = 0,
    world_size: int = 1,
    n_batches: int | None = None,
    groups: Mapping[str, Sequence[Sequence[int]]] | None = None,
    **loader_options: Any,
) -> SaveableDataLoader:
    """Batches with a fixed number of clips from each subset.

    The clips of a subset are shuffled anew every epoch, and the epoch ends
    when the first subset has no full share left, unless ``n_batches`` says how
    long it is.

    Arguments
    ---------
    subsets : Mapping[str, Sequence[Dataset]]
        Datasets of each subset (strong, weak, unlabeled, in this order).
    batch_sizes : Mapping[str, int]
        Clips of each subset in a batch, of all processes together; 0 leaves
        a subset out.
    seed : int
        Of the shuffles.
    rank : int
        Which of the processes that train together this is.
    world_size : int
        Number of these processes.
    n_batches : int, optional
        Batches of an epoch; clips are then drawn again as often as needed.
    groups : Mapping[str, Sequence[Sequence[int]]], optional
        The clips of each class in the subsets whose classes are to be drawn
        equally often.
    **loader_options : Any
        See :class:`torch.utils.data.DataLoader`.

    Returns
    -------
    SaveableDataLoader
        Its ``batch_sampler`` has ``set_epoch``.

    Raises
    ------
    ValueError
        If a subset has fewer clips than its share of a batch (none, where
        clips are drawn again), the processes cannot divide the share, or no
        subset is in use.
    """
    counts = {
        name: len(ConcatDataset(x)) if x else 0 for name, x in subsets.items()
    }
    check_shares(counts, batch_sizes, world_size, n_batches is not None)
    used = [name for name in subsets if batch_sizes[name] > 0]
    datasets: list[ConcatDataset] = [ConcatDataset(subsets[n]) for n in used]
    sampler = MixedBatchSampler(
        [len(dataset) for dataset in datasets],
        [batch_sizes[name] for name in used],
        seed,
        rank,
        world_size,
        n_batches,
        None if groups is None else [groups.get(name) for name in used],
    )
    return _make_loader(ConcatDataset(datasets), sampler, seed, loader_options)


def make_eval_loader(
    datasets: Sequence[Dataset],
    batch_size: int,
    *,
    rank: int = 0,
    world_size: int = 1,
    alone: Collection[int] = (),
    **loader_options: Any,
) -> SaveableDataLoader:
    """All clips of some datasets, in order.

    Arguments
    ---------
    datasets : Sequence[Dataset]
        One after the other.
    batch_size : int
        Clips per batch.
    rank : int
        Which of the processes that share the batches this is.
    world_size : int
        Number of these processes.
    alone : Collection[int]
        Clips that make batches of their own, such as long recordings, by
        their number in all datasets together.
    **loader_options : Any
        See :class:`torch.utils.data.DataLoader`.

    Returns
    -------
    SaveableDataLoader
        Its ``batch_sampler`` has the ``batch_numbers`` of this process.
    """
    dataset: ConcatDataset = ConcatDataset(datasets)
    sampler = OrderedBatchSampler(
        len(dataset), batch_size, rank, world_size, frozenset(alone)
    )
    return _make_loader(dataset, sampler, 0, loader_options)


def check_shares(
    n_clips: Mapping[str, int],
    batch_sizes: Mapping[str, int],
    world_size: int,
    repeats: bool = False,
) -> None:
    """Raises an error unless every subset can give its share of a batch."""
    if not any(batch_sizes[name] for name in n_clips):
        raise ValueError("batch_sizes are all 0: give one set a share")
    if not any(batch_sizes[name] for name in n_clips if name != "unlabeled"):
        raise ValueError(
            "batch_sizes has unlabeled clips alone, of which nothing is "
            "learned: give strong or weak clips a share"
        )
    for name, available in n_clips.items():
        share = batch_sizes[name]
        if share < 0:
            raise ValueError(
                f"batch_sizes: {share} {name} clips: give 0 or more"
            )
        if available < (min(share, 1) if repeats else share):
            raise ValueError(
                f"the {name} training set has {available} clips, fewer "
                f"than the {share} of a batch: lower its share in batch_sizes "
                "(0 leaves it out), add clips, or set number_of_steps, with "
                "which clips are drawn again"
            )
        if share % world_size:
            less = share // world_size * world_size
            fitting = [n for n in (less, less + world_size) if n > 0]
            raise ValueError(
                f"batch_sizes: {share} {name} clips cannot be shared equally "
                f"by {world_size} processes: use "
                f"{' or '.join(map(str, fitting))}, or another number of "
                "processes"
            )


def _make_loader(
    dataset: Dataset,
    sampler: MixedBatchSampler | OrderedBatchSampler,
    seed: int,
    options: Mapping[str, Any],
) -> SaveableDataLoader:
    """A loader whose workers, if it has any, live as long as it does."""
    options = dict(options)
    if options.get("num_workers", 0) > 0:
        options.setdefault("persistent_workers", True)
    else:
        # Without workers these would be errors.
        options.pop("prefetch_factor", None)
        options.pop("persistent_workers", None)
    return SaveableDataLoader(
        dataset,
        batch_sampler=sampler,
        collate_fn=collate_clips,
        # Its own generator: the seed of the workers must not be drawn from
        # the random state that training resumes with.
        generator=torch.Generator().manual_seed(seed),
        **options,
    )


def collate_clips(items: Sequence[Mapping[str, Any]]) -> SEDBatch:
    """Items of the dataset as a batch of waveforms and labels.

    ``wavs`` are (B, N) int16, padded with zeros, as are ``embeddings`` where
    all items have some.

    >>> item = {
    ...     "id": "a", "wav": torch.ones(2).short(), "n_samples": 2,
    ...     "frame_labels": torch.zeros(1, 1), "clip_labels": torch.zeros(1),
    ...     "label_kind": 0,
    ... }
    >>> batch = collate_clips([item] * 2)
    >>> batch.wavs.shape, batch.kinds, batch.padded
    (torch.Size([2, 2]), (0, 0), False)
    """
    wavs, _ = stack_padded([item["wav"] for item in items])
    n_samples = [int(item["n_samples"]) for item in items]
    kinds = tuple(int(item["label_kind"]) for item in items)
    padded = min(n_samples) < wavs.shape[1]
    embeddings = None
    if all("embeddings" in item for item in items):
        each = [item["embeddings"] for item in items]
        longest = max(x.shape[1] for x in each)
        embeddings = default_collate(
            [pad(x, (0, longest - x.shape[1])) for x in each]
        )
    return SEDBatch(
        torch.tensor(kinds),
        frame_labels=default_collate([i["frame_labels"] for i in items]),
        clip_labels=default_collate([i["clip_labels"] for i in items]),
        embeddings=embeddings,
        wavs=wavs,
        n_samples=torch.tensor(n_samples),
        ids=tuple(item["id"] for item in items),
        kinds=kinds,
        padded=padded,
        wav_lengths=tuple(n_samples) if padded else None,
    )


def stack_padded(tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Stacks tensors, which seldom need padding.

    In a worker process, those of one shape are stacked right in the memory
    that it shares with the main process.
    """
    if all(tensor.shape == tensors[0].shape for tensor in tensors):
        return default_collate(list(tensors)), torch.ones(len(tensors))
    return batch_pad_right(list(tensors))

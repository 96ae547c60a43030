"""Clips to a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from speechbrain.utils.data_utils import batch_pad_right
from torch import Tensor
from torch.utils.data import default_collate

from lgc_plugin.types import SEDBatch


def collate_clips(items: Sequence[Mapping[str, Any]]) -> SEDBatch:
    """Items of the dataset as a batch of waveforms and labels.

    Arguments
    ---------
    items : Sequence[Mapping[str, Any]]
        With ``id``, ``wav`` (N,), ``n_samples``, ``frame_labels`` (C, T'),
        ``clip_labels`` (C,) and ``label_kind``.

    Returns
    -------
    SEDBatch
        ``wavs`` (B, N) int16, padded with zeros.

    Example
    -------
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
    return SEDBatch(
        torch.tensor(kinds),
        frame_labels=default_collate([i["frame_labels"] for i in items]),
        clip_labels=default_collate([i["clip_labels"] for i in items]),
        wavs=wavs,
        n_samples=torch.tensor(n_samples),
        ids=tuple(item["id"] for item in items),
        kinds=kinds,
        padded=min(n_samples) < wavs.shape[1],
    )


def stack_padded(tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Stacks tensors, which seldom need padding.

    In a worker process, those of one shape are stacked right in the memory
    that it shares with the main process.

    Arguments
    ---------
    tensors : Sequence[Tensor]
        They may differ in the length of their first dimension.

    Returns
    -------
    data : Tensor
        The tensors, with zeros behind those that are shorter than others.
    lengths : Tensor
        (B,) length of each as a share of the longest.

    Example
    -------
    >>> data, lengths = stack_padded([torch.ones(2), torch.ones(1)])
    >>> data.tolist(), lengths.tolist()
    ([[1.0, 1.0], [1.0, 0.0]], [1.0, 0.5])
    """
    if all(tensor.shape == tensors[0].shape for tensor in tensors):
        return default_collate(list(tensors)), torch.ones(len(tensors))
    return batch_pad_right(list(tensors))

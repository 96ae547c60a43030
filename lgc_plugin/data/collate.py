"""Clips to a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from speechbrain.dataio.batch import PaddedBatch
from speechbrain.utils.data_utils import batch_pad_right
from torch import Tensor
from torch.utils.data import default_collate


def collate_clips(items: Sequence[Mapping[str, Any]]) -> PaddedBatch:
    """SpeechBrain's batch, made faster.

    Arguments
    ---------
    items : Sequence[Mapping[str, Any]]
        Items of the dataset.

    Returns
    -------
    PaddedBatch
        ``id`` (B,) strings, ``wav.data`` (B, N) int16, padded with zeros,
        ``n_samples`` (B,), ``frame_labels.data`` (B, C, T'),
        ``clip_labels.data`` (B, C), ``label_kind`` (B,).

    Example
    -------
    >>> items = [{"id": "a", "n_samples": 2, "wav": torch.ones(2).short()}]
    >>> batch = collate_clips(items * 2)
    >>> batch.wav.data.shape, batch.n_samples
    (torch.Size([2, 2]), tensor([2, 2]))
    """
    return PaddedBatch(list(items), padding_func=stack_padded)


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

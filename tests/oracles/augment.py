"""Mixup and CutMix, clip by clip."""

from __future__ import annotations

import torch
from torch import Tensor


def cutmix(
    values: Tensor, starts: list[int], lengths: list[int], partners: list[int]
) -> Tensor:
    """Clip by clip, step by step, along the last dimension."""
    mixed = values.clone()
    for clip, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        for step in range(start, start + length):
            mixed[clip, ..., step] = values[partners[clip], ..., step]
    return mixed


def mixup(values: Tensor, shares: list[float], partners: list[int]) -> Tensor:
    """Number by number: the clip's share, the rest its partner's."""
    mixed = []
    for clip, (share, partner) in enumerate(zip(shares, partners, strict=True)):
        own, other = values[clip].flatten(), values[partner].flatten()
        mixed.append(
            [
                share * float(a) + (1 - share) * float(b)
                for a, b in zip(own, other, strict=True)
            ]
        )
    return torch.tensor(mixed, dtype=torch.float64).view(values.shape)

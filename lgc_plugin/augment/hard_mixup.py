"""Hard mixup: sounds add up, and so do their labels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lgc_plugin.augment.samples import float_samples
from lgc_plugin.types import LabelKind


class HardMixupPlan(NamedTuple):
    """Which clips are mixed.

    ``members``: (1 + K, B) clips of the clip's own label kind, itself first.
    ``active``: (1 + K, B) bool, True on those that are in the mixture.
    """

    members: Tensor
    active: Tensor


def draw_hard_mixup(
    label_kind: Tensor,
    max_partners: int = 2,
    *,
    generator: torch.Generator | None = None,
) -> HardMixupPlan:
    """Draws the partners of each clip among those of its label kind.

    Their number, once per label kind, is uniform from 1 to ``max_partners``.
    No clip is its own partner, or another's twice: small kinds have fewer.

    >>> kind = torch.tensor([2, 2, 2, 1, 1, 0])
    >>> members, active = draw_hard_mixup(kind)
    >>> bool((kind[members] == kind).all())
    True
    >>> active[:, 5].tolist()
    [True, False, False]
    """
    # Shao, Loweimi and Li, "RCT: Random Consistency Training for
    # Semi-supervised Sound Event Detection", Interspeech 2022 (arXiv
    # 2110.11144). Their code draws a permutation for each partner, in which a
    # clip may meet itself (and becomes 6 dB louder) or one clip twice.
    if max_partners < 1:
        raise ValueError(f"max_partners must be at least 1, got {max_partners}")
    device = label_kind.device
    kind = label_kind.long()
    draws = torch.rand(kind.shape, device=device, generator=generator)
    n_partners = torch.randint(
        1,
        max_partners + 1,
        (len(LabelKind),),
        device=device,
        generator=generator,
    )
    # Clips by kind, in random order within a kind: there, each clip's partners
    # are those that follow it, cyclically.
    order = (kind + 0.5 * draws).argsort()
    kinds = torch.arange(len(LabelKind), device=device)
    sizes = (kind.unsqueeze(1) == kinds).sum(dim=0)
    first, size = (sizes.cumsum(0) - sizes)[kind], sizes[kind]
    rank = order.argsort() - first
    step = torch.arange(max_partners + 1, device=device).unsqueeze(1)
    members = order[first + (rank + step) % size]
    active = (step <= n_partners[kind]) & (step < size)
    return HardMixupPlan(members, active)


def hard_mixup(wavs: Tensor, plan: HardMixupPlan) -> Tensor:
    """Adds up the (B, ..., N) waveforms of each mixture, at full level.

    A sum may be louder than full scale; nothing is clipped.

    >>> plan = HardMixupPlan(
    ...     torch.tensor([[0, 1], [1, 0]]), torch.tensor([[True] * 2] * 2)
    ... )
    >>> hard_mixup(torch.tensor([[0.5, 0.0], [0.75, 0.25]]), plan).tolist()
    [[1.25, 0.25], [1.25, 0.25]]
    """
    _check(wavs, plan)
    precise = float_samples(wavs)
    total = precise
    for members, active in zip(plan.members[1:], plan.active[1:], strict=True):
        active = active.view(-1, *[1] * (wavs.ndim - 1))
        total = total + torch.where(active, precise[members], 0.0)
    return total.to(wavs.dtype) if wavs.is_floating_point() else total


def join_members(values: Tensor, plan: HardMixupPlan) -> Tensor:
    """The largest (B, ...) value among a mixture's members: labels are OR-ed.

    The same for masks of valid frames (a mixture has sound wherever a member
    has) and for lengths (it is as long as its longest member).

    >>> plan = HardMixupPlan(
    ...     torch.tensor([[0, 1], [1, 0]]),
    ...     torch.tensor([[True, True], [True, False]]),
    ... )
    >>> join_members(torch.tensor([[0, 1], [1, 0]]), plan).tolist()
    [[1, 1], [1, 0]]
    """
    _check(values, plan)
    joined = values
    for members, active in zip(plan.members[1:], plan.active[1:], strict=True):
        active = active.view(-1, *[1] * (values.ndim - 1))
        other = torch.where(active, values[members], values)
        joined = torch.maximum(joined, other)
    return joined


def mean_members(values: Tensor, plan: HardMixupPlan) -> Tensor:
    """The mean (B, ...) value of a mixture's members.

    For embeddings, which do not add up like sounds: the mean keeps their
    range, and a network that normalizes them reads the same as of the sum.

    >>> plan = HardMixupPlan(
    ...     torch.tensor([[0, 1], [1, 0]]),
    ...     torch.tensor([[True, True], [True, False]]),
    ... )
    >>> mean_members(torch.tensor([[0.0, 1.0], [1.0, 2.0]]), plan).tolist()
    [[0.5, 1.5], [1.0, 2.0]]
    """
    total = hard_mixup(values, plan)
    return total / plan.active.sum(dim=0).view(-1, *[1] * (values.ndim - 1))


def _check(values: Tensor, plan: HardMixupPlan) -> None:
    n_clips = plan.members.shape[1]
    if values.shape[0] != n_clips:
        raise ValueError(
            f"values of shape {tuple(values.shape)} do not fit a plan of "
            f"{n_clips} clips"
        )

"""A network agrees with itself on changed and on mixed clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from lgc_plugin.models.precision import at_least_float32
from lgc_plugin.types import LabelKind, SEDOutput

SUBSET_WEIGHTS: Mapping[LabelKind, float] = MappingProxyType(
    {LabelKind.STRONG: 0.25, LabelKind.WEAK: 0.25, LabelKind.NONE: 0.5}
)


class SelfConsistencyTerms(NamedTuple):
    """The loss L_SC and its halves, l_aug and l_mix of frames plus clips."""

    loss: Tensor
    augmentation: Tensor
    mixture: Tensor


def self_consistency(
    versions: tuple[SEDOutput, SEDOutput, SEDOutput],
    rolled: Tensor,
    mixture: tuple[Tensor, Tensor],
    label_kind: Tensor,
    valid: Tensor | None = None,
    *,
    thresholds: tuple[float, float] = (0.95, 0.05),
    weights: Mapping[LabelKind, float] = SUBSET_WEIGHTS,
    pool_count: Callable[[Tensor], Tensor] | None = None,
) -> SelfConsistencyTerms:
    """The loss of random consistency training, ``(l_aug + l_mix) / 2``.

    ``versions`` are the outputs for clips, mixtures and augmented clips,
    ``rolled`` (B, C, T') the frame scores, ``mixture`` a ``HardMixupPlan``.

    >>> frame, clip = torch.full((1, 1, 2), 0.5), torch.full((1, 1), 0.5)
    >>> same = SEDOutput(frame, clip, torch.empty(0))
    >>> other = SEDOutput(frame + 0.5, clip, torch.empty(0))
    >>> alone = torch.tensor([[0]]), torch.tensor([[True]])
    >>> kind = torch.tensor([LabelKind.STRONG])
    >>> terms = self_consistency((same, same, other), frame, alone, kind)
    >>> terms.loss, terms.augmentation
    (tensor(0.0312), tensor(0.0625))
    """
    # The sum over frame and clip scores. Shao, Loweimi and Li, Interspeech 2022
    # (arXiv 2110.11144), and their code, which has no padding and one fixed
    # number of clips per label kind. With distributed.all_reduce_mean as
    # pool_count, the means are over the cells of all processes.
    original, mixed, augmented = versions
    augmentation = augmentation_consistency(
        augmented.frame, rolled, label_kind, valid, weights, pool_count
    ) + augmentation_consistency(
        augmented.clip, original.clip, label_kind, None, weights, pool_count
    )
    parts = [
        mixture_consistency(
            *(mixed_scores, scores, mixture, label_kind, mask),
            thresholds=thresholds,
            weights=weights,
            pool_count=pool_count,
        )
        for mixed_scores, scores, mask in (
            (mixed.frame, original.frame, valid),
            (mixed.clip, original.clip, None),
        )
    ]
    mixing = parts[0] + parts[1]
    loss = (augmentation + mixing) / 2.0
    return SelfConsistencyTerms(loss, augmentation, mixing)


def augmentation_consistency(
    augmented: Tensor,
    target: Tensor,
    label_kind: Tensor,
    valid: Tensor | None = None,
    weights: Mapping[LabelKind, float] = SUBSET_WEIGHTS,
    pool_count: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """l_aug: mean squared difference, with gradients on both sides.

    The scalar is the weighted sum of the label kinds' means; a kind without
    cells adds 0.

    >>> kind = torch.tensor([LabelKind.NONE])
    >>> augmentation_consistency(torch.ones(1, 3), torch.zeros(1, 3), kind)
    tensor(0.5000)
    """
    difference = at_least_float32(augmented) - at_least_float32(target)
    return _subset_means(
        difference.square(), label_kind, valid, weights, pool_count
    )


def mixture_consistency(
    mixed: Tensor,
    scores: Tensor,
    mixture: tuple[Tensor, Tensor],
    label_kind: Tensor,
    valid: Tensor | None = None,
    *,
    thresholds: tuple[float, float] = (0.95, 0.05),
    weights: Mapping[LabelKind, float] = SUBSET_WEIGHTS,
    pool_count: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """l_mix: the mean of ``(M f(x_mix) - P+)^2`` over all cells.

    ``P+`` is where the score of any member is above the first threshold,
    ``P-`` where all are below the second, and ``M = P+ or P-``.

    >>> both = torch.tensor([[0, 1], [1, 0]]), torch.tensor([[True] * 2] * 2)
    >>> scores = torch.tensor([[0.99, 0.01, 0.5], [0.01, 0.01, 0.01]])
    >>> kind = torch.tensor([LabelKind.NONE, LabelKind.NONE])
    >>> mixed = torch.tensor([[1.0, 0.0, 0.7], [1.0, 0.0, 0.2]])
    >>> mixture_consistency(mixed, scores, both, kind)
    tensor(0.)
    """
    # The weighted sum of the label kinds' means; a kind without cells adds 0.
    # In its padding a member counts as silent. Only the mixtures have
    # gradients.
    members, active = mixture
    high, low = thresholds
    scores = at_least_float32(scores.detach())
    present, absent = scores > high, scores < low
    if valid is not None:
        sound = valid.unsqueeze(1)
        present, absent = present & sound, absent | ~sound
        valid = (valid[members] & active.unsqueeze(2)).any(dim=0)
    active = active.view(*active.shape, *[1] * (scores.ndim - 1))
    present = (present[members] & active).any(dim=0)
    absent = (absent[members] | ~active).all(dim=0)
    mixed = at_least_float32(mixed)
    sure = (present | absent).to(mixed.dtype)
    squares = (sure * mixed - present.to(mixed.dtype)).square()
    return _subset_means(squares, label_kind, valid, weights, pool_count)


def _subset_means(
    squares: Tensor,
    label_kind: Tensor,
    valid: Tensor | None,
    weights: Mapping[LabelKind, float],
    pool_count: Callable[[Tensor], Tensor] | None,
) -> Tensor:
    """The weighted sum of each label kind's mean over (B, C, ...) cells."""
    if valid is None:
        cells = torch.ones_like(squares)
    else:
        cells = valid.unsqueeze(1).to(squares.dtype).expand_as(squares)
    kinds = torch.arange(len(LabelKind), device=squares.device)
    belongs = (label_kind.unsqueeze(1) == kinds).to(squares.dtype)
    sums = (
        (squares * cells).flatten(1).sum(dim=1, keepdim=True) * belongs
    ).sum(0)
    counts = (cells.flatten(1).sum(dim=1, keepdim=True) * belongs).sum(0)
    if pool_count is not None:
        counts = pool_count(counts)
    means = sums / torch.where(counts > 0, counts, 1.0)
    # The weights stay numbers: a tensor of them would have to be copied to the
    # device in every step.
    total = means.new_zeros(())
    for kind, weight in weights.items():
        total = total + weight * means[kind]
    return total

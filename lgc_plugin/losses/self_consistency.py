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
    """The loss and its two halves, scalars.

    Arguments
    ---------
    loss : Tensor
        L_SC.
    augmentation, mixture : Tensor
        l_aug and l_mix, of frames plus clips.
    """

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
    """The self-consistency loss of random consistency training.

    ``L_SC`` is the sum, over frame and clip scores, of
    ``(l_aug + l_mix) / 2``: see :func:`augmentation_consistency` and
    :func:`mixture_consistency`.

    Shao, Loweimi and Li, Interspeech 2022 (arXiv 2110.11144), and their code;
    which knows no padding and has one fixed number of clips per label kind.

    Arguments
    ---------
    versions : tuple[SEDOutput, SEDOutput, SEDOutput]
        What the student predicts for the clips, their mixtures, and the
        augmented clips, in this order.
    rolled : Tensor
        (B, C, T') its frame scores of the clips, rolled in time as the
        augmented clips were.
    mixture : tuple[Tensor, Tensor]
        (M, B) members of each mixture, the clip itself first, and (M, B) bool,
        True on those that are in it: a
        :class:`~lgc_plugin.augment.hard_mixup.HardMixupPlan`.
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`.
    valid : Tensor, optional
        (B, T') bool, False on the padding of the clips.
    thresholds : tuple[float, float]
        Scores above the first are present, below the second absent.
    weights : Mapping[LabelKind, float]
        Of the label kinds' means.
    pool_count : Callable, optional
        Makes the divisors of the sums from the numbers of cells, (3,); with
        :func:`.distributed.all_reduce_mean` the means are over
        the cells of all processes.

    Returns
    -------
    SelfConsistencyTerms

    Example
    -------
    >>> frame, clip = torch.full((1, 1, 2), 0.5), torch.full((1, 1), 0.5)
    >>> same = SEDOutput(frame, clip, torch.empty(0))
    >>> other = SEDOutput(frame + 0.5, clip, torch.empty(0))
    >>> alone = torch.tensor([[0]]), torch.tensor([[True]])
    >>> kind = torch.tensor([LabelKind.STRONG])
    >>> terms = self_consistency((same, same, other), frame, alone, kind)
    >>> terms.loss, terms.augmentation
    (tensor(0.0312), tensor(0.0625))
    """
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
    """l_aug: mean squared difference; both sides learn.

    Arguments
    ---------
    augmented : Tensor
        (B, C, T') or (B, C) scores of the augmented clips.
    target : Tensor
        Scores of the clips, rolled alike; gradients reach them too.
    label_kind, valid, weights, pool_count
        See :func:`self_consistency`.

    Returns
    -------
    Tensor
        Scalar: the weighted sum of the label kinds' means; a kind without
        cells adds 0.

    Example
    -------
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
    """l_mix: what is sure of the members holds of the mixture.

    ``P+`` is where the score of any member is above the first threshold,
    ``P-`` where all are below the second, ``M = P+ or P-``; the loss is the
    mean of ``(M f(x_mix) - P+)^2`` over all cells, those that nothing is sure
    of included. In its padding a member is sure of nothing but silence.

    Arguments
    ---------
    mixed : Tensor
        (B, C, T') or (B, C) scores of the mixtures, which learn.
    scores : Tensor
        Scores of the clips; only compared with the thresholds.
    mixture, label_kind, valid, thresholds, weights, pool_count
        See :func:`self_consistency`.

    Returns
    -------
    Tensor
        Scalar: the weighted sum of the label kinds' means; a kind without
        cells adds 0.

    Example
    -------
    >>> both = torch.tensor([[0, 1], [1, 0]]), torch.tensor([[True] * 2] * 2)
    >>> scores = torch.tensor([[0.99, 0.01, 0.5], [0.01, 0.01, 0.01]])
    >>> kind = torch.tensor([LabelKind.NONE, LabelKind.NONE])
    >>> mixed = torch.tensor([[1.0, 0.0, 0.7], [1.0, 0.0, 0.2]])
    >>> mixture_consistency(mixed, scores, both, kind)
    tensor(0.)
    """
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

"""Soft mixup among clips that have the same kind of labels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.distributions import Beta

from lgc_plugin.types import LabelKind, SEDBatch
from lgc_plugin.types.batch import mix_values


class MixupPlan(NamedTuple):
    """Which clips are mixed, and with what weight.

    ``permutation``: (B,) partner of each clip, of the clip's own label kind.
    ``weight``: (B,) share that a clip keeps of itself, in [0, 1].
    """

    permutation: Tensor
    weight: Tensor


def draw_mixup(
    label_kind: Tensor,
    alpha: float = 0.2,
    probability: float = 0.5,
) -> MixupPlan:
    """Draws partners and weights for the strong and the weak clips.

    With the given probability a batch is mixed, with one
    ``weight ~ Beta(alpha, alpha)`` and one permutation per label kind.
    Clips without labels are left alone.

    Arguments
    ---------
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`.
    alpha : float
        Of the Beta distribution.
    probability : float
        How often a batch is mixed.

    Returns
    -------
    MixupPlan

    Example
    -------
    >>> kind = torch.tensor([2, 2, 2, 1, 1, 0])
    >>> plan = draw_mixup(kind, probability=1.0)
    >>> bool((kind[plan.permutation] == kind).all())
    True
    >>> float(plan.weight[5])
    1.0
    """
    device = label_kind.device
    # Clips sorted by kind, and the same with random order within each kind:
    # the n-th of one list is the partner of the n-th of the other.
    shuffled = label_kind + 0.5 * torch.rand(label_kind.shape, device=device)
    permutation = torch.empty_like(label_kind, dtype=torch.long)
    permutation[label_kind.argsort(stable=True)] = shuffled.argsort()
    concentration = torch.full((len(LabelKind),), alpha, device=device)
    draws = Beta(concentration, concentration, validate_args=False).sample()
    skipped = torch.rand((), device=device) >= probability
    draws = draws.masked_fill(skipped, 1.0)
    draws[LabelKind.NONE] = 1.0
    return MixupPlan(permutation, draws[label_kind.long()])


def mixup(values: Tensor, plan: MixupPlan) -> Tensor:
    """Mixes (B, ...) values: ``w * own + (1 - w) * partner's``.

    >>> plan = MixupPlan(torch.tensor([1, 0]), torch.tensor([0.75, 1.0]))
    >>> mixup(torch.tensor([[0.0], [4.0]]), plan).tolist()
    [[1.0], [4.0]]
    """
    return mix_values(values, plan.permutation, plan.weight)


class Mixup:
    """Soft mixup of a batch: strong with strong, weak with weak clips.

    Arguments
    ---------
    alpha : float
        Of the Beta distribution.
    probability : float
        How often a batch is mixed; 0: off.

    Example
    -------
    >>> labels = torch.eye(2).view(2, 2, 1)
    >>> kind = torch.tensor([2, 2])
    >>> batch = SEDBatch(kind, torch.rand(2, 4, 8), labels, time_pooling=8)
    >>> mixed = Mixup(probability=1.0)(batch).frame_labels
    >>> mixed.sum(dim=1).tolist()
    [[1.0], [1.0]]
    """

    def __init__(self, alpha: float = 0.2, probability: float = 0.5) -> None:
        self.alpha = alpha
        self.probability = probability

    def __call__(self, batch: SEDBatch) -> SEDBatch:
        """Mixes a batch, or not."""
        if self.probability == 0:
            return batch
        plan = draw_mixup(batch.label_kind, self.alpha, self.probability)
        return batch.mix(plan.permutation, plan.weight)

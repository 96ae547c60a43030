"""Global consistency: frames against class prototypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lgc_plugin.models.frame_classes import with_background
from lgc_plugin.models.precision import at_least_float32

# Cosines over a temperature stay far above this, and exp() of it is 0: a
# class without prototypes vanishes from the softmax, gradients stay finite.
_ABSENT = -1e4


class ContrastTerms(NamedTuple):
    """The loss and the number of anchor frames, scalars."""

    loss: Tensor
    n_anchors: Tensor


class PrototypeContrastLoss(nn.Module):
    """Pulls uncertain frames to the prototypes of the teacher's classes.

    An anchor is a frame where for at least one of the C+1 classes the teacher's
    score is above tau+ while the student's is below tau-; the background
    score of either is 1 minus its largest class score. The similarity to a
    class is the largest cosine to one of its prototypes. With
    ``logits = similarity / temperature`` the loss of an anchor is minus the
    mean log-softmax over its positive classes (teacher above tau+), and the
    loss is the mean over anchors; without any it is exactly 0.

    Li et al., ICASSP 2024 (arXiv 2309.08355), prototype-guided contrastive
    loss.

    Arguments
    ---------
    temperature : float
        Above 0.
    pos_threshold : float
        tau+.
    neg_threshold : float
        tau-.

    Raises
    ------
    ValueError
        If the temperature is not above 0.

    Example
    -------
    >>> loss = PrototypeContrastLoss()
    >>> frames = torch.tensor([[1.0, 0.0]], requires_grad=True)
    >>> prototypes = torch.tensor([[[0.0, 1.0]], [[1.0, 0.0]]])
    >>> sure, unsure = torch.tensor([[0.95]]), torch.tensor([[0.2]])
    >>> round(loss(frames, unsure, sure, prototypes).item(), 3)
    10.0
    >>> loss(frames, sure, sure, prototypes).item()
    0.0

    As the loss of a network of one's own; the prototypes are any unit vectors,
    such as those of a :class:`~lgc_plugin.models.prototypes.PrototypeBank`:

    >>> network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    >>> frames = nn.functional.normalize(network(torch.randn(5, 4)), dim=1)
    >>> unsure, sure = torch.full((5, 1), 0.2), torch.full((5, 1), 0.95)
    >>> loss(frames, unsure, sure, prototypes).backward()
    >>> bool(network[0].weight.grad.any())
    True
    """

    def __init__(
        self,
        temperature: float = 0.1,
        pos_threshold: float = 0.9,
        neg_threshold: float = 0.5,
    ) -> None:
        super().__init__()
        if temperature <= 0.0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        self.temperature = temperature
        self.pos_threshold = pos_threshold
        self.neg_threshold = neg_threshold

    def forward(
        self,
        embedding: Tensor,
        student: Tensor,
        teacher: Tensor,
        prototypes: Tensor,
        active: Tensor | None = None,
        candidates: Tensor | None = None,
    ) -> Tensor:
        """The loss alone; for the arguments see :meth:`terms`."""
        return self.terms(
            embedding, student, teacher, prototypes, active, candidates
        ).loss

    def terms(
        self,
        embedding: Tensor,
        student: Tensor,
        teacher: Tensor,
        prototypes: Tensor,
        active: Tensor | None = None,
        candidates: Tensor | None = None,
        pool_count: Callable[[Tensor], Tensor] | None = None,
    ) -> ContrastTerms:
        """The loss and the number of anchors.

        Arguments
        ---------
        embedding : Tensor
            (N, D) unit vectors of the student.
        student : Tensor
            (N, C) frame scores of the student; only read.
        teacher : Tensor
            (N, C) frame scores of the teacher; only read.
        prototypes : Tensor
            (C+1, K, D) unit vectors, background last; only read.
        active : Tensor, optional
            (C+1, K) bool; prototypes that do not count are False.
        candidates : Tensor, optional
            (N,) bool; frames that may be anchors.
        pool_count : Callable, optional
            Makes the divisor of the sum from the number of anchors; with
            :func:`.distributed.all_reduce_mean` the mean is
            one over the anchors of all processes.

        Returns
        -------
        ContrastTerms
        """
        anchors, positive = self.anchors(student, teacher, candidates)
        with torch.autocast(embedding.device.type, enabled=False):
            embedding = at_least_float32(embedding)
            similarity = torch.einsum(
                "nd,ckd->nck", embedding, prototypes.detach().to(embedding)
            )
            if active is not None:
                similarity = similarity.masked_fill(~active, _ABSENT)
                present = active.any(dim=1)
                positive = positive & present
                anchors = anchors & positive.any(dim=1)
            logits = similarity.amax(dim=2) / self.temperature
            if active is not None:
                logits = logits.masked_fill(~present, _ABSENT)
            log_probability = logits.log_softmax(dim=1)
            # No boolean indexing: its result would have a size that only the
            # host can wait for.
            weight = (positive & anchors.unsqueeze(1)).to(log_probability)
            per_frame = (log_probability * weight).sum(1)
            per_frame = per_frame / weight.sum(1).clamp_min(1.0)
            n_anchors = anchors.sum()
            count = n_anchors.to(per_frame)
            if pool_count is not None:
                count = pool_count(count)
            loss = -per_frame.sum() / torch.where(count > 0, count, 1.0)
        # Minus an empty sum is -0.0; adding 0 leaves every other value alone.
        return ContrastTerms(loss + 0.0, n_anchors)

    @torch.no_grad()
    def anchors(
        self,
        student: Tensor,
        teacher: Tensor,
        candidates: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Which frames are anchors, and which classes they belong to.

        Arguments
        ---------
        student, teacher : Tensor
            (N, C) frame scores.
        candidates : Tensor, optional
            (N,) bool; frames that may be anchors.

        Returns
        -------
        tuple[Tensor, Tensor]
            (N,) bool and (N, C+1) bool.
        """
        positive = with_background(teacher) > self.pos_threshold
        missed = with_background(student) < self.neg_threshold
        anchors = (positive & missed).any(dim=1)
        if candidates is not None:
            anchors = anchors & candidates
        return anchors, positive

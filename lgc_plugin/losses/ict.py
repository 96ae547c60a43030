"""ICT: for a mixture of two clips, the mixture of their predictions."""

from __future__ import annotations

import torch
from torch import Tensor

from lgc_plugin.augment.mixup import MixupPlan, draw_mixup, mixup
from lgc_plugin.losses.consistency import frame_consistency
from lgc_plugin.losses.term import Forward, check_weight, pool_count
from lgc_plugin.types import LabelKind, SEDBatch, SEDOutput


class InterpolationConsistency:
    """Interpolation consistency training on the clips without labels.

    With one ``a ~ Beta(alpha, alpha)`` and one permutation of these clips per
    batch, the student's target for ``a x + (1 - a) x'`` is
    ``a t(x) + (1 - a) t(x')``, where t is the teacher; mean squared error of
    frame scores plus that of clip scores.

    Verma, Lamb, Kannala, Bengio and Lopez-Paz, "Interpolation Consistency
    Training for Semi-Supervised Learning", IJCAI 2019 (arXiv 1903.03825);
    for sound events Koh, Chen, Liu and Bai, ICASSP 2021, whose code draws from
    Beta(2, 2), has a ramp of its own, and also adds mixup to the supervised
    loss, which here is a switch of the recipe.

    Padding is silence, for which the target is 0, and a frame counts if it is
    valid in either clip.

    Arguments
    ---------
    weight : float
        Of the term, beside the ramp; 0 switches it off.
    alpha : float
        Of the Beta distribution.

    Raises
    ------
    ValueError
        If the weight is negative or alpha not above 0.

    Example
    -------
    >>> InterpolationConsistency(weight=2.0, alpha=0.2).weight
    2.0
    """

    def __init__(self, weight: float = 2.0, alpha: float = 0.2) -> None:
        if alpha <= 0:
            raise ValueError(f"alpha must be above 0, got {alpha}")
        self.weight = check_weight(weight)
        self.alpha = alpha

    def __call__(
        self,
        student: SEDOutput,
        teacher: SEDOutput,
        batch: SEDBatch,
        forward: Forward,
    ) -> Tensor:
        """The term, unweighted; exactly 0 when every clip has labels.

        The student runs on the unlabeled clips only where their number is
        known to the host; otherwise on the whole batch, of which the labeled
        clips do not count.
        """
        batch = batch.originals
        frame, clip = teacher.frame[: len(batch)], teacher.clip[: len(batch)]
        if batch.valid is not None:
            frame = frame.masked_fill(~batch.valid.unsqueeze(1), 0.0)
        # With none of them, whose mean is 0, the batch runs as if nobody had
        # counted: processes must agree on how often they exchange counts.
        n_clips = batch.n_unlabeled or None
        if n_clips is not None:
            # NONE is the lowest kind: these clips come first.
            chosen = batch.label_kind.argsort(stable=True)[:n_clips]
            batch = batch.select(chosen)
            frame, clip = frame[chosen], clip[chosen]
        unlabeled = batch.label_kind == LabelKind.NONE
        plan = self._draw(unlabeled)
        mixed = batch.mix(plan.permutation, plan.weight)
        output, valid = forward(mixed), mixed.valid
        counted = None
        if n_clips is None:
            counted = unlabeled.unsqueeze(1)
            everywhere = counted.expand(-1, frame.shape[-1])
            valid = everywhere if valid is None else valid & everywhere
        pool = pool_count()
        of_frames = frame_consistency(
            output.frame, mixup(frame, plan), valid, pool
        )
        # A clip score is a frame score of a clip with a single frame.
        of_clips = frame_consistency(
            output.clip.unsqueeze(-1),
            mixup(clip, plan).unsqueeze(-1),
            counted,
            pool,
        )
        return of_frames + of_clips

    def _draw(self, unlabeled: Tensor) -> MixupPlan:
        """Partners among the unlabeled clips; the others stay themselves."""
        # Mixup leaves those without labels alone, ICT those with: the other
        # way round, one kind is mixed within itself.
        kind = torch.where(unlabeled, int(LabelKind.WEAK), int(LabelKind.NONE))
        return draw_mixup(kind, self.alpha, probability=1.0)

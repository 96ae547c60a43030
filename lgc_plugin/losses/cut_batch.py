"""The two terms of LGC itself, which share one batch of CutMix."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from lgc_plugin.augment.cutmix import CutMixPlan, cutmix
from lgc_plugin.losses.consistency import frame_consistency
from lgc_plugin.losses.frames import by_frame
from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
from lgc_plugin.losses.term import TermInputs, pool_count
from lgc_plugin.models.prototypes import PrototypeBank
from lgc_plugin.types import LabelKind, SEDOutput


class CutMixBatch(NamedTuple):
    """A batch after CutMix, and what student and teacher say of it.

    Arguments
    ---------
    output : SEDOutput
        What the student says of it.
    target : Tensor
        (B, C, T') the teacher's frame scores, cut alike.
    valid : Tensor or None
        (B, T') bool, False on padding.
    candidates : Tensor
        (B, T') bool, True on frames of clips without strong labels.
    """

    output: SEDOutput
    target: Tensor
    valid: Tensor | None
    candidates: Tensor


def run_cut_batch(given: TermInputs, plan: CutMixPlan) -> CutMixBatch:
    """Cuts a batch, and runs the student on it.

    Arguments
    ---------
    given : TermInputs
        The batch.
    plan : CutMixPlan
        From :func:`lgc_plugin.augment.cutmix.draw_cutmix`.

    Returns
    -------
    CutMixBatch
    """
    features = cutmix(given.features, plan, given.pooling)
    valid = None if given.valid is None else cutmix(given.valid, plan)
    candidates = (given.label_kind != LabelKind.STRONG).unsqueeze(1)
    return CutMixBatch(
        given.run(features, valid),
        cutmix(given.target.frame, plan),
        valid,
        cutmix(candidates.expand(-1, plan.span.shape[1]), plan),
    )


def cutmix_consistency(cut: CutMixBatch) -> Tensor:
    """L_CLC: the student follows the teacher's scores, cut alike.

    Arguments
    ---------
    cut : CutMixBatch
        From :func:`run_cut_batch`.

    Returns
    -------
    Tensor
        Scalar.
    """
    return frame_consistency(
        cut.output.frame, cut.target, cut.valid, pool_count()
    )


def prototype_contrast(
    cut: CutMixBatch, loss: PrototypeContrastLoss, bank: PrototypeBank
) -> tuple[Tensor, Tensor]:
    """L_PGC: the student's frames against the prototypes.

    Arguments
    ---------
    cut : CutMixBatch
        From :func:`run_cut_batch`.
    loss : PrototypeContrastLoss
        The contrast.
    bank : PrototypeBank
        The prototypes.

    Returns
    -------
    tuple[Tensor, Tensor]
        The term and the number of its anchors, scalars.
    """
    candidates = cut.candidates
    if cut.valid is not None:
        candidates = candidates & cut.valid
    return loss.terms(
        cut.output.embedding.flatten(0, 1),
        by_frame(cut.output.frame),
        by_frame(cut.target),
        bank.prototypes,
        bank.active,
        candidates.flatten(),
        pool_count(),
    )

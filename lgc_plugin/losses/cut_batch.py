"""The two terms of LGC itself, which share one batch of CutMix."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from lgc_plugin.augment.cutmix import cut_within, cutmix, draw_cutmix
from lgc_plugin.losses.consistency import frame_consistency
from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
from lgc_plugin.losses.term import Forward, pool_count
from lgc_plugin.models.frame_classes import by_frame
from lgc_plugin.models.prototypes import PrototypeBank
from lgc_plugin.types import LabelKind, SEDBatch, SEDOutput


class CutMixBatch(NamedTuple):
    """Predictions for a batch after CutMix.

    ``output``: the student's; ``target``: (B, C, T') the teacher's frame
    scores, cut alike; ``valid``: (B, T') bool or None; ``candidates``: (B, T')
    bool, True on frames of clips without strong labels.
    """

    output: SEDOutput
    target: Tensor
    valid: Tensor | None
    candidates: Tensor


def run_cut_batch(
    teacher: SEDOutput,
    batch: SEDBatch,
    forward: Forward,
    ratio: tuple[float, float],
) -> CutMixBatch:
    """Cuts a batch and the teacher's scores of it, and runs the student."""
    n_clips, _, n_frames = teacher.frame.shape
    plan = draw_cutmix(n_clips, n_frames, ratio, device=teacher.frame.device)
    plan = cut_within(plan, batch.valid)
    cut = batch.cut(plan.permutation, plan.span)
    candidates = (batch.label_kind != LabelKind.STRONG).unsqueeze(1)
    return CutMixBatch(
        forward(cut),
        cutmix(teacher.frame, plan),
        cut.valid,
        cutmix(candidates.expand(-1, plan.span.shape[1]), plan),
    )


def cutmix_consistency(cut: CutMixBatch) -> Tensor:
    """L_CLC: the student follows the teacher's scores, cut alike."""
    return frame_consistency(
        cut.output.frame, cut.target, cut.valid, pool_count()
    )


def prototype_contrast(
    cut: CutMixBatch, loss: PrototypeContrastLoss, bank: PrototypeBank
) -> tuple[Tensor, Tensor]:
    """L_PGC: the student's frames against the prototypes; and its anchors."""
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

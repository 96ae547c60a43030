"""One training step of any variant, behind one call."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

import speechbrain as sb
from plain_network import PlainCRNN
from plain_step import (
    PlainLGC,
    PlainPrototypes,
    PlainTeacher,
    plain_supervised_loss,
)
from step_report import Variant
from torch import Tensor, nn

from lgc_plugin.augment.mixup import draw_mixup, mixup
from lgc_plugin.lgc import LGC, LGCTerms
from lgc_plugin.models.mean_teacher import MeanTeacher
from lgc_plugin.training.allocator import keep_freed_memory
from lgc_plugin.training.brain import LGCBrain
from lgc_plugin.types import SEDBatch

_NETWORK_KEYS = (
    "n_classes n_mels filters pooling dropout norm_momentum rnn_size "
    "rnn_layers rnn_dropout embedding_dim"
)


class StepResult(NamedTuple):
    """The losses of a step."""

    #: The whole loss, scalar
    loss: Tensor
    #: The consistency terms
    terms: LGCTerms


class Step(Protocol):
    """A training step that can be measured, and compared with others."""

    student: nn.Module
    teacher: nn.Module

    def __call__(self, batch: SEDBatch) -> StepResult:
        """Trains on a batch."""

    def prototypes(self) -> Tensor:
        """(C+1, K, D) unit vectors."""


def make_step(
    variant: Variant, hparams: Mapping[str, Any], device: str
) -> Step:
    """The step of a variant, its memory settings applied."""
    if variant.allocator:
        keep_freed_memory()
    if variant.recipe:
        return RecipeStep(variant, hparams, device)
    return PlainStep(variant, hparams, device)


class RecipeStep:
    """What the recipe does with a batch: ``LGCBrain.fit_batch``."""

    def __init__(
        self, variant: Variant, hparams: Mapping[str, Any], device: str
    ) -> None:
        run_options = {
            "device": device,
            "precision": "bf16" if variant.bf16 else "fp32",
            "compile": variant.compiled,
        }
        self.brain = LGCBrain(
            hparams["modules"], hparams["opt_class"], hparams, run_options
        )
        self.brain.on_fit_start()
        self.brain.on_stage_start(sb.Stage.TRAIN, epoch=1)
        self.brain.nonfinite_count = 0
        self.brain.modules.train()
        self.student = self.brain.modules.model
        self.teacher = self.brain.modules.lgc.teacher.network
        self._terms: list[LGCTerms] = []
        self.brain.modules.lgc.register_forward_hook(
            lambda _, __, terms: self._terms.append(terms)
        )

    def __call__(self, batch: SEDBatch) -> StepResult:
        """Trains on a batch."""
        self.brain.step += 1
        loss = self.brain.fit_batch(batch)
        return StepResult(loss, self._terms.pop())

    def prototypes(self) -> Tensor:
        """(C+1, K, D) unit vectors."""
        return self.brain.modules.lgc.bank.prototypes


class VectorizedPrototypes:
    """The shipped prototypes, for the plain step."""

    def __init__(self, lgc: LGC) -> None:
        self._bank = lgc.bank
        self._loss = lgc.contrast

    def contrast(
        self,
        embedding: Tensor,
        student: Tensor,
        teacher: Tensor,
        candidates: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """L_PGC of (N, D) frames, and the number of anchors."""
        return self._loss.terms(
            embedding,
            student,
            teacher,
            self._bank.prototypes,
            self._bank.active,
            candidates,
        )

    def update(self, embedding: Tensor, labels: Tensor) -> None:
        """Follows (N, D) frames with (N, C) labels."""
        self._bank.update(embedding, labels)

    def stacked(self) -> Tensor:
        """(C+1, K, D) unit vectors."""
        return self._bank.prototypes


class PlainStep:
    """The plain step, or with some of its pieces replaced."""

    def __init__(
        self, variant: Variant, hparams: Mapping[str, Any], device: str
    ) -> None:
        self._hparams = hparams
        self.front_end = hparams["front_end"].to(device)
        self.student = PlainCRNN(
            *(hparams[key] for key in _NETWORK_KEYS.split()),
            convolved_gate=variant.convolved_gate,
            channels_last=variant.channels_last,
        ).to(device)
        self.student.load_tuned(hparams["model"].state_dict())
        shipped = hparams["lgc"].to(device)
        fused = variant.fused_updates
        vectorized = variant.vectorized_prototypes
        self.lgc = PlainLGC(
            shipped,
            self.front_end.normalize,
            (MeanTeacher if fused else PlainTeacher)(
                self.student, hparams["ema_decay"]
            ),
            (VectorizedPrototypes if vectorized else PlainPrototypes)(shipped),
        )
        self.teacher = self.lgc.teacher.network
        self.optimizer = partial(
            hparams["opt_class"], fused=fused, foreach=False
        )(self.student.parameters())

    def __call__(self, batch: SEDBatch) -> StepResult:
        """Trains on a batch."""
        hparams, kind = self._hparams, batch.label_kind
        mels = self.front_end.mel(batch.wavs)
        plan = draw_mixup(
            kind, hparams["mixup_alpha"], hparams["mixup_probability"]
        )
        mels = mixup(mels, plan)
        frame_labels = mixup(batch.frame_labels, plan)
        clip_labels = mixup(batch.clip_labels, plan)

        predictions = self.lgc.run(self.student, mels)
        terms = self.lgc(self.student, mels, predictions, kind, frame_labels)
        loss = terms.total + plain_supervised_loss(
            predictions, frame_labels, clip_labels, kind
        )
        for group in self.optimizer.param_groups:
            group["lr"] = hparams["lr"] * self.lgc.ramp
        self.optimizer.zero_grad()
        loss.backward()
        if hparams["max_grad_norm"] > 0:
            nn.utils.clip_grad_norm_(
                self.student.parameters(), hparams["max_grad_norm"]
            )
        self.optimizer.step()
        self.lgc.update_teacher(self.student)
        return StepResult(loss.detach(), terms)

    def prototypes(self) -> Tensor:
        """(C+1, K, D) unit vectors."""
        return self.lgc.prototypes.stacked()

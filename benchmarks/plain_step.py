"""The training step as one would first write it: the yardstick.

Everything here is eager PyTorch in its default layout: loops over classes,
prototypes and parameters, boolean indexing, questions to the device where
they come naturally. There is no loop over single frames, which nobody would
train with: a yardstick that is slow on purpose measures nothing.

What is no tuning is shared with ``lgc_plugin``: the front end, the draws of
mixup and CutMix and how they are applied, the ramp.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, mse_loss, normalize

from lgc_plugin.augment.cutmix import cutmix, draw_cutmix
from lgc_plugin.lgc import LGC, LGCTerms
from lgc_plugin.losses.rampup import exp_rampup
from lgc_plugin.types import LabelKind, SEDOutput


class PlainTeacher(nn.Module):
    """Mean teacher that moves one parameter after the other."""

    def __init__(self, student: nn.Module, decay: float) -> None:
        super().__init__()
        self.network = copy.deepcopy(student).requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def forward(self, features: Tensor) -> SEDOutput:
        """The output of the teacher."""
        return self.network(features)

    @torch.no_grad()
    def update(self, student: nn.Module) -> None:
        """Follows the student by a step."""
        decay = min(1 - 1 / (self.steps + 1), self.decay)
        pairs = zip(
            self.network.parameters(), student.parameters(), strict=True
        )
        for mine, new in pairs:
            mine.mul_(decay).add_(new, alpha=1 - decay)
        self.steps += 1


class Prototypes(Protocol):
    """What :class:`PlainLGC` needs of prototypes."""

    def contrast(
        self,
        embedding: Tensor,
        student: Tensor,
        teacher: Tensor,
        candidates: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """L_PGC of (N, D) frames, and the number of anchors."""

    def update(self, embedding: Tensor, labels: Tensor) -> None:
        """Follows (N, D) frames with (N, C) labels."""

    def stacked(self) -> Tensor:
        """(C+1, K, D) unit vectors."""


class PlainPrototypes:
    """Prototypes in lists, class by class; all of them active."""

    def __init__(self, lgc: LGC) -> None:
        self.vectors = [list(of_class) for of_class in lgc.bank.prototypes]
        self.momentum = lgc.bank.momentum
        self.temperature = lgc.contrast.temperature
        self.high = lgc.contrast.pos_threshold
        self.low = lgc.contrast.neg_threshold

    def contrast(
        self,
        embedding: Tensor,
        student: Tensor,
        teacher: Tensor,
        candidates: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """L_PGC of (N, D) frames, and the number of anchors."""
        anchor = torch.zeros_like(candidates)
        positives = []
        for of_student, of_teacher in zip(
            _scores_by_class(student), _scores_by_class(teacher), strict=True
        ):
            positives.append(of_teacher > self.high)
            anchor |= (of_teacher > self.high) & (of_student < self.low)
        anchor &= candidates
        n_anchors = anchor.sum()
        if n_anchors.item() == 0:
            return 0.0 * embedding.sum(), n_anchors
        frames = embedding[anchor]
        similarities = []
        for of_class in self.vectors:
            cosines = [frames @ prototype for prototype in of_class]
            similarities.append(torch.stack(cosines).max(dim=0).values)
        logits = torch.stack(similarities, dim=1) / self.temperature
        log_probability = logits.log_softmax(dim=1)
        total = torch.zeros_like(log_probability[:, 0])
        count = torch.zeros_like(total)
        for c, positive in enumerate(positives):
            chosen = positive[anchor]
            if chosen.any():
                total[chosen] = total[chosen] + log_probability[chosen, c]
                count[chosen] += 1
        return -(total / count).mean(), n_anchors

    @torch.no_grad()
    def update(self, embedding: Tensor, labels: Tensor) -> None:
        """Follows (N, D) frames with (N, C) labels."""
        for c, of_class in enumerate(self.vectors):
            if c < labels.shape[1]:
                chosen = labels[:, c] >= self.high
            else:
                chosen = labels.max(dim=1).values <= 1 - self.high
            frames = embedding[chosen]
            if len(frames) == 0:
                continue
            nearest = (frames @ torch.stack(of_class).T).argmax(dim=1)
            for k, prototype in enumerate(of_class):
                members = frames[nearest == k]
                if len(members) > 0:
                    mean = members.mean(dim=0)
                    moved = self.momentum * prototype
                    moved = moved + (1 - self.momentum) * mean
                    of_class[k] = normalize(moved, dim=0)

    def stacked(self) -> Tensor:
        """(C+1, K, D) unit vectors."""
        return torch.stack([torch.stack(vectors) for vectors in self.vectors])


class PlainLGC(nn.Module):
    """The terms of :class:`~lgc_plugin.lgc.LGC`, all on, written plainly."""

    def __init__(
        self,
        lgc: LGC,
        normalize: Callable[[Tensor], Tensor],
        teacher: nn.Module,
        prototypes: Prototypes,
    ) -> None:
        super().__init__()
        self.teacher = teacher
        self.prototypes = prototypes
        self.normalize = normalize
        self.consistency_weight = lgc.consistency_weight
        self.cutmix_weight = lgc.cutmix_weight
        self.contrast_weight = lgc.contrast_weight
        self.rampup_steps = lgc.rampup_steps
        self.cutmix_ratio = lgc.cutmix_ratio
        self.step = 0
        self._frames: tuple[Tensor, Tensor] | None = None

    @property
    def ramp(self) -> float:
        """Of the learning rate and of the consistency terms."""
        return exp_rampup(self.step, self.rampup_steps)

    def run(self, network: nn.Module, mels: Tensor) -> SEDOutput:
        """Runs a network on magnitudes."""
        return network(self.normalize(mels))

    def forward(
        self,
        student: nn.Module,
        mels: Tensor,
        predictions: SEDOutput,
        label_kind: Tensor,
        frame_labels: Tensor,
    ) -> LGCTerms:
        """The consistency terms of a batch."""
        target = self.run(self.teacher, mels)
        agreement = mse_loss(predictions.frame, target.frame)
        agreement = agreement + mse_loss(predictions.clip, target.clip)

        n_frames = target.frame.shape[-1]
        plan = draw_cutmix(
            len(mels), n_frames, self.cutmix_ratio, device=mels.device
        )
        output = self.run(
            student, cutmix(mels, plan, mels.shape[-1] // n_frames)
        )
        mixed_target = cutmix(target.frame, plan)
        local = mse_loss(output.frame, mixed_target)

        strong = label_kind == LabelKind.STRONG
        candidates = cutmix((~strong).unsqueeze(1).repeat(1, n_frames), plan)
        contrast, n_anchors = self.prototypes.contrast(
            output.embedding.flatten(0, 1),
            _by_frame(output.frame.detach()),
            _by_frame(mixed_target),
            candidates.flatten(),
        )
        labels = target.frame.clone()
        labels[strong] = frame_labels[strong]
        self._frames = (target.embedding.flatten(0, 1), _by_frame(labels))

        consistency = (
            self.consistency_weight * agreement + self.cutmix_weight * local
        )
        total = self.ramp * consistency + self.contrast_weight * contrast
        return LGCTerms(total, agreement, local, contrast, n_anchors)

    def update_teacher(self, student: nn.Module) -> None:
        """Teacher and prototypes follow a step."""
        self.teacher.update(student)
        self.prototypes.update(*self._frames)
        self.step += 1


def plain_supervised_loss(
    predictions: SEDOutput,
    frame_labels: Tensor,
    clip_labels: Tensor,
    label_kind: Tensor,
) -> Tensor:
    """Cross-entropy of strong clips' frames and of weak clips.

    ``frame_labels``: (B, C, T'); ``clip_labels``: (B, C); ``label_kind``: (B,)
    values of :class:`~lgc_plugin.types.LabelKind`.
    """
    strong = label_kind == LabelKind.STRONG
    weak = label_kind == LabelKind.WEAK
    of_frames = binary_cross_entropy(
        predictions.frame[strong], frame_labels[strong]
    )
    return of_frames + binary_cross_entropy(
        predictions.clip[weak], clip_labels[weak]
    )


def _by_frame(scores: Tensor) -> Tensor:
    """(B, C, T') to (B * T', C)."""
    return scores.transpose(1, 2).flatten(0, 1)


def _scores_by_class(scores: Tensor) -> list[Tensor]:
    """(N, C) to C + 1 of (N,), the background last."""
    return [*scores.unbind(dim=1), 1 - scores.max(dim=1).values]

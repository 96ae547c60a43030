"""How often the frames that the contrast acts on are what they seem to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import torch
from ablation_runs import Run
from embedding_frames import clip_samples
from torch import Tensor, nn

from lgc_plugin.augment.cutmix import cutmix, draw_cutmix
from lgc_plugin.data.manifest import ClipRow, read_manifest
from lgc_plugin.inference.model.model_folder import LoadedModel, read_model
from lgc_plugin.inference.prediction import stack_windows
from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
from lgc_plugin.models.frame_classes import by_frame, with_background
from lgc_plugin.utils.time_axis import (
    count_valid,
    frame_mask,
    upsample_mask,
)


@dataclass
class Counts:
    """Frames of one run at one pair of thresholds.

    A *claim* is a frame with a class that the teacher is sure of; a frame may
    have several.
    """

    #: All frames, and those that the contrast would act on
    frames: int
    anchors: int
    #: Classes that anchors are pulled to, and those that sound there
    event_claims: int
    true_event_claims: int
    #: Anchors pulled to the background, and those in which nothing sounds
    background_claims: int
    true_background_claims: int
    #: All claims of the teacher, anchors or not, and those that hold
    sure: int
    true_sure: int

    def shares(self) -> dict[str, float | None]:
        """The counts as shares; None where there is no case.

        >>> shares = Counts(100, 10, 8, 6, 2, 1, 50, 40).shares()
        >>> shares["anchors"], shares["right"], shares["sure_right"]
        (0.1, 0.7, 0.8)
        """
        claims = self.event_claims + self.background_claims
        right = self.true_event_claims + self.true_background_claims
        return {
            "anchors": _share(self.anchors, self.frames),
            "background": _share(self.background_claims, claims),
            "right": _share(right, claims),
            "events_right": _share(self.true_event_claims, self.event_claims),
            "background_right": _share(
                self.true_background_claims, self.background_claims
            ),
            "sure_right": _share(self.true_sure, self.sure),
        }

    def values(self) -> dict[str, int]:
        """All counts by name."""
        return asdict(self)


def count_anchors(
    student: Tensor,
    teacher: Tensor,
    truth: Tensor,
    pos_threshold: float,
    neg_threshold: float,
) -> Counts:
    """Counts anchors, and how many are what the teacher takes them for.

    ``student, teacher``: (N, C) frame scores; ``truth``: (N, C) bool.

    >>> teacher = torch.tensor([[0.9], [0.9], [0.1]])
    >>> student = torch.tensor([[0.9], [0.2], [0.6]])
    >>> truth = torch.tensor([[True], [False], [False]])
    >>> counts = count_anchors(student, teacher, truth, 0.8, 0.5)
    >>> counts.anchors, counts.true_event_claims, counts.true_background_claims
    (2, 0, 1)
    """
    contrast = PrototypeContrastLoss(1.0, pos_threshold, neg_threshold)
    anchors, claims = contrast.anchors(student, teacher)
    truth = torch.cat([truth, ~truth.any(dim=1, keepdim=True)], dim=1)
    sure = with_background(teacher) > pos_threshold
    claims = claims & anchors.unsqueeze(1)
    held = claims & truth
    numbers = (
        *(claims[:, :-1], held[:, :-1], claims[:, -1], held[:, -1]),
        *(sure, sure & truth),
    )
    return Counts(
        len(truth), int(anchors.sum()), *(int(x.sum()) for x in numbers)
    )


def run_as_in_training(
    run: Run,
    clips_per_batch: int,
    cutmix_ratio: tuple[float, float],
    seed: int = 0,
) -> tuple[Tensor, Tensor, Tensor]:
    """A run's two networks on its test clips, as if these had no labels.

    Both networks are in training mode, dropout included; the student's
    input is cut by CutMix, the teacher's is not, and its scores are cut alike.

    Returns (N, C) scores of student and teacher, and bool what really sounds.
    """
    networks = [read_model(run.folder, name) for name in ("student", "teacher")]
    for model in networks:
        model.network.train()
    student, teacher = (model.network for model in networks)
    rows = read_manifest(run.folder / "manifests" / "test.csv", run.data)
    pooling = networks[0].settings.pooling
    parts = []
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for mels, valid, truth in _batches(networks[0], rows, clips_per_batch):
            n_clips, _, n_frames = truth.shape
            plan = draw_cutmix(n_clips, n_frames, cutmix_ratio)

            def forward(
                network: nn.Module, mels: Tensor, valid: Tensor
            ) -> Tensor:
                mask = upsample_mask(valid, mels.shape[-1], pooling)
                mels = networks[0].front_end.normalize(mels, mask)
                return network(mels, valid).frame

            target = cutmix(forward(teacher, mels, valid), plan)
            cut = cutmix(valid, plan)
            output = forward(student, cutmix(mels, plan, pooling), cut)
            of_sound = cut.flatten()
            each = output, target, cutmix(truth, plan)
            parts.append([by_frame(x)[of_sound] for x in each])
    return tuple(torch.cat(each) for each in zip(*parts, strict=True))


def _batches(
    model: LoadedModel, rows: Sequence[ClipRow], size: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Mels (B, F, T), valid (B, T') and truth (B, C, T') of the test clips."""
    encoder = model.settings.encoder()
    rate, window = model.settings.sample_rate, encoder.n_samples
    frame_samples = encoder.hop_length * encoder.pooling
    for first in range(0, len(rows), size):
        some = rows[first : first + size]
        clips = [clip_samples(row, rate)[:window] for row in some]
        wavs, n_samples = stack_windows(clips, window)
        mels = model.front_end.mel(wavs)
        n_valid = count_valid(n_samples, frame_samples, encoder.n_frames)
        truth = torch.stack([encoder.encode(row.events) for row in some])
        yield mels, frame_mask(n_valid, encoder.n_frames), truth > 0


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None

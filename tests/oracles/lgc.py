"""The three consistency terms of a batch, composed of the slow pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from oracles.losses import consistency, contrast_loss


class Batch(NamedTuple):
    """(B, F, T) features before they are normalized, and what is known."""

    features: Tensor
    strong: list[bool]
    valid: Tensor | None
    pooling: int


class Cut(NamedTuple):
    """CutMix: per clip the span in output frames, and the other clip.

    Of a span, only frames that are sound on both sides are taken.
    """

    starts: list[int]
    lengths: list[int]
    partners: list[int]


class Bank(NamedTuple):
    """(C+1, K, D) prototypes and (C+1, K), which of them are active."""

    prototypes: Tensor
    active: Tensor


class Numbers(NamedTuple):
    """Weights and thresholds of the method."""

    mean_teacher: float
    cutmix: float
    contrast: float
    ramp: float
    temperature: float
    high: float
    low: float


class Terms(NamedTuple):
    """What the module returns."""

    total: Tensor
    mean_teacher: Tensor
    cutmix: Tensor
    contrast: Tensor
    n_anchors: int


def of_each(
    network: nn.Module,
    normalize: Callable[..., Tensor],
    features: Tensor,
    valid: Tensor | None,
    pooling: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Frame, clip and embedding of a network that runs clip by clip."""
    outputs = []
    for i, clip in enumerate(features):
        frames = None if valid is None else valid[i]
        mel_frames = None
        if frames is not None:
            last = len(frames) - 1
            mel_frames = [
                bool(frames[min(t // pooling, last)])
                for t in range(clip.shape[-1])
            ]
        normalized = normalize(clip, mel_frames).unsqueeze(0)
        mask = () if frames is None else (frames.unsqueeze(0),)
        outputs.append(network(normalized, *mask))
    return tuple(torch.cat(parts) for parts in zip(*outputs, strict=True))


def lgc_terms(
    student: nn.Module,
    teacher: nn.Module,
    normalize: Callable[..., Tensor],
    batch: Batch,
    cut: Cut,
    bank: Bank | None,
    numbers: Numbers,
) -> Terms:
    """L_MT, L_CLC, L_PGC, and what is added to the supervised loss."""
    features, strong, valid, pooling = batch
    frame, clip, _ = of_each(student, normalize, features, valid, pooling)
    with torch.no_grad():
        pseudo, pseudo_clip, _ = of_each(
            teacher, normalize, features, valid, pooling
        )
    agreement = consistency(frame, pseudo, valid) + consistency(
        clip, pseudo_clip
    )

    taken = taken_frames(cut, valid)
    mixed_pseudo = _cut(pseudo, taken, cut.partners, 1)
    mixed_frame, _, embedding = of_each(
        student,
        normalize,
        _cut(features, taken, cut.partners, pooling),
        valid,  # a clip is as long as it was
        pooling,
    )
    local = consistency(mixed_frame, mixed_pseudo, valid)

    contrast, n_anchors = 0.0 * local, 0
    if bank is not None:
        n_frames = frame.shape[-1]
        candidates = []
        for i in range(len(strong)):
            for t in range(n_frames):
                source = cut.partners[i] if t in taken[i] else i
                is_sound = valid is None or bool(valid[source, t])
                candidates.append(is_sound and not strong[source])
        contrast, n_anchors = contrast_loss(
            embedding.reshape(len(strong) * n_frames, -1),
            _frames(mixed_frame),
            _frames(mixed_pseudo),
            bank.prototypes,
            numbers.temperature,
            numbers.high,
            numbers.low,
            candidates,
            bank.active,
        )
    total = numbers.ramp * (
        numbers.mean_teacher * agreement + numbers.cutmix * local
    )
    if bank is not None:
        total = total + numbers.contrast * contrast
    return Terms(total, agreement, local, contrast, n_anchors)


def taken_frames(cut: Cut, valid: Tensor | None) -> list[list[int]]:
    """Per clip the output frames that come from the other clip."""
    taken = []
    for i, (start, length, partner) in enumerate(zip(*cut, strict=True)):
        span = range(start, start + length)
        taken.append(
            [
                t
                for t in span
                if valid is None or (bool(valid[i, t] and valid[partner, t]))
            ]
        )
    return taken


def _cut(
    values: Tensor, taken: list[list[int]], partners: list[int], pooling: int
) -> Tensor:
    """Clip by clip, frame by frame, step by step."""
    mixed = values.clone()
    for clip, frames in enumerate(taken):
        for t in frames:
            for step in range(t * pooling, (t + 1) * pooling):
                mixed[clip, ..., step] = values[partners[clip], ..., step]
    return mixed


def _frames(scores: Tensor) -> Tensor:
    """(B, C, T') to one row of C scores per frame, clip after clip."""
    return torch.stack(
        [clip[:, t] for clip in scores for t in range(clip.shape[1])]
    )

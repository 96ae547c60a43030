"""ICT and SCT, clip by clip and cell by cell; autograd can follow."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from oracles.augmentations import frame_shift
from oracles.lgc import Batch, of_each
from oracles.losses import consistency


def interpolation(
    student: nn.Module,
    teacher: nn.Module,
    normalize: Callable[..., Tensor],
    batch: Batch,
    share: float,
    partners: dict[int, int],
) -> Tensor:
    """ICT on the clips that have a partner; the others are not looked at."""
    features, _, valid, pooling = batch
    n_frames = features.shape[-1] // pooling
    frames, clips, frame_targets, clip_targets, sound = [], [], [], [], []
    for clip, partner in partners.items():
        one, other = (
            _predicted(teacher, normalize, batch, index)
            for index in (clip, partner)
        )
        has_sound = [
            valid is None
            or bool(valid[clip, t])
            or (share < 1 and bool(valid[partner, t]))
            for t in range(n_frames)
        ]
        mask = None if valid is None else torch.tensor([has_sound])
        mixed = share * features[clip] + (1 - share) * features[partner]
        frame, score, _ = of_each(
            student, normalize, mixed.unsqueeze(0), mask, pooling
        )
        frames.append(frame), clips.append(score)
        frame_targets.append(share * one[0] + (1 - share) * other[0])
        clip_targets.append(share * one[1] + (1 - share) * other[1])
        sound.append(has_sound)
    if not partners:
        return torch.zeros((), dtype=torch.float64)
    return consistency(
        torch.cat(frames), torch.stack(frame_targets), torch.tensor(sound)
    ) + consistency(torch.cat(clips), torch.stack(clip_targets))


def shift(
    student: nn.Module,
    teacher: nn.Module,
    normalize: Callable[..., Tensor],
    batch: Batch,
    shifts: list[int],
) -> Tensor:
    """SCT; shifts are in output frames."""
    features, _, valid, pooling = batch
    with torch.no_grad():
        target, _, _ = of_each(teacher, normalize, features, valid, pooling)
    n_frames = target.shape[-1]
    target = frame_shift(target, shifts, n_frames)
    if valid is not None:
        valid = frame_shift(valid, shifts, n_frames)
    mel_shifts = [frames * pooling for frames in shifts]
    circle = n_frames * pooling
    features = frame_shift(features, mel_shifts, circle)
    for clip in range(len(features)):
        # Behind a clip that ended in padding, the last step goes on.
        if batch.valid is not None and not batch.valid[clip, -1]:
            for step in range(circle, features.shape[-1]):
                features[clip, :, step] = features[clip, :, circle - 1]
    frame, _, _ = of_each(student, normalize, features, valid, pooling)
    return consistency(frame, target, valid)


@torch.no_grad()
def _predicted(
    teacher: nn.Module,
    normalize: Callable[..., Tensor],
    batch: Batch,
    clip: int,
) -> tuple[Tensor, Tensor]:
    """(C, T') and (C,) scores of a clip; 0 in its padding."""
    features, _, valid, pooling = batch
    mask = None if valid is None else valid[clip : clip + 1]
    frame, score, _ = of_each(
        teacher, normalize, features[clip : clip + 1], mask, pooling
    )
    frame = frame[0].clone()
    for t in range(frame.shape[-1]):
        if valid is not None and not valid[clip, t]:
            frame[:, t] = 0
    return frame, score[0]

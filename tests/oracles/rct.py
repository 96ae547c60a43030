"""Random consistency training, clip by clip and cell by cell."""

from __future__ import annotations

import torch
from torch import Tensor

WEIGHTS = {2: 0.25, 1: 0.25, 0: 0.5}


def members_of(members: Tensor, active: Tensor) -> list[list[int]]:
    """The clips that each mixture is made of."""
    return [
        [int(m) for m, a in zip(column, used, strict=True) if a]
        for column, used in zip(members.T, active.T, strict=True)
    ]


def mixed(wavs: Tensor, mixtures: list[list[int]]) -> Tensor:
    """Adds clip by clip."""
    result = torch.zeros_like(wavs)
    for clip, mixture in enumerate(mixtures):
        for member in mixture:
            result[clip] += wavs[member]
    return result


def any_of(labels: Tensor, mixtures: list[list[int]]) -> Tensor:
    """ORs label by label."""
    result = labels.clone()
    for clip, mixture in enumerate(mixtures):
        for cell in range(labels[clip].numel()):
            held = [float(labels[m].flatten()[cell]) for m in mixture]
            result[clip].view(-1)[cell] = max(held)
    return result


def rolled(values: Tensor, shifts: list[int], circles: list[int]) -> Tensor:
    """Step by step, each clip in its own circle; others stay."""
    result = values.clone()
    for clip, (shift, circle) in enumerate(zip(shifts, circles, strict=True)):
        for step in range(circle):
            target = (step + shift) % circle
            result[clip, ..., target] = values[clip, ..., step]
    return result


def with_holes(
    wavs: Tensor, starts: list[list[int]], lengths: list[int]
) -> Tensor:
    """Hole by hole."""
    result = wavs.clone()
    for clip, (holes, length) in enumerate(zip(starts, lengths, strict=True)):
        for start in holes:
            result[clip, start : start + length] = 0
    return result


def augmentation_loss(
    augmented: Tensor, target: Tensor, kinds: list[int], valid: Tensor | None
) -> Tensor:
    """Weighted means of squared differences."""
    everything = [[clip] for clip in range(len(kinds))]
    return _weighted(
        lambda place: (augmented[place] - target[place]) ** 2,
        augmented,
        kinds,
        _sound(valid, everything),
    )


def mixture_loss(
    mixed_scores: Tensor,
    scores: Tensor,
    mixtures: list[list[int]],
    kinds: list[int],
    valid: Tensor | None,
    thresholds: tuple[float, float] = (0.95, 0.05),
) -> Tensor:
    """Weighted means of (M f(x_mix) - P+)^2; members end where padding is."""

    def square(place: tuple[int, ...]) -> Tensor:
        scored = [
            float(scores[(member, *place[1:])].detach())
            for member in mixtures[place[0]]
            if valid is None or valid[member, place[2]]
        ]
        present = any(p > thresholds[0] for p in scored)
        absent = all(p < thresholds[1] for p in scored)
        learned = mixed_scores[place] if present or absent else 0.0
        return torch.as_tensor((learned - float(present)) ** 2).double()

    return _weighted(square, mixed_scores, kinds, _sound(valid, mixtures))


def _sound(valid: Tensor | None, mixtures: list[list[int]]) -> Tensor | None:
    if valid is None:
        return None
    return torch.stack([valid[mixture].any(dim=0) for mixture in mixtures])


def _weighted(square, scores, kinds, valid) -> Tensor:
    total = 0.0 * scores.double().sum()
    for kind, weight in WEIGHTS.items():
        squares = []
        for index in torch.cartesian_prod(*map(torch.arange, scores.shape)):
            place = tuple(index.tolist())
            sound = valid is None or bool(valid[place[0], place[2]])
            if kinds[place[0]] == kind and sound:
                squares.append(square(place))
        if squares:
            total = total + weight * torch.stack(squares).double().mean()
    return total

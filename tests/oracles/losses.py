"""The losses, cell by cell and anchor by anchor; autograd can follow."""

from __future__ import annotations

import torch
from torch import Tensor


def supervised(
    scores: Tensor, labels: Tensor, counts: list[bool] | Tensor
) -> Tensor:
    """Mean cross-entropy of (B, C) or (B, C, T') scores.

    ``counts`` marks which clips, or which frames (B, T'), have labels.
    """
    scores, labels = scores.double(), labels.double()
    losses = []
    for index in torch.cartesian_prod(*map(torch.arange, scores.shape)):
        place = tuple(index.tolist())
        clip_and_frame = (place[0], *place[2:])
        if torch.as_tensor(counts)[clip_and_frame]:
            p, y = scores[place], labels[place]
            losses.append(-(y * _log(p) + (1 - y) * _log(1 - p)))
    return _mean(losses, scores)


def consistency(
    student: Tensor, target: Tensor, valid: Tensor | None = None
) -> Tensor:
    """Mean squared difference of (B, C) or (B, C, T') scores."""
    student, target = student.double(), target.detach().double()
    squares = []
    for index in torch.cartesian_prod(*map(torch.arange, student.shape)):
        place = tuple(index.tolist())
        if valid is None or valid[place[0], place[-1]]:
            squares.append((student[place] - target[place]) ** 2)
    return _mean(squares, student)


def anchor(
    student: list[float], teacher: list[float], high: float, low: float
) -> tuple[bool, list[int]]:
    """Whether a frame is an anchor; the classes that the teacher is sure of."""
    of_teacher = [*teacher, 1 - max(teacher)]
    of_student = [*student, 1 - max(student)]
    positive = [c for c, score in enumerate(of_teacher) if score > high]
    return any(of_student[c] < low for c in positive), positive


def contrast_loss(
    embedding: Tensor,
    student: Tensor,
    teacher: Tensor,
    prototypes: Tensor,
    temperature: float,
    high: float,
    low: float,
    candidates: list[bool] | None = None,
    active: Tensor | None = None,
) -> tuple[Tensor, int]:
    """The prototype contrast, anchor by anchor; its value and the anchors.

    A class without active prototypes is as if it did not exist.
    """
    embedding = embedding.double()
    losses = []
    for i, frame in enumerate(embedding):
        is_anchor, positive = anchor(
            student[i].tolist(), teacher[i].tolist(), high, low
        )
        if candidates is not None and not candidates[i]:
            continue
        logits = {}
        for c, of_class in enumerate(prototypes.detach().double()):
            cosines = [
                (frame * p).sum()
                for k, p in enumerate(of_class)
                if active is None or active[c, k]
            ]
            if cosines:
                largest = max(cosines, key=Tensor.item)
                logits[c] = largest / temperature
        positive = [c for c in positive if c in logits]
        if not is_anchor or not positive:
            continue
        log_sum = torch.log(sum(torch.exp(x) for x in logits.values()))
        losses.append(
            -sum(logits[c] - log_sum for c in positive) / len(positive)
        )
    return _mean(losses, embedding), len(losses)


def _log(x: Tensor) -> Tensor:
    """As PyTorch's cross-entropy: not below -100."""
    return torch.log(x).clamp_min(-100)


def _mean(values: list[Tensor], connected: Tensor) -> Tensor:
    """The mean; of nothing it is 0, with a gradient of 0."""
    if not values:
        return 0.0 * connected.sum()
    return sum(values) / len(values)

"""Which classes a frame certainly has."""

from __future__ import annotations

import torch
from torch import Tensor

from lgc_plugin.types import LabelKind, SEDBatch


def with_background(scores: Tensor) -> Tensor:
    """Adds the background as the last class: 1 minus the largest score.

    >>> with_background(torch.tensor([0.25, 0.5]))
    tensor([0.2500, 0.5000, 0.5000])
    """
    background = 1.0 - scores.amax(dim=-1, keepdim=True)
    return torch.cat([scores, background], dim=-1)


def frame_classes(labels: Tensor, pos_threshold: float) -> Tensor:
    """(N, C+1) classes of each frame, the background last.

    A frame has class c when its label is at least the threshold; background
    when its largest label is at most 1 minus the threshold; else none.

    >>> frame_classes(torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.5, 0.0]]), 0.9)
    tensor([[ True, False, False],
            [False, False,  True],
            [False, False, False]])
    """
    background = labels.amax(dim=-1, keepdim=True) <= 1.0 - pos_threshold
    return torch.cat([labels >= pos_threshold, background], dim=-1)


def by_frame(frame_scores: Tensor) -> Tensor:
    """One row of scores per frame, clip after clip: (B, C, T') to (B * T', C).

    Example
    -------
    >>> by_frame(torch.tensor([[[1, 2], [3, 4]]])).tolist()
    [[1, 3], [2, 4]]
    """
    return frame_scores.transpose(1, 2).flatten(0, 1)


def labels_by_frame(scores: Tensor, batch: SEDBatch) -> Tensor:
    """(B * T', C) known labels of frames of strong clips, else the scores.

    Example
    -------
    >>> kind = torch.tensor([LabelKind.STRONG, LabelKind.NONE])
    >>> scores = torch.full((2, 1, 1), 0.25)
    >>> batch = SEDBatch(kind, frame_labels=torch.ones(2, 1, 1))
    >>> labels_by_frame(scores, batch).tolist()
    [[1.0], [0.25]]
    """
    if batch.frame_labels is not None:
        strong = (batch.label_kind == LabelKind.STRONG).view(-1, 1, 1)
        labels = batch.frame_labels.to(scores.dtype)
        scores = torch.where(strong & ~labels.isnan(), labels, scores)
    return by_frame(scores)

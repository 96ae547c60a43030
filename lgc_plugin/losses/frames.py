"""Batches as rows of frames."""

from __future__ import annotations

import torch
from torch import Tensor

from lgc_plugin.types import LabelKind


def by_frame(frame_scores: Tensor) -> Tensor:
    """One row of scores per frame, clip after clip.

    Arguments
    ---------
    frame_scores : Tensor
        (B, C, T').

    Returns
    -------
    Tensor
        (B * T', C).

    Example
    -------
    >>> by_frame(torch.tensor([[[1, 2], [3, 4]]])).tolist()
    [[1, 3], [2, 4]]
    """
    return frame_scores.transpose(1, 2).flatten(0, 1)


def labels_by_frame(
    scores: Tensor, label_kind: Tensor, frame_labels: Tensor | None
) -> Tensor:
    """True labels of the frames of strong clips, scores of all others.

    Arguments
    ---------
    scores : Tensor
        (B, C, T') of the teacher.
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`.
    frame_labels : Tensor or None
        (B, C, T'); None leaves the scores everywhere.

    Returns
    -------
    Tensor
        (B * T', C).

    Example
    -------
    >>> kind = torch.tensor([LabelKind.STRONG, LabelKind.NONE])
    >>> scores = torch.full((2, 1, 1), 0.25)
    >>> labels_by_frame(scores, kind, torch.ones(2, 1, 1)).tolist()
    [[1.0], [0.25]]
    """
    if frame_labels is not None:
        strong = (label_kind == LabelKind.STRONG).view(-1, 1, 1)
        scores = torch.where(strong, frame_labels.to(scores.dtype), scores)
    return by_frame(scores)

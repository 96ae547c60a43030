"""Binary cross-entropy where a clip has labels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from lgc_plugin.types import LabelKind


def masked_bce(scores: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """Mean binary cross-entropy over the cells of weight 1.

    Arguments
    ---------
    scores : Tensor
        Probabilities, any shape.
    targets : Tensor
        In [0, 1], of the same shape (soft after mixup).
    weight : Tensor
        0 or 1, broadcast to that shape.

    Returns
    -------
    Tensor
        Scalar; exactly 0 when no cell has weight.

    Example
    -------
    >>> scores = torch.tensor([0.5, 0.9])
    >>> masked_bce(scores, torch.ones(2), torch.tensor([1, 0]))
    tensor(0.6931)
    >>> masked_bce(scores, torch.ones(2), torch.zeros(2))
    tensor(0.)
    """
    # The loss refuses half precision, for good reason: log(0) is near.
    with torch.autocast(scores.device.type, enabled=False):
        scores, targets = scores.float(), targets.float()
        weight = weight.expand_as(scores).to(torch.float32)
        # A NaN would stop the process here, on a GPU beyond recovery. Kept
        # out of the function and added again, it only spoils this step.
        losses = binary_cross_entropy(
            scores.nan_to_num(0.5), targets, reduction="none"
        )
        losses = losses + 0.0 * scores
        return (losses * weight).sum() / weight.sum().clamp_min(1.0)


def supervised_losses(
    frame: Tensor,
    clip: Tensor,
    frame_labels: Tensor,
    clip_labels: Tensor,
    label_kind: Tensor,
    valid: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Frame loss on strongly, clip loss on weakly labelled clips.

    Arguments
    ---------
    frame : Tensor
        (B, C, T') frame scores.
    clip : Tensor
        (B, C) clip scores.
    frame_labels : Tensor
        (B, C, T'), read where the kind is strong.
    clip_labels : Tensor
        (B, C), read where the kind is weak.
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`.
    valid : Tensor, optional
        (B, T') bool, False on padding.

    Returns
    -------
    tuple[Tensor, Tensor]
        The two scalars.

    Example
    -------
    >>> frame, clip = torch.full((2, 1, 4), 0.5), torch.full((2, 1), 0.5)
    >>> kind = torch.tensor([LabelKind.STRONG, LabelKind.NONE])
    >>> supervised_losses(frame, clip, torch.ones(2, 1, 4), clip, kind)
    (tensor(0.6931), tensor(0.))
    """
    strong = (label_kind == LabelKind.STRONG).view(-1, 1, 1)
    if valid is not None:
        strong = strong & valid.unsqueeze(1)
    weak = (label_kind == LabelKind.WEAK).view(-1, 1)
    return (
        masked_bce(frame, frame_labels, strong),
        masked_bce(clip, clip_labels, weak),
    )

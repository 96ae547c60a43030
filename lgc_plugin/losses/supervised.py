"""Binary cross-entropy where a clip has labels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from lgc_plugin.models.precision import at_least_float32
from lgc_plugin.types import LabelKind


def masked_bce(
    scores: Tensor,
    targets: Tensor,
    weight: Tensor,
    pool_count: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Mean binary cross-entropy over the known cells of weight 1.

    Arguments
    ---------
    scores : Tensor
        Probabilities, any shape.
    targets : Tensor
        In [0, 1], of the same shape (soft after mixup); NaN where the label
        is unknown, which counts as weight 0.
    weight : Tensor
        0 or 1, broadcast to that shape.
    pool_count : Callable, optional
        Makes the divisor of the sum from the number of cells; with
        :func:`.distributed.all_reduce_mean` the mean is one
        over the cells of all processes.

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
        scores = at_least_float32(scores)
        targets = targets.to(scores.dtype)
        weight = weight.expand_as(scores).to(scores.dtype)
        unknown = targets.isnan()
        targets = targets.masked_fill(unknown, 0.0)
        weight = weight.masked_fill(unknown, 0.0)
        # A NaN would stop the process here, on a GPU beyond recovery. Kept
        # out of the function and added again, it only spoils this step.
        losses = binary_cross_entropy(
            scores.nan_to_num(0.5), targets, reduction="none"
        )
        losses = losses + 0.0 * scores
        count = weight.sum()
        if pool_count is not None:
            count = pool_count(count)
        # Below 1 only as the mean of several processes, one of which has some.
        count = torch.where(count > 0, count, 1.0)
        return (losses * weight).sum() / count


def supervised_losses(
    frame: Tensor,
    clip: Tensor,
    frame_labels: Tensor,
    clip_labels: Tensor,
    label_kind: Tensor,
    valid: Tensor | None = None,
    pool_count: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Frame loss on strongly, clip loss on weakly labeled clips.

    Arguments
    ---------
    frame : Tensor
        (B, C, T') frame scores.
    clip : Tensor
        (B, C) clip scores.
    frame_labels : Tensor
        (B, C, T'), read where the kind is strong; NaN where unknown.
    clip_labels : Tensor
        (B, C), read where the kind is weak; NaN where unknown.
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`.
    valid : Tensor, optional
        (B, T') bool, False on padding.
    pool_count : Callable, optional
        See :func:`masked_bce`.

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
        masked_bce(frame, frame_labels, strong, pool_count),
        masked_bce(clip, clip_labels, weak, pool_count),
    )

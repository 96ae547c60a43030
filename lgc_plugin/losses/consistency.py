"""Student and teacher, or two views of one clip, should say the same."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lgc_plugin.models.precision import at_least_float32


def frame_consistency(
    student: Tensor,
    target: Tensor,
    valid: Tensor | None = None,
    pool_count: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Mean squared difference of frame scores, over frames that hold sound.

    Arguments
    ---------
    student : Tensor
        (B, C, T') scores that learn.
    target : Tensor
        (B, C, T') scores to follow; no gradient reaches them.
    valid : Tensor, optional
        (B, T') bool, False on padding.
    pool_count : Callable, optional
        Makes the divisor of the sum from the number of cells; with
        :func:`.distributed.all_reduce_mean` the mean is one
        over the cells of all processes.

    Returns
    -------
    Tensor
        Scalar.

    Example
    -------
    >>> student, target = torch.zeros(1, 1, 4), torch.ones(1, 1, 4)
    >>> frame_consistency(student, target)
    tensor(1.)
    >>> valid = torch.tensor([[True, True, False, False]])
    >>> target[..., 2:] = 9.0
    >>> frame_consistency(student, target, valid)
    tensor(1.)
    """
    with torch.autocast(student.device.type, enabled=False):
        difference = at_least_float32(student) - target.detach()
        squares = difference.square()
        if valid is None and pool_count is None:
            return squares.mean()
        if valid is None:
            valid = squares.new_ones(squares.shape[0], squares.shape[2])
        weight = valid.unsqueeze(1).to(squares.dtype)
        cells = weight.sum() * squares.shape[1]
        if pool_count is not None:
            cells = pool_count(cells)
        cells = torch.where(cells > 0, cells, 1.0)
        return (squares * weight).sum() / cells


def clip_consistency(student: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference of clip scores.

    Arguments
    ---------
    student : Tensor
        (B, C) scores that learn.
    target : Tensor
        (B, C) scores to follow; no gradient reaches them.

    Returns
    -------
    Tensor
        Scalar.

    Example
    -------
    >>> clip_consistency(torch.zeros(1, 2), torch.tensor([[0.0, 1.0]]))
    tensor(0.5000)
    """
    with torch.autocast(student.device.type, enabled=False):
        difference = at_least_float32(student) - target.detach()
        return difference.square().mean()

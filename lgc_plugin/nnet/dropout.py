"""Dropout that does not wait for the CPU's random numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LEVELS = 256  # values of a byte
_LOWEST_INT64 = -(2**63)


class Dropout(nn.Module):
    """Dropout as in PyTorch, with cheaper draws on the CPU.

    There PyTorch draws one number per value, one after the other, which took
    a third of a training step. Here eight values share one 64-bit draw, a
    byte each, so that the probability is rounded to a multiple of 1/256 (0.5
    is exact); kept values are scaled by the rounded probability, which keeps
    the mean.

    Arguments
    ---------
    p : float
        Probability of dropping a value, in [0, 1).

    Raises
    ------
    ValueError
        If the probability is outside [0, 1).

    Example
    -------
    >>> dropout = Dropout(0.5)
    >>> sorted(set(dropout(torch.ones(1000)).tolist()))
    [0.0, 2.0]
    >>> dropout.eval()(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0.0 <= p < 1.0:
            raise ValueError(f"p must be in [0, 1), got {p}")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Drops values of a tensor of any shape while training."""
        if not self.training or self.p == 0.0:
            return x
        if x.device.type != "cpu" or torch.compiler.is_compiling():
            return nn.functional.dropout(x, self.p)
        dropped = min(round(self.p * _LEVELS), _LEVELS - 1)
        mask = _random_bytes_like(x) >= dropped
        scale = _LEVELS / (_LEVELS - dropped)
        return x * mask.to(x.dtype).mul_(scale)

    def extra_repr(self) -> str:
        """The probability, for ``print``."""
        return f"p={self.p}"


def _random_bytes_like(x: Tensor) -> Tensor:
    """Uniform bytes of the shape of a tensor, laid out in memory like it."""
    draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64)
    # Without a lowest value, the sign bit would never be drawn.
    flat = draws.random_(_LOWEST_INT64, None).view(torch.uint8)[: x.numel()]
    if x.is_contiguous():
        return flat.view(x.shape)
    if x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last):
        return flat.as_strided(x.shape, x.stride())
    return flat.view(x.shape)

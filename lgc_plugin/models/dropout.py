"""Dropout that does not wait for the CPU's random numbers."""

from __future__ import annotations

import torch
from torch import Tensor, library, nn

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
        if x.device.type != "cpu":
            return nn.functional.dropout(x, self.p)
        dropped = min(round(self.p * _LEVELS), _LEVELS - 1)
        draw = _compiled_draw if torch.compiler.is_compiling() else random_bytes
        mask = draw(x) >= dropped
        scale = _LEVELS / (_LEVELS - dropped)
        return x * mask.to(x.dtype).mul_(scale)

    def extra_repr(self) -> str:
        """The probability, for ``print``."""
        return f"p={self.p}"


def random_bytes(x: Tensor) -> Tensor:
    """Uniform uint8 of the shape and memory layout of a CPU tensor.

    >>> random_bytes(torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64)
    # Without a lowest value, the sign bit would never be drawn.
    flat = draws.random_(_LOWEST_INT64, None).view(torch.uint8)
    layout = torch.empty_like(x, dtype=torch.uint8, device="meta")
    return flat.as_strided(layout.shape, layout.stride())


# The compiler makes numbers one by one, more slowly than it computes all else.
# As an operation it cannot look into, this stays one call; the tag marks that
# two calls give different numbers.
@library.custom_op(
    "lgc_plugin::random_bytes",
    mutates_args=(),
    tags=(torch.Tag.nondeterministic_seeded,),
)
def _compiled_draw(x: Tensor) -> Tensor:
    return random_bytes(x)


@_compiled_draw.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x, dtype=torch.uint8)

"""Numbers that decide are not rounded to half precision."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """The same values in float32; float64 stays as it is.

    Scores near 0 and 1, logarithms and long sums need more bits than half
    precision has, also under autocast.

    >>> at_least_float32(torch.ones(2, dtype=torch.bfloat16)).dtype
    torch.float32
    >>> at_least_float32(torch.ones(2, dtype=torch.float64)).dtype
    torch.float64
    """
    return values if values.dtype == torch.float64 else values.float()

"""What it means that the fast code equals the slow one."""

from __future__ import annotations

import torch
from torch import Tensor

_TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


def exact(value: Tensor) -> Tensor:
    """The same numbers in float64, so that an oracle does not round."""
    return value.detach().double()


def assert_exact(fast: Tensor, slow: Tensor | float) -> None:
    """Equal up to the rounding of the fast code's own precision."""
    slow = torch.as_tensor(slow, dtype=torch.float64).detach()
    tolerance = _TOLERANCE[fast.dtype]
    torch.testing.assert_close(
        fast.detach().double(), slow, atol=tolerance, rtol=tolerance
    )


def assert_same_set(fast: Tensor, slow: list[Tensor]) -> None:
    """(N, D) vectors in any order, as k-means and random samples have them."""
    assert len(fast) == len(slow)
    left = list(fast)
    for expected in slow:
        distances = [float((row - expected).norm()) for row in left]
        closest = left.pop(distances.index(min(distances)))
        assert_exact(closest, expected)

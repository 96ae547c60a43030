"""The ramp that lets the consistency terms and the learning rate rise."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def exp_rampup(step: int, length: int) -> float:
    """Exponential ramp ``r(n) = exp(-5 (1 - min(n, N) / N)^2)``.

    Laine and Aila, "Temporal Ensembling", ICLR 2017.

    Arguments
    ---------
    step : int
        Optimizer steps done so far, n.
    length : int
        Steps until the ramp is at 1, N; 0 means no ramp.

    Returns
    -------
    float
        Between exp(-5) and 1.

    Raises
    ------
    ValueError
        If either number is negative.

    Example
    -------
    >>> round(exp_rampup(0, 100), 6), exp_rampup(100, 100), exp_rampup(7, 0)
    (0.006738, 1.0, 1.0)
    """
    if step < 0 or length < 0:
        raise ValueError(
            f"step and length must be at least 0, got {step} and {length}"
        )
    if length == 0:
        return 1.0
    left = 1.0 - min(step, length) / length
    return math.exp(-5.0 * left * left)


def device_rampup(step: Tensor, length: int) -> Tensor:
    """:func:`exp_rampup` of a step count on the device; a float64 scalar.

    >>> round(device_rampup(torch.tensor(50), 100).item(), 6)
    0.286505
    >>> round(exp_rampup(50, 100), 6)
    0.286505
    """
    if length == 0:
        return torch.ones((), device=step.device, dtype=torch.float64)
    left = (1.0 - step.double() / length).clamp_min(0.0)
    return torch.exp(-5.0 * left * left)

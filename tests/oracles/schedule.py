"""What changes from step to step by itself."""

from __future__ import annotations

import math


def ramp(step: int, length: int) -> float:
    """r(n) = exp(-5 (1 - min(n, N) / N)^2)."""
    return math.exp(-5 * (1 - min(step, length) / length) ** 2)


def moving_average(states: list[float], decay: float) -> float:
    """The teacher after following the student through some states."""
    teacher = 0.0
    for n, state in enumerate(states):
        alpha = min(1 - 1 / (n + 1), decay)
        teacher = alpha * teacher + (1 - alpha) * state
    return teacher

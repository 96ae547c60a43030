"""Batch norm as a part of the convolution before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fold(
    kernel: NDArray[np.float32],
    *,
    mean: NDArray[np.float32],
    variance: NDArray[np.float32],
    beta: NDArray[np.float32],
    gamma: NDArray[np.float32] | None,
    epsilon: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (out, ...) and bias of ``beta + gamma (x - mean) / std``."""
    scale = 1.0 / np.sqrt(variance.astype(np.float64) + epsilon)
    if gamma is not None:
        scale = scale * gamma
    scaled = kernel * scale.reshape(-1, *[1] * (kernel.ndim - 1))
    bias = beta - mean * scale
    return scaled.astype(np.float32), bias.astype(np.float32)

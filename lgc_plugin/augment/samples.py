"""Samples as numbers that can be added and stretched."""

from __future__ import annotations

import torch
from torch import Tensor

from lgc_plugin.models.precision import at_least_float32


def float_samples(wavs: Tensor) -> Tensor:
    """The same sound in at least float32; int16 is scaled to [-1, 1).

    >>> float_samples(torch.tensor([16384, -32768], dtype=torch.int16))
    tensor([ 0.5000, -1.0000])
    """
    if wavs.dtype == torch.int16:
        return wavs.float() / 32768.0
    return at_least_float32(wavs)

"""A frame encoder of random weights, which takes a moment for each clip."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lgc_plugin.models.encoders import FrameEncoder

_STRIDES = (16, 10, 10)


class RandomEncoder(FrameEncoder):
    """Three convolutions."""

    def __init__(
        self,
        size: int = 64,
        channels: int = 256,
        sample_rate: int = 16000,
        seed: int = 0,
    ) -> None:
        super().__init__(size, 0.1, 16000, sample_rate)
        widths = (1, channels, channels, size)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.convolutions = nn.ModuleList(
                nn.Conv1d(*widths[i : i + 2], 2 * stride, stride, stride // 2)
                for i, stride in enumerate(_STRIDES)
            )
        self.freeze({})

    def encode(self, wavs: Tensor) -> Tensor:
        """(B, N) at 16 kHz to (B, E, T_e)."""
        x = self.fill(wavs).unsqueeze(1)
        for layer in self.convolutions:
            x = layer(x).tanh()
        return x

"""A frame encoder without pretrained weights, for tests."""

import torch

from lgc_plugin.models.encoders import FrameEncoder


class TinyEncoder(FrameEncoder):
    """A fixed random projection of the energies of short stretches."""

    def __init__(self, size=6, frame_seconds=0.16, sample_rate=16000, seed=0):
        super().__init__(size, frame_seconds, 16000, sample_rate)
        generator = torch.Generator().manual_seed(seed)
        self.register_parameter(
            "weight",
            torch.nn.Parameter(torch.randn(size, 8, generator=generator)),
        )
        self.freeze({})

    def encode(self, wavs):
        step = round(self.frame_seconds * self.encoder_rate)
        stretches = self.fill(wavs).unflatten(1, (-1, 8, step // 8))
        levels = (stretches.square().mean(dim=3) + 1e-4).log10()
        return torch.tanh(self.weight @ levels.transpose(1, 2))

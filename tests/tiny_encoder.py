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


class LayeredEncoder(FrameEncoder):
    """Levels of short stretches, then layers with dropout over a window."""

    def __init__(self, size=6, frame_seconds=0.16, n_layers=2, dropout=0.1):
        super().__init__(size, frame_seconds)
        self.levels = TinyEncoder(size, frame_seconds)
        generator = torch.Generator().manual_seed(1)
        self.blocks = torch.nn.ModuleList(
            torch.nn.Sequential(
                torch.nn.Conv1d(size, size, 3, padding=1),
                torch.nn.Tanh(),
                torch.nn.Dropout(dropout),
            )
            for _ in range(n_layers)
        )
        for parameter in self.blocks.parameters():
            torch.nn.init.normal_(parameter, std=0.3, generator=generator)
        self.norm = torch.nn.LayerNorm(size)
        self.freeze({})

    def layers(self):
        return self.blocks

    def encode(self, wavs):
        x = self.levels.encode(wavs)
        for block in self.blocks:
            x = x + block(x)
        return self.norm(x.transpose(1, 2)).transpose(1, 2)

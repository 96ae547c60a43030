"""A detector on a frozen pretrained encoder; it knows nothing of lgc_plugin."""

import torch
from torch import nn
from vad_brain import VadBrain


class TinyEncoder(nn.Module):
    """Waveforms (B, N) to embeddings (B, T, D), T = N // hop + 1; frozen."""

    def __init__(self, dim, hop):
        super().__init__()
        self.hop = hop
        self.conv = nn.Conv1d(1, dim, hop, stride=hop)
        self.norm = nn.BatchNorm1d(dim)
        self.layer = nn.TransformerEncoderLayer(dim, 2, dim, batch_first=True)
        self.requires_grad_(False)

    def train(self, mode=True):
        """Stays in evaluation mode, as SpeechBrain's wrappers do."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, wavs):
        padded = nn.functional.pad(wavs, (0, self.hop)).unsqueeze(1)
        return self.layer(self.norm(self.conv(padded)).transpose(1, 2))


class FrozenBrain(VadBrain):
    """The same detector; embeddings take the place of features."""

    def compute_forward(self, batch, stage):
        """Logits (B, T, 1) and relative lengths (B,)."""
        wavs, lens = batch.to(self.device).sig
        feats = self.modules.encoder(wavs)
        hidden, _ = self.modules.rnn(feats)
        return self.modules.dnn(hidden), lens

"""The network with its gate as a linear layer between two permutations."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lgc_plugin.types import SEDOutput


class PlainBlock(nn.Module):
    """3x3 convolution, batch norm, gated linear unit, dropout, pooling."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        pooling: tuple[int, int],
        dropout: float,
        norm_momentum: float,
        convolved_gate: bool,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(
            out_channels, eps=1e-3, momentum=norm_momentum
        )
        self.convolved_gate = convolved_gate
        if convolved_gate:
            self.linear = nn.Conv2d(out_channels, out_channels, 1)
        else:
            self.linear = nn.Linear(out_channels, out_channels)
        self.dropout = nn.Dropout(dropout)
        self.pool = nn.AvgPool2d(tuple(pooling))

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C_in, T, F) to (B, C_out, T // p_t, F // p_f)."""
        x = self.norm(self.conv(x))
        if self.convolved_gate:
            linear = self.linear(x)
        else:
            linear = self.linear(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.pool(self.dropout(linear * torch.sigmoid(x)))


class PlainCRNN(nn.Module):
    """The network of :class:`.models.crnn.CRNN`, without its tunings.

    Its parameters have the same names. The arguments are the same as well,
    and two more.
    """

    def __init__(
        self,
        n_classes: int,
        n_mels: int,
        filters: Sequence[int],
        pooling: Sequence[tuple[int, int]],
        dropout: float,
        norm_momentum: float,
        rnn_size: int,
        rnn_layers: int,
        rnn_dropout: float,
        embedding_dim: int,
        *,
        convolved_gate: bool = False,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        blocks, channels, mel_bins = [], 1, n_mels
        for out_channels, pool in zip(filters, pooling, strict=True):
            blocks.append(
                PlainBlock(
                    channels,
                    out_channels,
                    pool,
                    dropout,
                    norm_momentum,
                    convolved_gate,
                )
            )
            channels = out_channels
            mel_bins //= pool[1]
        self.blocks = nn.Sequential(*blocks)
        if channels_last:
            self.blocks.to(memory_format=torch.channels_last)
        self.rnn = nn.GRU(
            channels * mel_bins,
            rnn_size,
            rnn_layers,
            batch_first=True,
            dropout=rnn_dropout,
            bidirectional=True,
        )
        self.dropout = nn.Dropout(dropout)
        self.frame_head = nn.Linear(2 * rnn_size, n_classes)
        self.attention_head = nn.Linear(2 * rnn_size, n_classes)
        self.projection = nn.Linear(2 * rnn_size, embedding_dim)
        self.projection_activation = nn.LeakyReLU(0.2)

    def forward(self, features: Tensor) -> SEDOutput:
        """Scores and embeddings of (B, n_mels, T) features."""
        x = self.blocks(features.transpose(1, 2).unsqueeze(1))
        x, _ = self.rnn(x.permute(0, 2, 1, 3).flatten(2))
        x = self.dropout(x)
        frame = torch.sigmoid(self.frame_head(x))
        attention = torch.softmax(self.attention_head(x), dim=-1)
        attention = attention.clamp(1e-7, 1.0)
        clip = (frame * attention).sum(1) / attention.sum(1)
        embedding = self.projection_activation(self.projection(x))
        unit = nn.functional.normalize(embedding, dim=-1)
        return SEDOutput(frame.transpose(1, 2), clip, unit)

    def load_tuned(self, state: dict[str, Tensor]) -> None:
        """Takes the weights of a ``CRNN``."""
        mine = self.state_dict()
        fitted = {
            name: value.reshape(mine[name].shape) if name in mine else value
            for name, value in state.items()
        }
        self.load_state_dict(fitted)

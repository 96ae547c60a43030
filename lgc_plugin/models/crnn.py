"""The convolutional recurrent network of the DCASE challenges, with a
projection head for the prototypes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lgc_plugin.models.dropout import Dropout
from lgc_plugin.models.encoders.alignment import align_embeddings
from lgc_plugin.models.features import check_mel_norm
from lgc_plugin.models.precision import at_least_float32
from lgc_plugin.types import SEDOutput

_PAPER_FILTERS = (16, 32, 64, 128, 128, 128, 128)
_PAPER_POOLING = ((2, 2), (2, 2), (1, 2), (1, 2), (1, 2), (1, 2), (1, 2))


def time_pooling(pooling: Sequence[tuple[int, int]]) -> int:
    """Mel frames per output frame of a network.

    >>> time_pooling(_PAPER_POOLING), time_pooling([(1, 128)])
    (4, 1)
    """
    return math.prod(time for time, _ in pooling)


class GatedConvBlock(nn.Module):
    """3x3 convolution, batch norm, gated linear unit, dropout, pooling.

    The gate is ``linear(x) * sigmoid(x)``, the linear layer mixing channels;
    average pooling is over (time, mel).

    >>> block = GatedConvBlock(1, 4, (2, 2), dropout=0.0)
    >>> block(torch.randn(2, 1, 10, 8)).shape
    torch.Size([2, 4, 5, 4])
    """

    # The linear layer is a 1x1 convolution, which needs no transposed copy of
    # the feature map. norm_momentum is the weight of the newest batch in the
    # running statistics; the published 0.99 makes them nearly those of the last
    # batch.

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        pooling: tuple[int, int],
        dropout: float,
        norm_momentum: float = 0.99,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(
            out_channels, eps=1e-3, momentum=norm_momentum
        )
        self.linear = nn.Conv2d(out_channels, out_channels, 1)
        self.dropout = Dropout(dropout)
        self.pool = nn.AvgPool2d((pooling[0], pooling[1]))

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C_in, T, F) to (B, C_out, T // p_t, F // p_f)."""
        x = self.norm(self.conv(x))
        x = self.linear(x) * torch.sigmoid(x)
        return self.pool(self.dropout(x))


class CRNN(nn.Module):
    """Convolutions over (time, mel), a bidirectional GRU, three heads.

    - frame: linear to C, sigmoid;
    - clip: ``sum_t(frame * att) / sum_t(att)``, where ``att`` is a linear
      layer with a softmax over the classes, clamped to [1e-7, 1];
    - embedding: linear to ``embedding_dim``, LeakyReLU 0.2, L2 normalized.

    With ``encoder_size``, the embeddings of a pretrained encoder
    (:class:`~lgc_plugin.models.encoders.FrameEncoder`) join what the
    convolutions give, as in the baseline of DCASE 2023 task 4: layer norm of
    the embeddings, concatenation, dropout, linear to ``fusion_size``, GRU.

    Arguments
    ---------
    n_classes : int
        Number of classes.
    n_mels : int
        Mel bins of the input.
    filters : Sequence[int]
        Channels of each block. Empty: no convolutions, and the GRU reads the
        embeddings beside mel bins that are only averaged, by ``pooling``.
    pooling : Sequence[tuple[int, int]]
        (time, mel) pooling of each block.
    dropout : float
        After each block and after the GRU.
    norm_momentum : float
        Weight of the newest batch in the running batch statistics.
    rnn_size : int
        GRU cells per direction.
    rnn_layers : int
        GRU layers.
    rnn_dropout : float
        Between two GRU layers.
    embedding_dim : int
        Size of an embedding that the network gives.
    encoder_size : int
        E, size of the embeddings that it is given; 0: none.
    encoder_dropout : float
        Before the linear layer that joins them.
    fusion_size : int, optional
        What that layer gives; None: as much as the convolutions do, or E where
        there are none.
    encoder_norm : bool
        Whether the embeddings go through a layer norm; those of the baselines
        of DCASE 2023 and 2024 do not.
    mel_norm : str
        As of :class:`~lgc_plugin.models.features.LogMel`; ``global``: each mel
        bin goes through a batch norm first, so that the network knows how loud
        sounds are, and noise alone stays soft.

    Raises
    ------
    ValueError
        If filters and pooling differ in number, the pooling leaves no mel
        bin, there are neither filters nor an encoder, or ``mel_norm`` is none
        of the two.

    Example
    -------
    >>> network = CRNN()
    >>> sum(p.numel() for p in network.parameters())
    1145316
    >>> output = network(torch.rand(2, 128, 626))
    >>> [tuple(tensor.shape) for tensor in output]
    [(2, 10, 156), (2, 10), (2, 156, 128)]
    >>> network = CRNN(filters=[], pooling=[(4, 128)], encoder_size=768)
    >>> embeddings = torch.rand(2, 768, 63)
    >>> network(torch.rand(2, 128, 626), None, embeddings).clip.shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        n_classes: int = 10,
        n_mels: int = 128,
        filters: Sequence[int] = _PAPER_FILTERS,
        pooling: Sequence[tuple[int, int]] = _PAPER_POOLING,
        dropout: float = 0.5,
        norm_momentum: float = 0.99,
        rnn_size: int = 128,
        rnn_layers: int = 2,
        rnn_dropout: float = 0.0,
        embedding_dim: int = 128,
        encoder_size: int = 0,
        encoder_dropout: float = 0.5,
        fusion_size: int | None = None,
        encoder_norm: bool = True,
        mel_norm: str = "clip",
    ) -> None:
        super().__init__()
        by_bins = check_mel_norm(mel_norm) == "global"
        norm_mels = nn.BatchNorm1d(n_mels, affine=False)
        self.mel_norm = norm_mels if by_bins else nn.Identity()
        if not filters and not encoder_size:
            raise ValueError(
                "there are neither filters nor an encoder: give filters, or "
                "encoder_size for a network on embeddings alone"
            )
        if filters and len(filters) != len(pooling):
            raise ValueError(
                f"{len(filters)} filters but {len(pooling)} poolings: give "
                "one of each per block"
            )
        self.time_pooling = time_pooling(pooling)
        mel_bins = n_mels
        for _, mel in pooling:
            mel_bins //= mel
        if mel_bins < 1:
            raise ValueError(
                f"the pooling leaves nothing of {n_mels} mel bins: pool less"
            )
        channels = [1, *filters]
        if filters:
            blocks: list[nn.Module] = [
                GatedConvBlock(
                    channels[i], channels[i + 1], pool, dropout, norm_momentum
                )
                for i, pool in enumerate(pooling)
            ]
        else:
            blocks = [nn.AvgPool2d((time, mel)) for time, mel in pooling]
        self.blocks = nn.Sequential(*blocks)
        # Channels together in memory: faster on CPUs and on tensor cores. (The
        # annotations of PyTorch lack this argument.)
        self.blocks.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        rnn_input = channels[-1] * mel_bins
        self.encoder_size = encoder_size
        if encoder_size:
            size = fusion_size or (rnn_input if filters else encoder_size)
            norm = nn.LayerNorm if encoder_norm else nn.Identity
            self.embedding_norm = norm(encoder_size)
            self.encoder_dropout = Dropout(encoder_dropout)
            self.fusion = nn.Linear(rnn_input + encoder_size, size)
            rnn_input = size
        self.rnn = nn.GRU(
            rnn_input,
            rnn_size,
            rnn_layers,
            batch_first=True,
            dropout=rnn_dropout,
            bidirectional=True,
        )
        self.dropout = Dropout(dropout)
        self.frame_head = nn.Linear(2 * rnn_size, n_classes)
        self.attention_head = nn.Linear(2 * rnn_size, n_classes)
        self.projection = nn.Linear(2 * rnn_size, embedding_dim)
        self.projection_activation = nn.LeakyReLU(0.2)

    def forward(
        self,
        features: Tensor,
        valid: Tensor | None = None,
        embeddings: Tensor | None = None,
    ) -> SEDOutput:
        """Scores and embeddings of a batch.

        Arguments
        ---------
        features : Tensor
            (B, n_mels, T), in [0, 1].
        valid : Tensor, optional
            (B, T') bool, False on padding, which then has no say in the clip
            score.
        embeddings : Tensor, optional
            (B, E, T_e) of the encoder, of any floating type; they are aligned
            to the output frames where T_e is not T'.

        Returns
        -------
        SEDOutput
            frame (B, C, T'), clip (B, C), embedding (B, T', D), in float32
            even where the rest is in half precision; T' = T // time_pooling.

        Raises
        ------
        ValueError
            If there are no embeddings of ``encoder_size``.
        """
        x = self.mel_norm(features).transpose(1, 2).contiguous()
        # With one channel both layouts are the same memory: these strides say
        # that it is the one with the channels together, which the first and
        # largest feature maps would not have otherwise.
        x = self.blocks(x.unsqueeze(-1).permute(0, 3, 1, 2))
        x = self._fuse(x.permute(0, 2, 1, 3).flatten(2), embeddings)
        x, _ = self.rnn(x)
        x = self.dropout(x)
        frame_logits = self.frame_head(x)
        attention_logits = self.attention_head(x)
        embedding = self.projection_activation(self.projection(x))
        # Scores near 0 and 1 decide, and half precision rounds them away.
        with torch.autocast(x.device.type, enabled=False):
            frame = torch.sigmoid(at_least_float32(frame_logits))
            attention = at_least_float32(attention_logits).softmax(dim=-1)
            attention = attention.clamp(1e-7, 1.0)
            if valid is not None:
                attention = attention * valid.unsqueeze(-1)
            clip = (frame * attention).sum(1) / attention.sum(1)
            embedding = at_least_float32(embedding)
            unit = nn.functional.normalize(embedding, dim=-1)
        return SEDOutput(frame.transpose(1, 2), clip, unit)

    def _fuse(self, x: Tensor, embeddings: Tensor | None) -> Tensor:
        """(B, T', D) with the encoder's embeddings, if there is one."""
        given = 0 if embeddings is None else embeddings.shape[1]
        if given != self.encoder_size:
            raise ValueError(
                f"the network reads embeddings of {self.encoder_size} numbers "
                f"(encoder_size) and was given {given or 'none'}: let "
                "frame_encoder and encoder_size belong together (null and 0 "
                "for a network without embeddings)"
            )
        if embeddings is None:
            return x
        if embeddings.shape[-1] != x.shape[1]:
            embeddings = align_embeddings(embeddings, x.shape[1])
        own = self.fusion.weight.dtype
        normed = self.embedding_norm(embeddings.transpose(1, 2).to(own))
        joined = torch.cat([x, normed.to(x.dtype)], dim=2)
        return self.fusion(self.encoder_dropout(joined))

"""The CRNN's blocks and heads, number by number."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from oracles.prototypes import unit


@torch.no_grad()
def gated_conv_block(block: nn.Module, x: Tensor) -> Tensor:
    """(B, C_in, T, F) to (B, C_out, T // p_t, F // p_f), without dropout.

    In training mode with the statistics of the batch, else with those that
    the block has gathered.
    """
    x = _convolve(x, block.conv.weight.double(), block.conv.bias.double())
    gated = torch.empty_like(x)
    norm = block.norm
    for c in range(x.shape[1]):
        mean, variance = norm.running_mean[c], norm.running_var[c]
        if block.training:
            mean = x[:, c].sum() / x[:, c].numel()
            variance = ((x[:, c] - mean) ** 2).sum() / x[:, c].numel()
        x[:, c] = (x[:, c] - mean.double()) / math.sqrt(float(variance) + 1e-3)
        x[:, c] = x[:, c] * float(norm.weight[c]) + float(norm.bias[c])
    for c in range(x.shape[1]):
        linear = torch.full_like(x[:, c], float(block.linear.bias[c]))
        for other in range(x.shape[1]):
            weight = float(block.linear.weight[c, other, 0, 0])
            linear = linear + weight * x[:, other]
        gated[:, c] = linear / (1 + torch.exp(-x[:, c]))
    return _pool(gated, *block.pool.kernel_size)


@torch.no_grad()
def blocks(network: nn.Module, x: Tensor) -> Tensor:
    """All blocks; without convolutions, means alone."""
    for block in network.blocks:
        if isinstance(block, nn.AvgPool2d):
            x = _pool(x, *block.kernel_size)
        else:
            x = gated_conv_block(block, x)
    return x


@torch.no_grad()
def fusion(network: nn.Module, x: Tensor, embeddings: Tensor) -> Tensor:
    """(B, C, T', F) and (B, E, T') to what the GRU reads, (B, T', D)."""
    norm, clips = network.embedding_norm, []
    for maps, clip in zip(x, embeddings, strict=True):
        steps = []
        for t in range(maps.shape[1]):
            numbers = clip[:, t]
            mean = numbers.sum() / len(numbers)
            variance = ((numbers - mean) ** 2).sum() / len(numbers)
            normed = (numbers - mean) / torch.sqrt(variance + 1e-5)
            normed = normed * norm.weight + norm.bias
            joined = torch.cat([maps[:, t].flatten(), normed])
            steps.append(_linear(network.fusion, joined))
        clips.append(steps)
    return torch.tensor(clips, dtype=torch.float64)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """3x3, with a border of zeros."""
    n_clips, _, n_frames, n_bins = x.shape
    bordered = torch.zeros(
        n_clips, x.shape[1], n_frames + 2, n_bins + 2, dtype=torch.float64
    )
    bordered[:, :, 1:-1, 1:-1] = x
    result = torch.zeros(
        n_clips, len(weight), n_frames, n_bins, dtype=torch.float64
    )
    for c in range(len(weight)):
        for t in range(n_frames):
            for f in range(n_bins):
                patch = bordered[:, :, t : t + 3, f : f + 3]
                products = (patch * weight[c]).sum(dim=(1, 2, 3))
                result[:, c, t, f] = products + bias[c]
    return result


def _pool(x: Tensor, over_time: int, over_mel: int) -> Tensor:
    """Means of what lies side by side; a rest is left out."""
    n_frames, n_bins = x.shape[2] // over_time, x.shape[3] // over_mel
    pooled = torch.empty(*x.shape[:2], n_frames, n_bins, dtype=torch.float64)
    for t in range(n_frames):
        for f in range(n_bins):
            square = x[
                :,
                :,
                t * over_time : (t + 1) * over_time,
                f * over_mel : (f + 1) * over_mel,
            ]
            pooled[:, :, t, f] = square.mean(dim=(2, 3))
    return pooled


@torch.no_grad()
def heads(
    network: nn.Module, hidden: Tensor, valid: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(B, T', H) outputs of the GRU to frame, clip and embedding."""
    frames, clips, embeddings = [], [], []
    for i, clip in enumerate(hidden):
        scores = [_sigmoids(network.frame_head, step) for step in clip]
        weights = [_attention(network.attention_head, step) for step in clip]
        audible = [
            t for t in range(len(clip)) if valid is None or bool(valid[i, t])
        ]
        clips.append(
            [
                sum(scores[t][c] * weights[t][c] for t in audible)
                / sum(weights[t][c] for t in audible)
                for c in range(len(scores[0]))
            ]
        )
        frames.append(scores)
        embeddings.append(
            torch.stack([_embedding(network.projection, step) for step in clip])
        )
    frame = torch.tensor(frames, dtype=torch.float64).transpose(1, 2)
    clip = torch.tensor(clips, dtype=torch.float64)
    return frame, clip, torch.stack(embeddings)


def _linear(layer: nn.Linear, step: Tensor) -> list[float]:
    return [
        sum(float(w) * float(x) for w, x in zip(row, step, strict=True))
        + float(bias)
        for row, bias in zip(layer.weight, layer.bias, strict=True)
    ]


def _sigmoids(layer: nn.Linear, step: Tensor) -> list[float]:
    return [1 / (1 + math.exp(-x)) for x in _linear(layer, step)]


def _attention(layer: nn.Linear, step: Tensor) -> list[float]:
    """Softmax over the classes, clamped to [1e-7, 1]."""
    powers = [math.exp(x) for x in _linear(layer, step)]
    return [min(max(power / sum(powers), 1e-7), 1.0) for power in powers]


def _embedding(layer: nn.Linear, step: Tensor) -> Tensor:
    """LeakyReLU 0.2, then length 1."""
    leaky = [x if x > 0 else 0.2 * x for x in _linear(layer, step)]
    return unit(torch.tensor(leaky, dtype=torch.float64))

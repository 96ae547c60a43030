"""The other augmentations, clip by clip and number by number."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def frame_shift(values: Tensor, shifts: list[int], circle: int) -> Tensor:
    """Step by step, in a circle; the steps behind it stay."""
    shifted = values.clone()
    for clip, shift in enumerate(shifts):
        for step in range(circle):
            target = (step + shift) % circle
            shifted[clip, ..., target] = values[clip, ..., step]
    return shifted


def time_mask(values: Tensor, spans: list[range]) -> Tensor:
    """Clip by clip, step by step."""
    masked = values.clone()
    for clip, span in enumerate(spans):
        for step in span:
            masked[clip, ..., step] = 0
    return masked


def filter_curve(edges: list[int], gains: list[float], kind: str) -> Tensor:
    """Band by band: (F,) dB from the gains of bands, or of edges."""
    parts = []
    for band, (first, after) in enumerate(
        zip(edges[:-1], edges[1:], strict=True)
    ):
        start = gains[band]
        stop = gains[band + 1] if kind == "linear" else start
        parts.append(
            torch.linspace(start, stop, after - first, dtype=torch.float64)
        )
    return torch.cat(parts)


def filtered(mels: Tensor, decibels: Tensor) -> Tensor:
    """Bin by bin: 6.02 dB double a magnitude."""
    result = mels.clone()
    for clip in range(len(mels)):
        for mel in range(mels.shape[-2]):
            factor = math.pow(10.0, float(decibels[clip, mel]) / 20.0)
            result[clip, ..., mel, :] = mels[clip, ..., mel, :] * factor
    return result


def frequency_warp(
    mels: Tensor, starts: list[int], heights: list[int]
) -> Tensor:
    """Crops a clip and has PyTorch resize it, its corners on corners."""
    warped = []
    for clip, start, height in zip(mels, starts, heights, strict=True):
        crop = clip[start : start + height]
        warped.append(
            torch.nn.functional.interpolate(
                crop[None, None],
                size=clip.shape,
                mode="bilinear",
                align_corners=True,
            )[0, 0]
        )
    return torch.stack(warped)


def noisy(
    values: Tensor, noise: Tensor, snrs: list[float], lengths: list[int]
) -> Tensor:
    """Clip by clip, over the steps that hold sound."""
    result = values.clone()
    for clip, (snr, length) in enumerate(zip(snrs, lengths, strict=True)):
        sound = values[clip, ..., :length]
        added = noise[clip, ..., :length]
        loudness = sum(x * x for x in sound.flatten().tolist())
        power = sum(x * x for x in added.flatten().tolist())
        if loudness > 0 and power > 0:
            wanted = loudness / math.pow(10.0, snr / 10.0)
            scale = math.sqrt(wanted / power)
            result[clip, ..., :length] = sound + scale * added
    return result

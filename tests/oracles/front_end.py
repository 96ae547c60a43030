"""The front end of one clip: explicit DFT, triangles, levels, min-max."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def log_mel(
    wav: Tensor,
    sample_rate: int,
    n_fft: int,
    hop: int,
    n_mels: int,
    f_max: float,
    valid: list[bool] | None = None,
) -> Tensor:
    """(N,) samples to (n_mels, N // hop + 1) levels in [0, 1]."""
    mels = mel_magnitudes(wav, sample_rate, n_fft, hop, n_mels, f_max)
    return levels(mels, valid)


def mel_magnitudes(
    wav: Tensor,
    sample_rate: int,
    n_fft: int,
    hop: int,
    n_mels: int,
    f_max: float,
) -> Tensor:
    """(N,) samples to (n_mels, N // hop + 1) magnitudes."""
    wav = wav.double()
    half = n_fft // 2
    # Reflection without repeating the edge sample.
    padded = [wav[half - i] for i in range(half)] + list(wav)
    padded += [wav[len(wav) - 2 - i] for i in range(half)]
    padded = torch.stack(padded)
    n = torch.arange(n_fft, dtype=torch.float64)
    window = 0.54 - 0.46 * torch.cos(2 * math.pi * n / (n_fft - 1))
    bins = torch.arange(half + 1, dtype=torch.float64)
    angle = 2 * math.pi * bins.unsqueeze(1) * n / n_fft
    cosine, sine = torch.cos(angle), torch.sin(angle)
    frames = []
    for start in range(0, len(wav) + 1, hop):
        part = padded[start : start + n_fft] * window
        real, imaginary = cosine @ part, sine @ part
        frames.append(torch.sqrt(real**2 + imaginary**2))
    magnitudes = torch.stack(frames, dim=1)
    return _triangles(sample_rate, n_fft, n_mels, f_max) @ magnitudes


def levels(mels: Tensor, valid: list[bool] | None = None) -> Tensor:
    """(n_mels, T) magnitudes to levels in [0, 1]; padding is 0."""
    valid = [True] * mels.shape[1] if valid is None else valid
    decibels = [
        [min(max(20 * math.log10(max(float(m), 1e-5)), -50), 80) for m in row]
        for row in mels
    ]
    audible = [
        level
        for row in decibels
        for level, here in zip(row, valid, strict=True)
        if here
    ]
    low, high = min(audible), max(audible)
    scaled = [
        [
            (level - low) / (high - low + 1e-8) if here else 0.0
            for level, here in zip(row, valid, strict=True)
        ]
        for row in decibels
    ]
    return torch.tensor(scaled, dtype=torch.float64)


def _triangles(
    sample_rate: int, n_fft: int, n_mels: int, f_max: float
) -> Tensor:
    """(n_mels, n_fft // 2 + 1) weights, evenly spaced on HTK's mel scale."""

    def to_mel(hertz: float) -> float:
        return 2595 * math.log10(1 + hertz / 700)

    def to_hertz(mel: float) -> float:
        return 700 * (10 ** (mel / 2595) - 1)

    edges = [
        to_hertz(to_mel(f_max) * i / (n_mels + 1)) for i in range(n_mels + 2)
    ]
    filters = torch.zeros(n_mels, n_fft // 2 + 1, dtype=torch.float64)
    for m in range(n_mels):
        left, center, right = edges[m : m + 3]
        for b in range(n_fft // 2 + 1):
            hertz = b * sample_rate / n_fft
            rising = (hertz - left) / (center - left)
            falling = (right - hertz) / (right - center)
            filters[m, b] = max(0.0, min(rising, falling))
    return filters

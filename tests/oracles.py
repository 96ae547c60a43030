"""Slow, obvious versions of the method, written from its equations."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def ramp(step: int, length: int) -> float:
    """r(n) = exp(-5 (1 - min(n, N) / N)^2)."""
    return math.exp(-5 * (1 - min(step, length) / length) ** 2)


def moving_average(states: list[float], decay: float) -> float:
    """The teacher after following the student through some states."""
    teacher = 0.0
    for n, state in enumerate(states):
        alpha = min(1 - 1 / (n + 1), decay)
        teacher = alpha * teacher + (1 - alpha) * state
    return teacher


def cutmix(
    values: Tensor, starts: list[int], lengths: list[int], partners: list[int]
) -> Tensor:
    """Clip by clip, step by step, along the last dimension."""
    mixed = values.clone()
    for clip, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        for step in range(start, start + length):
            mixed[clip, ..., step] = values[partners[clip], ..., step]
    return mixed


def frame_classes(labels: list[float], threshold: float) -> list[int]:
    """Classes of one frame; the last one is the background."""
    classes = [c for c, label in enumerate(labels) if label >= threshold]
    if max(labels) <= 1 - threshold:
        classes.append(len(labels))
    return classes


def unit(vector: Tensor) -> Tensor:
    """A vector of length 1."""
    return vector / max(math.sqrt(float((vector * vector).sum())), 1e-12)


def bank_update(
    prototypes: Tensor,
    active: Tensor,
    embedding: Tensor,
    labels: Tensor,
    momentum: float,
    threshold: float,
) -> tuple[Tensor, Tensor]:
    """One step of the prototypes' life, frame by frame."""
    n_classes, n_prototypes, _ = prototypes.shape
    new, new_active = prototypes.clone(), active.clone()
    for c in range(n_classes):
        members = [
            frame
            for frame, label in zip(embedding, labels, strict=True)
            if c in frame_classes(label.tolist(), threshold)
        ]
        followers: dict[int, list[Tensor]] = {}
        living = [k for k in range(n_prototypes) if active[c, k]]
        for frame in members:
            if living:
                best = max(
                    living, key=lambda k: float(frame @ prototypes[c, k])
                )
                followers.setdefault(best, []).append(frame)
        for k, frames in followers.items():
            mean = sum(frames) / len(frames)
            new[c, k] = unit(
                momentum * prototypes[c, k] + (1 - momentum) * mean
            )
        sleeping = [k for k in range(n_prototypes) if not active[c, k]]
        if members and sleeping:
            new[c, sleeping[0]] = unit(sum(members))
            new_active[c, sleeping[0]] = True
    return new, new_active


def contrast_loss(
    embedding: Tensor,
    student: Tensor,
    teacher: Tensor,
    prototypes: Tensor,
    temperature: float,
    high: float,
    low: float,
    candidates: list[bool] | None = None,
) -> tuple[float, int]:
    """The prototype contrast, anchor by anchor; its value and the anchors."""
    losses = []
    for i, frame in enumerate(embedding):
        said = [*teacher[i].tolist(), 1 - float(teacher[i].max())]
        heard = [*student[i].tolist(), 1 - float(student[i].max())]
        positive = [c for c, score in enumerate(said) if score > high]
        is_anchor = any(heard[c] < low for c in positive)
        if not is_anchor or (candidates is not None and not candidates[i]):
            continue
        logits = [
            max(float(frame @ p) for p in of_class) / temperature
            for of_class in prototypes
        ]
        top = max(logits)
        log_sum = top + math.log(sum(math.exp(x - top) for x in logits))
        losses.append(
            -sum(logits[c] - log_sum for c in positive) / len(positive)
        )
    if not losses:
        return 0.0, 0
    return sum(losses) / len(losses), len(losses)


def log_mel(
    wav: Tensor,
    sample_rate: int,
    n_fft: int,
    hop: int,
    n_mels: int,
    f_max: float,
) -> Tensor:
    """The front end of one clip: explicit DFT, triangles, levels, min-max."""
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
    frames = []
    for start in range(0, len(wav) + 1, hop):
        part = padded[start : start + n_fft] * window
        real, imaginary = torch.cos(angle) @ part, torch.sin(angle) @ part
        frames.append(torch.sqrt(real**2 + imaginary**2))
    magnitudes = torch.stack(frames, dim=1)

    def to_mel(hertz: float) -> float:
        return 2595 * math.log10(1 + hertz / 700)

    def to_hertz(mel: float) -> float:
        return 700 * (10 ** (mel / 2595) - 1)

    edges = [
        to_hertz(to_mel(f_max) * i / (n_mels + 1)) for i in range(n_mels + 2)
    ]
    filters = torch.zeros(n_mels, half + 1, dtype=torch.float64)
    for m in range(n_mels):
        left, centre, right = edges[m : m + 3]
        for b in range(half + 1):
            hertz = b * sample_rate / n_fft
            rising = (hertz - left) / (centre - left)
            falling = (right - hertz) / (right - centre)
            filters[m, b] = max(0.0, min(rising, falling))
    mels = filters @ magnitudes
    levels = (20 * torch.log10(mels.clamp_min(1e-5))).clamp(-50, 80)
    low, high = levels.min(), levels.max()
    return (levels - low) / (high - low + 1e-8)

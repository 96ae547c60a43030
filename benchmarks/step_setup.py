"""The experiment that a measured step belongs to, and a batch for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from hyperpyyaml import load_hyperpyyaml
from torch.nn.functional import interpolate, normalize

from lgc_plugin.lgc import LGC
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.types import LabelKind, SEDBatch
from lgc_plugin.utils.hparams import read_plain

_HPARAMS = Path(__file__).resolve().parents[1] / "hparams"
PROFILES = ("paper", "mini")
_N_CLASSES = 10
# An untrained network gives scores of a half: no frame would have a class,
# none would be an anchor. With louder logits, most of them low, there are
# frames of all classes and of the background, and some hundred anchors.
_LOGIT_GAIN = 30.0
_LOGIT_BIAS = -6.0


def load_hparams(
    profile: str, overrides: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the recipe makes of its YAML files, without its logs."""
    merged = {
        "labels": [f"class {i}" for i in range(_N_CLASSES)],
        # They write files.
        "checkpointer": None,
        "train_logger": None,
        "tensorboard_logger": None,
    }
    if profile == "mini":
        merged.update(read_plain(_HPARAMS / "mini.yaml", {}))
    merged.update(overrides or {})
    with open(_HPARAMS / "lgc.yaml", encoding="utf-8") as stream:
        hparams = load_hyperpyyaml(stream, merged)
    set_late_stage(hparams["model"], hparams["lgc"])
    return hparams


@torch.no_grad()
def set_late_stage(student: CRNN, lgc: LGC) -> None:
    """As late in a training: confident scores, and random prototypes."""
    for network in (student, lgc.teacher.network):
        network.frame_head.weight.mul_(_LOGIT_GAIN)
        network.frame_head.bias.fill_(_LOGIT_BIAS)
    bank = lgc.bank
    bank.prototypes.copy_(normalize(torch.randn_like(bank.prototypes), dim=-1))
    bank.active.fill_(True)
    bank.initialized = True


def random_batch(
    hparams: Mapping[str, Any],
    device: str,
    shrink: int = 1,
    seed: int = 0,
) -> SEDBatch:
    """Noise of varying loudness with random events."""
    sizes = {
        kind: max(1, hparams["batch_sizes"][name] // shrink)
        for kind, name in (
            (LabelKind.STRONG, "strong"),
            (LabelKind.WEAK, "weak"),
            (LabelKind.NONE, "unlabeled"),
        )
    }
    kinds = torch.tensor([int(k) for k, n in sizes.items() for _ in range(n)])
    n_clips = len(kinds)
    encoder = hparams["encoder"]
    n_samples = round(hparams["clip_seconds"] * hparams["sample_rate"])
    n_frames = (n_samples // encoder.hop_length + 1) // encoder.pooling
    generator = torch.Generator().manual_seed(seed)
    loudness = torch.rand(n_clips, 1, 20, generator=generator)
    noise = torch.randn(n_clips, n_samples, generator=generator)
    wavs = noise * interpolate(loudness, n_samples, mode="linear").squeeze(1)

    shape = (n_clips, hparams["n_classes"], 1)
    onset, length, there = torch.rand(3, *shape, generator=generator)
    time = torch.arange(n_frames) / n_frames
    labels = (time >= onset) & (time < onset + length / 2) & (there < 0.2)
    strong = (kinds == LabelKind.STRONG).view(-1, 1, 1)
    labeled = (kinds != LabelKind.NONE).view(-1, 1)
    clip_labels = labels.any(dim=2) & labeled
    return SEDBatch(
        kinds.to(device),
        frame_labels=(labels & strong).float().to(device),
        clip_labels=clip_labels.float().to(device),
        wavs=(6000 * wavs).clamp(-32768, 32767).short().to(device),
        n_samples=torch.full((n_clips,), n_samples).to(device),
        ids=tuple(str(i) for i in range(n_clips)),
        kinds=tuple(kinds.tolist()),
        padded=False,
    )

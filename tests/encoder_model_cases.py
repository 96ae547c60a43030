"""A detector that reads embeddings of a pretrained encoder, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from lgc_plugin.inference.model.model_encoder import (
    describe_encoder,
    register_encoder,
)
from lgc_plugin.inference.model.model_settings import ModelSettings
from model_cases import small_settings
from tiny_encoder import TinyEncoder


class SavedEncoder(TinyEncoder):
    """The tiny encoder, with its weights in a file."""

    def __init__(
        self, weights: str, size: int = 6, sample_rate: int = 16000
    ) -> None:
        super().__init__(size, sample_rate=sample_rate)
        state = torch.load(weights, weights_only=True)
        self.weight.data.copy_(state["weight"])
        self.freeze({})


SAVED = register_encoder(SavedEncoder)


def save_weights(file: Path, seed: int = 1) -> Path:
    """Writes weights for a :class:`SavedEncoder`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(TinyEncoder(seed=seed).state_dict(), file)
    return file


def encoder_settings(weights: Path, **changes: Any) -> ModelSettings:
    """The settings of a small detector whose encoder has these weights."""
    entry = describe_encoder(
        SAVED, {"weights": str(weights)}, SavedEncoder(str(weights)).fingerprint
    )
    plain = small_settings()
    options = {
        "network": {**plain.network, "encoder_size": 6, "fusion_size": 7},
        "frame_encoder": entry,
    }
    return small_settings(**{**options, **changes})

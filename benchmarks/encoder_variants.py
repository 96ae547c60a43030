"""The encoders that are measured, and random weights of their size."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from harness import HERE

_YAMNET_CHANNELS = [32, 64, 128, 128, 256, 256, *6 * [512], 1024, 1024]
_YAMNET_CLASSES = 521
# As in the checkpoints BEATs_iter1 to BEATs_iter3+.
_BEATS = {
    "deep_norm": True,
    "gru_rel_pos": True,
    "relative_position_embedding": True,
    "num_buckets": 320,
    "max_distance": 800,
}


@dataclass(frozen=True)
class Variant:
    """An encoder with its settings."""

    name: str
    title: str
    #: In lgc_plugin.models.encoders
    encoder: str
    #: Writes random weights into a folder; returns what the encoder reads
    draw: Callable[[Path], Path]
    settings: dict[str, Any] = field(default_factory=dict)

    def make(self, weights: Path | None, folder: Path) -> Any:
        """The encoder, with random weights where none are given."""
        from lgc_plugin.models import encoders

        if weights is None:
            weights = self.draw(folder)
        return getattr(encoders, self.encoder)(str(weights), **self.settings)


def _draw_yamnet(folder: Path) -> Path:
    sys.path.append(str(HERE.parent / "tests"))
    from yamnet_files import random_weights, write_keras

    weights = random_weights(0, _YAMNET_CHANNELS, _YAMNET_CLASSES)
    return write_keras(folder / "yamnet.h5", weights)


def _draw_beats(folder: Path) -> Path:
    import torch
    from speechbrain.lobes.models import beats

    with patch.object(
        beats, "BEATsConfig", return_value=beats.BEATsConfig(_BEATS)
    ):
        network = beats.BEATs(freeze=True)
    path = folder / "beats.pt"
    torch.save({"cfg": _BEATS, "model": network.state_dict()}, path)
    return path


def _draw_wav2vec2(folder: Path) -> Path:
    import transformers

    config = transformers.Wav2Vec2Config()
    transformers.Wav2Vec2Model(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def _draw_ast(folder: Path) -> Path:
    import transformers

    config = transformers.ASTConfig()
    transformers.ASTModel(config).save_pretrained(folder)
    transformers.ASTFeatureExtractor().save_pretrained(folder)
    return folder


VARIANTS = (
    Variant("yamnet", "YAMNet, layer 8", "YAMNet", _draw_yamnet),
    Variant(
        "yamnet_patches",
        "YAMNet, patches every 128 ms",
        "YAMNet",
        _draw_yamnet,
        {"layer": "patches", "hop_seconds": 0.128},
    ),
    Variant("beats", "BEATs", "BEATs", _draw_beats),
    Variant(
        "wav2vec2", "wav2vec 2.0, base", "TransformersEncoder", _draw_wav2vec2
    ),
    Variant("ast", "AST", "TransformersEncoder", _draw_ast),
)

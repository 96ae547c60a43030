"""BEATs, a transformer on patches of a log mel spectrogram."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from lgc_plugin.models.encoders.checkpoint import (
    first_sentence,
    fold_weight_norm,
    read_checkpoint,
)
from lgc_plugin.models.encoders.frame_encoder import FrameEncoder

_HOP, _WINDOW = 160, 400  # samples of the log mel frames, at 16 kHz
_BANDS = 128


class BEATs(FrameEncoder):
    """Frame embeddings of a BEATs checkpoint, through SpeechBrain's class.

    The spectrogram of 128 bands every 10 ms is cut into patches of 16 x 16,
    so that 10 seconds become 62 times of 8 frequency patches each, one token a
    patch. The tokens of a time are averaged: frames of 160 ms.

    The waveform is padded with zeros on both sides, 7.5 ms before its start, so
    that the windows of 25 ms put the middle of each frame where
    :class:`FrameEncoder` says, and so that the last frame covers the end.

    Source: Chen et al., "BEATs: Audio Pre-Training with Acoustic Tokenizers",
    ICML 2023. The checkpoints are those of Microsoft's ``unilm`` repository,
    pretrained or fine-tuned; the class scores of a fine-tuned one are left out.

    Arguments
    ---------
    weights : str
        The ``.pt`` file.
    layer : int, optional
        The transformer layer whose output is taken, from 1; later ones are
        not computed. None: the last.
    sample_rate : int
        Samples per second of the waveforms it is given.

    Raises
    ------
    ValueError
        The file is damaged or no checkpoint of BEATs, or there is no such
        layer.

    Example
    -------
    >>> from speechbrain.lobes.models import beats
    >>> config = {
    ...     "encoder_layers": 2, "encoder_embed_dim": 16, "embed_dim": 8,
    ...     "encoder_ffn_embed_dim": 16, "encoder_attention_heads": 2,
    ... }
    >>> with patch.object(
    ...     beats, "BEATsConfig", return_value=beats.BEATsConfig(config)
    ... ):
    ...     model = beats.BEATs().state_dict()
    >>> file = getfixture("tmp_path") / "beats.pt"
    >>> torch.save({"cfg": config, "model": model}, file)
    >>> encoder = BEATs(file, layer=1)
    >>> encoder.size, encoder(torch.randn(1, 16000)).shape
    (16, torch.Size([1, 16, 7]))
    """

    def __init__(
        self,
        weights: str | Path,
        layer: int | None = None,
        sample_rate: int = 16000,
    ) -> None:
        network = _read_network(weights)
        blocks = network.encoder.layers
        if layer is not None and not 1 <= layer <= len(blocks):
            raise ValueError(
                f"layer: {layer}, but {weights} has layers 1 to {len(blocks)}"
            )
        if layer is not None:
            del blocks[layer:]
        for block in blocks[1:]:
            # The first one's, which is not read there.
            block.self_attn.relative_attention_bias = None
        network.encoder.layer_wise_gradient_decay_ratio = 1.0
        self._patch = int(network.cfg.input_patch_size)
        super().__init__(
            size=int(network.cfg.encoder_embed_dim),
            frame_seconds=self._patch * _HOP / 16000,
            sample_rate=sample_rate,
        )
        self.network = fold_weight_norm(network)
        self.freeze({"layer": layer}, [weights])

    def layers(self) -> list[nn.Module]:
        """The transformer layers."""
        return list(self.network.encoder.layers)

    def encode(self, wavs: Tensor) -> Tensor:
        """(B, N) waveforms at 16 kHz to (B, E, T_e) embeddings."""
        step = self._patch * _HOP
        n_frames = max(1, math.ceil(wavs.shape[1] / step))
        around = _WINDOW - _HOP
        missing = n_frames * step - wavs.shape[1]
        wavs = nn.functional.pad(wavs, (around // 2, around // 2 + missing))
        network = self.network
        # In half precision the spectrogram would be another one.
        with torch.autocast(wavs.device.type, enabled=False):
            mels = network.preprocess(wavs.float())
        # Its own `forward` wants lengths, for a mask that nothing here needs.
        patches = network.patch_embedding(mels.unsqueeze(1))
        tokens = network.layer_norm(patches.flatten(2).transpose(1, 2))
        if network.post_extract_proj is not None:
            tokens = network.post_extract_proj(tokens)
        tokens = network.encoder(network.dropout_input(tokens))[0]
        return tokens.unflatten(1, (n_frames, -1)).mean(dim=2).transpose(1, 2)


def _read_network(path: str | Path) -> Any:
    """SpeechBrain's network with the weights of a file."""
    from speechbrain.lobes.models import beats

    checkpoint = read_checkpoint(path, "BEATs")
    config, state = checkpoint.get("cfg"), checkpoint.get("model")
    if not isinstance(config, dict) or not isinstance(state, dict):
        raise ValueError(
            f"{path}: not a checkpoint of BEATs: it has no 'cfg' and 'model' "
            f"but {', '.join(sorted(map(str, checkpoint))[:6])}"
        )
    try:
        # Its class takes a configuration only from a file that it reads itself,
        # onto the device that the weights were saved on.
        with (
            torch.random.fork_rng(devices=[]),
            patch.object(
                beats, "BEATsConfig", return_value=beats.BEATsConfig(config)
            ),
        ):
            network = beats.BEATs(freeze=False)
        network.load_state_dict(state)
    except Exception as error:  # settings of a stranger can be anything
        raise ValueError(
            f"{path}: not a checkpoint of BEATs that SpeechBrain's class can "
            f"load ({first_sentence(error)})"
        ) from error
    return network

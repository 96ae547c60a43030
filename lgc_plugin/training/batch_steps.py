"""From a batch of the loader to what the networks read."""

from __future__ import annotations

from typing import Any

import torch

from lgc_plugin.models.encoders import with_embeddings
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import SEDBatch


def prepare_batch(
    batch: SEDBatch,
    hparams: Any,
    front_end: LogMel,
    device: torch.device | str,
    augment: bool,
) -> SEDBatch:
    """Moves a batch to the device, makes its mels, and may augment it.

    ``hparams`` holds what :class:`~lgc_plugin.training.brain.LGCBrain` reads.
    Stored embeddings are those of the waveforms as they are, so they are
    aligned first, and change with the waveforms as far as a step changes them;
    others are computed of the changed waveforms.
    """
    encoder, steps = hparams.encoder, hparams if augment else None
    batch = batch.to(device)
    if batch.embeddings is not None:
        batch = _with_embeddings(batch, hparams)
    for step in getattr(steps, "wav_augmentations", ()):
        batch = step(batch)
    if batch.embeddings is None:
        batch = _with_embeddings(batch, hparams)
    mels = front_end.mel(batch.wavs)
    batch = batch.with_features(mels, encoder.pooling, encoder.frame_samples)
    for step in getattr(steps, "augmentations", ()):
        batch = step(batch)
    return batch


def _with_embeddings(batch: SEDBatch, hparams: Any) -> SEDBatch:
    """The batch with those of its output frames, if there is an encoder."""
    encoder = hparams.encoder
    n_mel_frames = batch.wavs.shape[1] // encoder.hop_length + 1
    return with_embeddings(
        batch,
        getattr(hparams, "frame_encoder", None),
        n_mel_frames // encoder.pooling,
        encoder.frame_seconds,
    )

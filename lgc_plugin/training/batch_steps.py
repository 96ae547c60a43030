"""From a batch of the loader to what the networks read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from lgc_plugin.models.encoders import EncoderInLoop, with_embeddings
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import SEDBatch


def prepare_batch(
    batch: SEDBatch,
    hparams: Any,
    front_end: LogMel,
    device: torch.device | str,
    augment: bool,
    in_loop: EncoderInLoop | None = None,
) -> SEDBatch:
    """Moves a batch to the device, makes its mels, and may augment it.

    ``hparams`` holds what :class:`~lgc_plugin.training.brain.LGCBrain` reads.
    Stored embeddings are those of the waveforms as they are, so they are
    aligned first, and change with the waveforms as far as a step changes them;
    others are computed of the changed waveforms.

    With an encoder in the loop, all steps change the waveforms. Where nothing
    of it learns, student and teacher share what it gives for the batch; else
    each network computes its own.
    """
    encoder, steps = hparams.encoder, hparams if augment else None
    batch = batch.to(device)
    if batch.embeddings is not None:
        batch = _with_embeddings(batch, hparams)
    for step in getattr(steps, "wav_augmentations", ()):
        batch = step(batch)
    if batch.embeddings is None and in_loop is None:
        batch = _with_embeddings(batch, hparams)
    mels = front_end.mel(batch.wavs)
    batch = batch.with_features(
        mels,
        encoder.pooling,
        encoder.frame_samples,
        keep_wavs=in_loop is not None,
    )
    for step in getattr(steps, "augmentations", ()):
        batch = step(batch)
    if in_loop is not None and not in_loop.layers:
        with torch.no_grad():
            batch = replace(batch, embeddings=in_loop(batch))
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

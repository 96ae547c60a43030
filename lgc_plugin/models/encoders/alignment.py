"""Frame embeddings at the rate of a network's output frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import pad

from lgc_plugin.types import SEDBatch

if TYPE_CHECKING:  # a network without an encoder need not load one
    from lgc_plugin.models.encoders.frame_encoder import FrameEncoder


def align_embeddings(
    embeddings: Tensor,
    n_frames: int,
    ratio: float | None = None,
    first_middle: float = 0.5,
) -> Tensor:
    """Frame embeddings as those of T' output frames, aligned in time.

    Embedding j stands for the time from j to j + 1 of its own frames, whose
    middle it has; so do output frames. Output frame t is a mean of the
    embeddings around its middle, with weights
    ``max(0, 1 - |(t + 0.5) r - m - j| / max(1, r))``: linear interpolation
    where output frames are shorter than the encoder's (r <= 1), smoothing by a
    triangle where they are longer. Nothing waits for the device.

    Arguments
    ---------
    embeddings : Tensor
        (B, E, T_e), of any floating type.
    n_frames : int
        T', output frames.
    ratio : float, optional
        r: length of an output frame over that of an embedding's; None:
        T_e / T', as if both had the same total length.
    first_middle : float
        m: middle of embedding 0, in frames of the encoder. Another than 0.5
        is for outputs that are not yet where embeddings must be.

    Returns
    -------
    Tensor
        (B, E, T') float32.

    Example
    -------
    >>> align_embeddings(torch.tensor([[[0.0, 1.0]]]), 4, 0.5).tolist()
    [[[0.0, 0.25, 0.75, 1.0]]]
    """
    n_embeddings = embeddings.shape[-1]
    if ratio is None:
        ratio = n_embeddings / n_frames
    device = embeddings.device
    middle = (torch.arange(n_frames, device=device) + 0.5) * ratio
    # Past the last embedding, its value stays.
    middle = (middle - first_middle).clamp(0, n_embeddings - 1).unsqueeze(1)
    distance = (middle - torch.arange(n_embeddings, device=device)).abs()
    weights = (1.0 - distance / max(1.0, ratio)).clamp_min(0.0)
    weights = weights / weights.sum(dim=1, keepdim=True)
    with torch.autocast(device.type, enabled=False):
        return embeddings.float() @ weights.T


def embeddings_for(
    encoder: FrameEncoder,
    wavs: Tensor,
    lengths: Sequence[int] | None,
    n_frames: int,
    frame_seconds: float,
) -> Tensor:
    """Embeddings of waveforms, at the output frames of a network.

    Arguments
    ---------
    encoder : FrameEncoder
        Computes them.
    wavs : Tensor
        (B, N) samples, on the encoder's device.
    lengths : Sequence[int], optional
        Samples of each clip before padding; None: no clip is padded.
    n_frames : int
        T', output frames.
    frame_seconds : float
        Length of an output frame.

    Returns
    -------
    Tensor
        (B, E, T') float32.

    Example
    -------
    >>> from lgc_plugin.models.encoders import FrameEncoder
    >>> class Mean(FrameEncoder):
    ...     def encode(self, wavs):
    ...         return self.fill(wavs).view(len(wavs), 1, -1, 1600).mean(3)
    >>> encoder = Mean(1, 0.1)
    >>> wavs = torch.cat([torch.zeros(1, 1600), torch.ones(1, 1600)], dim=1)
    >>> embeddings_for(encoder, wavs, None, 4, 0.05).tolist()
    [[[0.0, 0.25, 0.75, 1.0]]]
    """
    embeddings = encoder.embed(wavs, lengths)
    ratio = frame_seconds / encoder.frame_seconds
    return align_embeddings(embeddings, n_frames, ratio)


def with_embeddings(
    batch: SEDBatch,
    encoder: FrameEncoder | None,
    n_frames: int,
    frame_seconds: float,
) -> SEDBatch:
    """A batch of waveforms with the embeddings of its output frames.

    Those that it brings along are aligned, else they are computed.

    Arguments
    ---------
    batch : SEDBatch
        With ``wavs``, on the encoder's device.
    encoder : FrameEncoder, optional
        None: embeddings that it brings along span the whole clips; without
        any, the batch stays as it is.
    n_frames : int
        T', output frames.
    frame_seconds : float
        Length of an output frame.

    Returns
    -------
    SEDBatch
        Its ``embeddings`` are (B, E, T') float32.

    Example
    -------
    >>> stored = torch.tensor([[[0.0, 1.0]]])
    >>> batch = SEDBatch(torch.tensor([0]), embeddings=stored)
    >>> with_embeddings(batch, None, 4, 0.064).embeddings.tolist()
    [[[0.0, 0.25, 0.75, 1.0]]]
    """
    embeddings = batch.embeddings
    if embeddings is None:
        if encoder is None:
            return batch
        aligned = embeddings_for(
            encoder, batch.wavs, batch.wav_lengths, n_frames, frame_seconds
        )
    elif encoder is None:
        aligned = align_embeddings(embeddings, n_frames)
    else:
        # As many as the encoder gives for the whole batch, 0 on padding.
        missing = encoder.n_frames(batch.wavs.shape[1]) - embeddings.shape[-1]
        ratio = frame_seconds / encoder.frame_seconds
        padded = pad(embeddings, (0, max(0, missing)))
        aligned = align_embeddings(padded, n_frames, ratio)
    return replace(batch, embeddings=aligned)

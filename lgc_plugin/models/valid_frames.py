"""Which frames of a padded batch hold sound."""

from __future__ import annotations

import torch
from torch import Tensor


def count_valid(n_samples: Tensor, frame_samples: int, n_frames: int) -> Tensor:
    """Output frames that hold sound, for a whole batch.

    Arguments
    ---------
    n_samples : Tensor
        (B,) samples of each clip before padding.
    frame_samples : int
        Samples per output frame.
    n_frames : int
        Output frames per clip, T'.

    Returns
    -------
    Tensor
        (B,) between 1 and T'; a frame that sound only touches counts.

    Example
    -------
    >>> count_valid(torch.tensor([0, 1025, 99999]), 1024, 15).tolist()
    [1, 2, 15]
    """
    frames = -(-n_samples // frame_samples)
    return frames.clamp(1, n_frames)


def frame_mask(n_valid: Tensor, n_frames: int) -> Tensor:
    """True on frames that hold sound, False on padding.

    Arguments
    ---------
    n_valid : Tensor
        (B,) output frames that hold sound.
    n_frames : int
        Output frames per clip, T'.

    Returns
    -------
    Tensor
        (B, T') bool.

    Example
    -------
    >>> frame_mask(torch.tensor([1, 3]), 3).tolist()
    [[True, False, False], [True, True, True]]
    """
    time = torch.arange(n_frames, device=n_valid.device)
    return time < n_valid.unsqueeze(1)


def upsample_mask(valid: Tensor, n_mel_frames: int, pooling: int) -> Tensor:
    """The same mask at the rate of the mel frames.

    Arguments
    ---------
    valid : Tensor
        (B, T') bool.
    n_mel_frames : int
        Mel frames per clip, T.
    pooling : int
        Mel frames per output frame.

    Returns
    -------
    Tensor
        (B, T) bool; the rest behind T' * pooling is as the last frame.

    Example
    -------
    >>> upsample_mask(torch.tensor([[True, False]]), 5, 2).tolist()
    [[True, True, False, False, False]]
    """
    time = torch.arange(n_mel_frames, device=valid.device) // pooling
    return valid[:, time.clamp_max(valid.shape[1] - 1)]

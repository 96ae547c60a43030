"""What a network says of windows of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from lgc_plugin.utils.time_axis import (
    count_valid,
    frame_mask,
    upsample_mask,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lgc_plugin.models.features import LogMel
    from lgc_plugin.types import SEDOutput


def run_on_windows(
    front_end: LogMel,
    network: nn.Module,
    wavs: Tensor,
    n_samples: Tensor,
    pooling: int,
) -> SEDOutput:
    """Scores of padded windows, as the test of a recipe gives them for clips.

    Arguments
    ---------
    front_end : LogMel
        Waveforms to features.
    network : nn.Module
        Features to scores.
    wavs : Tensor
        (B, N) samples, zeros behind the end of each.
    n_samples : Tensor
        (B,) samples of each before the padding, on the same device.
    pooling : int
        Mel frames per output frame.

    Returns
    -------
    SEDOutput
        The network's. Frames of padding have scores that mean nothing; the
        features and clip scores of the others do not depend on them.

    Example
    -------
    >>> from lgc_plugin import CRNN, LogMel
    >>> parts = LogMel().eval(), CRNN(rnn_size=8).eval()
    >>> wavs, n_samples = torch.zeros(2, 16000), torch.tensor([16000, 800])
    >>> run_on_windows(*parts, wavs, n_samples, pooling=4).frame.shape
    torch.Size([2, 10, 15])
    """
    mels = front_end.mel(wavs)
    n_frames = mels.shape[-1] // pooling
    frame_samples = front_end.hop_length * pooling
    n_valid = count_valid(n_samples, frame_samples, n_frames)
    valid = frame_mask(n_valid, n_frames)
    mel_valid = upsample_mask(valid, mels.shape[-1], pooling)
    return network(front_end.normalize(mels, mel_valid), valid)


def stack_windows(
    windows: Sequence[NDArray[np.floating]], window_samples: int
) -> tuple[Tensor, Tensor]:
    """Windows as a batch.

    Arguments
    ---------
    windows : Sequence[numpy.ndarray]
        B windows of up to ``window_samples`` samples.
    window_samples : int
        N, to which shorter ones are padded with zeros.

    Returns
    -------
    tuple[Tensor, Tensor]
        (B, N) float32 samples, and (B,) how many of them are no padding.

    Example
    -------
    >>> wavs, n_samples = stack_windows([np.array([0.5, 0.25])], 3)
    >>> wavs.tolist(), n_samples.tolist()
    ([[0.5, 0.25, 0.0]], [2])
    """
    batch = np.zeros((len(windows), window_samples), dtype=np.float32)
    for row, window in zip(batch, windows, strict=True):
        row[: len(window)] = window
    lengths = [len(window) for window in windows]
    return torch.from_numpy(batch), torch.tensor(lengths)

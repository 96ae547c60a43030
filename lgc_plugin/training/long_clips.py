"""Scores of clips longer than those of the training, window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from lgc_plugin.data.audio_files import FULL_SCALE
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.inference.prediction import predict
from lgc_plugin.inference.windows import WindowPlan
from lgc_plugin.types import SEDBatch, SEDOutput
from lgc_plugin.utils.time_axis import count_valid, frame_mask

#: Runs a network on a batch of waveforms.
Run: TypeAlias = Callable[[nn.Module, SEDBatch], SEDOutput]

# Windows that are on the device at a time.
_WINDOWS = 16


def score_in_windows(
    batch: SEDBatch,
    encoder: EventEncoder,
    networks: Mapping[str, nn.Module],
    run: Run,
) -> tuple[SEDBatch, dict[str, SEDOutput]]:
    """The batch with its mask, and what each network predicts for it.

    The scores of frames are those that the detector gives; the score of a
    clip is the highest of its windows. No more than a few windows are on the
    device at a time.
    """
    outputs = {
        name: _joined(
            [
                _score_clip(wav[:n], encoder, partial(run, network))
                for wav, n in zip(
                    batch.wavs, batch.n_samples.tolist(), strict=True
                )
            ]
        )
        for name, network in networks.items()
    }
    n_frames = next(iter(outputs.values())).frame.shape[-1]
    n_valid = count_valid(batch.n_samples, encoder.frame_samples, n_frames)
    return replace(batch, valid=frame_mask(n_valid, n_frames)), outputs


def _score_clip(
    wav: Tensor,
    encoder: EventEncoder,
    run: Callable[[SEDBatch], SEDOutput],
) -> tuple[Tensor, Tensor]:
    """Scores of a clip: (C, T') by frame, (C,) of the whole."""
    tops = []

    def frame_scores(wavs: Tensor, lengths: Tensor) -> Tensor:
        kinds = torch.zeros(len(wavs), dtype=torch.long)
        output = run(
            SEDBatch(
                kinds,
                wavs=wavs,
                n_samples=lengths,
                wav_lengths=tuple(lengths.tolist()),
            )
        )
        tops.append(output.clip.float().cpu().amax(dim=0))
        return output.frame

    def blocks() -> Iterator[np.ndarray]:
        for block in wav.split(encoder.n_samples):
            samples = block.numpy().astype(np.float32)
            yield samples if wav.is_floating_point() else samples / FULL_SCALE

    pieces = predict(blocks(), WindowPlan.of(encoder), frame_scores, _WINDOWS)
    scores = np.concatenate([piece.scores for piece in pieces], axis=1)
    return torch.from_numpy(scores), torch.stack(tops).amax(dim=0)


def _joined(clips: list[tuple[Tensor, Tensor]]) -> SEDOutput:
    """The scores of clips as those of a batch, with zeros on padding."""
    longest = max(frame.shape[1] for frame, _ in clips)
    frame = torch.stack(
        [pad(frame, (0, longest - frame.shape[1])) for frame, _ in clips]
    )
    clip = torch.stack([clip for _, clip in clips])
    return SEDOutput(frame, clip, frame.new_empty(len(frame), longest, 0))

"""Time shift of waveforms: clips rolled by whole output frames."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from lgc_plugin.utils.time_axis import roll


class WaveRollPlan(NamedTuple):
    """How far each clip is rolled, and how much of it rolls.

    ``frames``: (B,) output frames by which sounds move later. ``circle``: (B,)
    output frames that roll: those that a clip fills completely.
    """

    frames: Tensor
    circle: Tensor


def plan_wave_roll(
    tenths: Tensor, n_samples: Tensor, frame_samples: int, n_frames: int
) -> WaveRollPlan:
    """Converts tenths of a clip's own length, (B,), to whole output frames.

    The ``c = n_samples // frame_samples`` first frames, at most T', roll by
    ``tenths * c / 10`` frames, rounded (halves up); padding stays behind them.

    >>> import torch
    >>> plan = plan_wave_roll(
    ...     torch.tensor([1, 5, 0]), torch.tensor([160000] * 3), 1024, 156
    ... )
    >>> plan.frames.tolist(), plan.circle.tolist()
    ([16, 78, 0], [156, 156, 156])
    """
    # Labels and scores, rolled by the same frames, stay aligned with the sound.
    # The published code rolls 10 s by 1, 2 ... s, and its 156 labels by 15, 31,
    # 46, 62 or 78: up to 0.8 frames, or 51 ms, less than the sound.
    circle = (n_samples // frame_samples).clamp(0, n_frames)
    return WaveRollPlan((tenths * circle + 5) // 10, circle)


def wave_roll(
    values: Tensor, plan: WaveRollPlan, frame_samples: int = 1
) -> Tensor:
    """Rolls (B, ..., T) values in time, each clip within its own length.

    Waveforms are rolled with the samples of an output frame; frame labels and
    frame scores without. Clip labels and masks of valid frames stay.

    >>> import torch
    >>> plan = WaveRollPlan(torch.tensor([1, 1]), torch.tensor([3, 2]))
    >>> wave_roll(torch.tensor([[1, 2, 3], [1, 2, 0]]), plan).tolist()
    [[3, 1, 2], [2, 1, 0]]
    >>> wavs = torch.arange(7).expand(2, 7)
    >>> wave_roll(wavs, plan, frame_samples=2).tolist()
    [[4, 5, 0, 1, 2, 3, 6], [2, 3, 0, 1, 4, 5, 6]]
    """
    shift = plan.frames * frame_samples
    return roll(values, shift, plan.circle * frame_samples)

"""Time shift of waveforms: clips turned round by whole output frames."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from lgc_plugin.utils.time_axis import roll


class WaveRollPlan(NamedTuple):
    """How far each clip is turned, and how much of it turns.

    Arguments
    ---------
    frames : Tensor
        (B,) output frames by which sounds move later; 0 leaves a clip alone.
    circle : Tensor
        (B,) output frames that turn: those that a clip fills completely.
    """

    frames: Tensor
    circle: Tensor


def plan_wave_roll(
    tenths: Tensor, n_samples: Tensor, frame_samples: int, n_frames: int
) -> WaveRollPlan:
    """Turns tenths of a clip's own length into whole output frames.

    The circle of a clip has ``c = n_samples // frame_samples`` frames, at most
    T', and is turned by ``tenths * c / 10`` frames, rounded (halves up). So
    labels and scores, turned by the same frames, stay exactly aligned with the
    sound, and the padding of a short clip stays behind it. A last frame that a
    clip does not fill stays where it is, in sound and labels.

    (The published code turns 10 s by 1, 2 ... s, and its 156 labels by 15, 31,
    46, 62 or 78: up to 0.8 frames, or 51 ms, less than the sound.)

    Arguments
    ---------
    tenths : Tensor
        (B,) whole numbers, from 0 to 9.
    n_samples : Tensor
        (B,) samples of each clip before padding.
    frame_samples : int
        Samples per output frame.
    n_frames : int
        Output frames per clip, T'.

    Returns
    -------
    WaveRollPlan

    Example
    -------
    >>> import torch
    >>> plan = plan_wave_roll(
    ...     torch.tensor([1, 5, 0]), torch.tensor([160000] * 3), 1024, 156
    ... )
    >>> plan.frames.tolist(), plan.circle.tolist()
    ([16, 78, 0], [156, 156, 156])
    """
    circle = (n_samples // frame_samples).clamp(0, n_frames)
    return WaveRollPlan((tenths * circle + 5) // 10, circle)


def wave_roll(
    values: Tensor, plan: WaveRollPlan, frame_samples: int = 1
) -> Tensor:
    """Turns anything whose last dimension is time, in a clip's own circle.

    Waveforms are turned with the samples of an output frame; frame labels and
    frame scores without. Clip labels and masks of valid frames stay as they
    are.

    Arguments
    ---------
    values : Tensor
        (B, ..., T) of any type.
    plan : WaveRollPlan
        From :func:`plan_wave_roll`.
    frame_samples : int
        Steps of ``values`` per output frame: 1 for labels and scores, that of
        the plan for waveforms.

    Returns
    -------
    Tensor
        Of the same shape and type.

    Raises
    ------
    ValueError
        If the number of clips is not that of the plan.

    Example
    -------
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

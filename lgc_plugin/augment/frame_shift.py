"""Frame shift: clips rolled in time, with their labels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lgc_plugin.types import SEDBatch
from lgc_plugin.utils.time_axis import roll


class FrameShiftPlan(NamedTuple):
    """How far each clip is shifted; a positive shift moves sounds later.

    ``frames``: (B,) output frames, for features and labels. ``rest``: (B,) mel
    frames more, of the same sign, for features: the misalignment of labels.
    """

    frames: Tensor
    rest: Tensor


def draw_frame_shift(
    batch_size: int,
    pooling: int,
    std: float = 90.0,
    *,
    whole_frames: bool = False,
    device: torch.device | str | None = None,
    generator: torch.Generator | None = None,
) -> FrameShiftPlan:
    """Draws one shift per clip, ``s = round(N(0, std))`` mel frames.

    Labels move by ``s / pooling``, rounded towards zero. ``whole_frames``
    rounds s to a multiple of the pooling instead, which keeps them aligned.

    >>> plan = draw_frame_shift(100, pooling=4)
    >>> bool((plan.rest.abs() < 4).all())
    True
    >>> draw_frame_shift(2, pooling=4, whole_frames=True).rest.tolist()
    [0, 0]
    """
    # As published, features run ahead of their labels, in the direction of the
    # shift, by up to pooling - 1 mel frames: at 16 ms and a pooling of 4 by up
    # to 48 ms. The code of the DCASE baseline rounds label shifts down, -1 mel
    # frame to -1 output frame; here both directions are alike.
    if pooling < 1 or std < 0:
        raise ValueError(
            f"pooling must be at least 1 and std at least 0, "
            f"got {pooling} and {std}"
        )
    shift = std * torch.randn(batch_size, device=device, generator=generator)
    if whole_frames:
        frames = (shift / pooling).round().long()
        return FrameShiftPlan(frames, torch.zeros_like(frames))
    shift = shift.round().long()
    frames = shift.div(pooling, rounding_mode="trunc")
    return FrameShiftPlan(frames, shift - frames * pooling)


def frame_shift(
    values: Tensor, plan: FrameShiftPlan, pooling: int = 1
) -> Tensor:
    """Rolls (B, ..., T) values in time; the rest behind the pooling stays.

    Features are shifted with the network's pooling, frame labels and masks of
    valid frames without: the padding of a short clip moves with its sound.

    >>> plan = FrameShiftPlan(torch.tensor([1, -1]), torch.tensor([0, -1]))
    >>> frame_shift(torch.tensor([[1, 2, 3], [1, 2, 3]]), plan).tolist()
    [[3, 1, 2], [2, 3, 1]]
    >>> mels = torch.arange(7).expand(2, 7)
    >>> frame_shift(mels, plan, pooling=2).tolist()
    [[4, 5, 0, 1, 2, 3, 6], [3, 4, 5, 0, 1, 2, 6]]
    """
    # T // pooling * pooling steps roll, as many mel frames as the labels stand
    # for, so that sounds and labels also agree at the wrap. The published
    # method also rolls the rest that the network's pooling drops.
    shift = plan.frames * pooling
    if pooling > 1:
        shift = shift + plan.rest
    return roll(values, shift, values.shape[-1] // pooling * pooling)


class FrameShift:
    """Frame shift of a batch, for student and teacher alike.

    A batch without padding is shifted as published, by single feature frames;
    in one with padded clips, shifts are whole output frames, so that the mask
    of valid frames stays exact.

    Arguments
    ---------
    std : float
        Standard deviation of the shift, in feature frames; 0: off.

    Raises
    ------
    ValueError
        If it is negative.

    Example
    -------
    >>> batch = SEDBatch(
    ...     torch.tensor([2]), torch.rand(1, 4, 40), torch.zeros(1, 3, 10),
    ...     time_pooling=4,
    ... )
    >>> FrameShift(std=90.0)(batch).features.shape
    torch.Size([1, 4, 40])
    """

    def __init__(self, std: float = 90.0) -> None:
        # Its own check, before a training begins; for no clip it draws nothing.
        draw_frame_shift(0, 1, std)
        self.std = std

    def __call__(self, batch: SEDBatch) -> SEDBatch:
        """Shifts each clip by a draw of its own."""
        if self.std == 0:
            return batch
        plan = draw_frame_shift(
            len(batch),
            batch.time_pooling,
            self.std,
            whole_frames=batch.valid is not None,
            device=batch.label_kind.device,
        )
        return batch.roll(plan.frames, plan.rest)

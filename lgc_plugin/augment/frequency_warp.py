"""Frequency warping: part of the mel axis, stretched over all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from lgc_plugin.models.precision import at_least_float32
from lgc_plugin.types import SEDBatch


class FrequencyWarpPlan(NamedTuple):
    """Which mel bins each clip keeps: (B,) lowest one and their number."""

    start: Tensor
    height: Tensor


def draw_frequency_warp(
    batch_size: int,
    n_mels: int,
    height_range: tuple[float, float] = (0.6, 1.0),
    *,
    device: torch.device | str | None = None,
    generator: torch.Generator | None = None,
) -> FrequencyWarpPlan:
    """Draws the part of the mel axis that each clip keeps.

    It has ``floor(h * F)`` bins, h uniform in ``height_range``, at least one,
    and starts uniformly in [0, F - height].

    >>> plan = draw_frequency_warp(4, 128)
    >>> bool((plan.height >= 76).all() and (plan.height <= 128).all())
    True
    >>> bool((plan.start + plan.height <= 128).all())
    True
    """
    # This is the random resize crop of BYOL-A (Niizumi et al., IJCNN 2021) on
    # the mel axis alone, as systems of DCASE use it. They crop log mels of a
    # whole batch alike and stretch them by cubic interpolation; here every clip
    # has its own draw, and interpolation is linear, which makes no magnitude
    # negative.
    low, high = height_range
    if not 0.0 < low <= high <= 1.0:
        raise ValueError(f"height_range must lie in (0, 1], got {height_range}")
    share, place = torch.rand(2, batch_size, device=device, generator=generator)
    height = ((low + (high - low) * share) * n_mels).floor().clamp_min(1)
    start = (place * (n_mels - height + 1)).floor()
    return FrequencyWarpPlan(start.long(), height.long())


def frequency_warp(mels: Tensor, plan: FrequencyWarpPlan) -> Tensor:
    """Stretches the bins of (B, ..., F, T) that are kept over the whole axis.

    The lowest bin of the result is the lowest one kept, the highest the
    highest, and those between are interpolated linearly.

    >>> plan = FrequencyWarpPlan(torch.tensor([1]), torch.tensor([2]))
    >>> mels = torch.tensor([[[0.0], [2.0], [4.0], [6.0], [8.0]]])
    >>> frequency_warp(mels, plan).flatten().tolist()
    [2.0, 2.5, 3.0, 3.5, 4.0]
    """
    if mels.shape[0] != len(plan.start):
        raise ValueError(
            f"mels of shape {tuple(mels.shape)} do not fit a plan of "
            f"{len(plan.start)} clips"
        )
    n_mels = mels.shape[-2]
    last = (plan.height - 1).unsqueeze(1)
    # Whole numbers as far as possible: a crop of all bins changes nothing.
    place = torch.arange(n_mels, device=mels.device) * last
    below = place // max(n_mels - 1, 1)
    above = torch.minimum(below + 1, last)
    start = plan.start.unsqueeze(1)
    low = _bins(mels, start + below)
    high = _bins(mels, start + above)
    share = (place % max(n_mels - 1, 1)).to(low.dtype) / max(n_mels - 1, 1)
    shape = (len(mels), *[1] * (mels.ndim - 3), n_mels, 1)
    return (low + share.view(shape) * (high - low)).to(mels.dtype)


def _bins(mels: Tensor, index: Tensor) -> Tensor:
    """Those bins of each clip, (B, F) of them, in at least float32."""
    shape = (len(mels), *[1] * (mels.ndim - 3), index.shape[1], 1)
    bins = mels.gather(-2, index.view(shape).expand_as(mels))
    return at_least_float32(bins)


class FrequencyWarp:
    """Stretches a part of each clip's mel axis over all of it.

    Arguments
    ---------
    ratio : tuple[float, float], optional
        Smallest and largest share of the axis that is kept; None: off.

    Raises
    ------
    ValueError
        If the range cannot be right.

    Example
    -------
    >>> batch = SEDBatch(torch.tensor([0]), torch.rand(1, 40, 10))
    >>> FrequencyWarp((0.6, 1.0))(batch).features.shape
    torch.Size([1, 40, 10])
    """

    def __init__(self, ratio: tuple[float, float] | None = (0.6, 1.0)) -> None:
        self.ratio = ratio
        if ratio is not None:  # its own checks, before a training begins
            draw_frequency_warp(1, 1, ratio, device="meta")

    def __call__(self, batch: SEDBatch) -> SEDBatch:
        """Warps each clip."""
        if self.ratio is None:
            return batch
        mels = batch.features
        plan = draw_frequency_warp(
            len(mels), mels.shape[-2], self.ratio, device=mels.device
        )
        return replace(batch, features=frequency_warp(mels, plan))

"""Time mask of waveforms: short holes of silence."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# Where the holes start that a clip does not have.
_NEVER = 2**62


class WaveMaskPlan(NamedTuple):
    """Where the holes of each clip are.

    Arguments
    ---------
    starts : Tensor
        (B, S) first sample of each hole; those that a clip does not have
        start beyond all samples.
    length : Tensor
        (B,) samples of a hole.
    """

    starts: Tensor
    length: Tensor


def plan_wave_mask(
    n_holes: Tensor, places: Tensor, n_samples: Tensor, share: float = 0.01
) -> WaveMaskPlan:
    """Makes holes of uniform numbers.

    A hole has ``floor(share * n_samples)`` samples of a clip, and starts
    uniformly wherever it fits into the clip's own length. Holes may overlap.

    Arguments
    ---------
    n_holes : Tensor
        (B,) holes of each clip, at most S.
    places : Tensor
        (B, S) uniform in [0, 1).
    n_samples : Tensor
        (B,) samples of each clip before padding.
    share : float
        Length of a hole, as a share of the clip, in (0, 1).

    Returns
    -------
    WaveMaskPlan

    Raises
    ------
    ValueError
        If the share is not within (0, 1).

    Example
    -------
    >>> plan = plan_wave_mask(
    ...     torch.tensor([2, 0]),
    ...     torch.tensor([[0.5, 0.0], [0.5, 0.0]]),
    ...     torch.tensor([160000, 160000]),
    ... )
    >>> plan.starts[0].tolist(), plan.length.tolist()
    ([79200, 0], [1600, 1600])
    >>> bool((plan.starts[1] > 160000).all())
    True
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share must lie in (0, 1), got {share}")
    # Single precision has too few bits for the samples of a long clip.
    length = (share * n_samples.double()).floor().long()
    room = (n_samples - length).unsqueeze(1)
    starts = (places.double() * (room + 1)).floor().long()
    number = torch.arange(places.shape[1], device=places.device)
    starts = starts.masked_fill(number >= n_holes.unsqueeze(1), _NEVER)
    return WaveMaskPlan(starts, length)


def wave_mask(wavs: Tensor, plan: WaveMaskPlan) -> Tensor:
    """Sets the holes of each clip to 0.

    Labels stay as they are: in a clip of 10 s a hole lasts 100 ms, and who
    hears an event go on behind it would not label two.

    Arguments
    ---------
    wavs : Tensor
        (B, N) waveforms of any type.
    plan : WaveMaskPlan
        From :func:`plan_wave_mask`.

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
    >>> plan = WaveMaskPlan(torch.tensor([[1, 2]]), torch.tensor([2]))
    >>> wave_mask(torch.ones(1, 6), plan).tolist()
    [[1.0, 0.0, 0.0, 0.0, 1.0, 1.0]]
    """
    if wavs.shape[0] != len(plan.length):
        raise ValueError(
            f"waveforms of shape {tuple(wavs.shape)} do not fit a plan of "
            f"{len(plan.length)} clips"
        )
    n_clips, n_steps = wavs.shape
    begin = plan.starts.clamp_max(n_steps)
    end = (plan.starts + plan.length.unsqueeze(1)).clamp_max(n_steps)
    # How many holes a sample is in: one more from where a hole begins, one
    # less from where it ends. Whole numbers, so that any order of adding does.
    change = begin.new_zeros(n_clips, n_steps + 1, dtype=torch.int32)
    one = torch.ones_like(begin, dtype=torch.int32)
    change.scatter_add_(1, begin, one).scatter_add_(1, end, -one)
    depth = change.cumsum(dim=1, dtype=torch.int32)
    return wavs.masked_fill(depth[:, :n_steps] > 0, 0)

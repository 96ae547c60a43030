"""Time mask of waveforms: short holes of silence."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# Where the holes start that a clip does not have.
_NEVER = 2**62


class WaveMaskPlan(NamedTuple):
    """Where the holes of each clip are.

    ``starts``: (B, S) first sample of each hole; unused ones start beyond all
    samples. ``length``: (B,) samples of a hole.
    """

    starts: Tensor
    length: Tensor


def plan_wave_mask(
    n_holes: Tensor, places: Tensor, n_samples: Tensor, share: float = 0.01
) -> WaveMaskPlan:
    """Makes up to S holes per clip from (B, S) uniform numbers.

    A hole has ``floor(share * n_samples)`` samples of a clip, and starts
    uniformly wherever it fits into the clip's own length. Holes may overlap.

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
    """Sets the holes of each clip of (B, N) waveforms to 0.

    Labels stay: in a clip of 10 s a hole lasts 100 ms, and an annotator would
    label an event that goes on after it as one.

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


def frames_in_holes(
    plan: WaveMaskPlan, n_frames: int, frame_samples: int
) -> Tensor:
    """(B, T') bool: output frames whose middle lies in a hole.

    >>> plan = WaveMaskPlan(torch.tensor([[3, 11]]), torch.tensor([4]))
    >>> frames_in_holes(plan, 4, frame_samples=4).tolist()
    [[False, True, False, True]]
    """
    time = torch.arange(n_frames, device=plan.starts.device)
    middle = time * frame_samples + frame_samples // 2
    behind = middle - plan.starts.unsqueeze(2)
    inside = (behind >= 0) & (behind < plan.length.view(-1, 1, 1))
    return inside.any(dim=1)

"""Operations along the time axis that features, labels and masks share."""

from __future__ import annotations

import torch
from torch import Tensor


def count_valid(n_samples: Tensor, frame_samples: int, n_frames: int) -> Tensor:
    """Output frames that contain sound, (B,) between 1 and T'.

    ``n_samples``: (B,) samples of each clip before padding. A frame that
    sound only touches counts.

    >>> count_valid(torch.tensor([0, 1025, 99999]), 1024, 15).tolist()
    [1, 2, 15]
    """
    frames = -(-n_samples // frame_samples)
    return frames.clamp(1, n_frames)


def frame_mask(n_valid: Tensor, n_frames: int) -> Tensor:
    """(B, T') mask: True on frames that contain sound, False on padding.

    >>> frame_mask(torch.tensor([1, 3]), 3).tolist()
    [[True, False, False], [True, True, True]]
    """
    time = torch.arange(n_frames, device=n_valid.device)
    return time < n_valid.unsqueeze(1)


def upsample_mask(valid: Tensor, n_mel_frames: int, pooling: int) -> Tensor:
    """A (B, T') mask at the rate of the mel frames, (B, T).

    The rest after T' * pooling is as the last frame.

    >>> upsample_mask(torch.tensor([[True, False]]), 5, 2).tolist()
    [[True, True, False, False, False]]
    """
    time = torch.arange(n_mel_frames, device=valid.device) // pooling
    return valid[:, time.clamp_max(valid.shape[1] - 1)]


def roll(values: Tensor, shift: Tensor, circle: Tensor | int) -> Tensor:
    """Rolls the first ``circle`` steps of each clip; the others stay.

    ``values``: (B, ..., T). ``shift``: (B,) steps by which a clip moves
    later; negative ones: earlier. ``circle``: (B,), or one for all.

    >>> roll(torch.tensor([[1, 2, 3, 4]]), torch.tensor([1]), 3).tolist()
    [[3, 1, 2, 4]]
    """
    if values.shape[0] != len(shift):
        raise ValueError(
            f"values of shape {tuple(values.shape)} do not fit a plan of "
            f"{len(shift)} clips"
        )
    n_steps = values.shape[-1]
    if isinstance(circle, int):
        circle = shift.new_full((1,), circle)
    circle = circle.unsqueeze(1)
    time = torch.arange(n_steps, device=values.device)
    source = (time - shift.unsqueeze(1)) % circle.clamp_min(1)
    source = torch.where(time < circle, source, time)
    source = source.view(-1, *[1] * (values.ndim - 2), n_steps)
    return values.gather(-1, source.expand_as(values))


def place_spans(
    ratio: Tensor,
    place: Tensor,
    n_frames: int,
    ratio_range: tuple[float, float],
) -> Tensor:
    """Makes spans of uniform numbers; (B, T') bool, True in the span.

    The span of a clip has ``floor(r * T')`` output frames, r from ``ratio``
    in ``ratio_range``; ``place`` sets its start, from 0 to T' - span.

    >>> draws = torch.tensor([0.0, 0.5])
    >>> place_spans(draws, draws, 6, (0.4, 0.6)).int().tolist()
    [[1, 1, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0]]
    """
    low, high = ratio_range
    if not 0.0 < low <= high < 1.0:
        raise ValueError(f"ratio_range must lie in (0, 1), got {ratio_range}")
    length = ((low + (high - low) * ratio) * n_frames).floor()
    start = (place * (n_frames - length)).floor()
    time = torch.arange(n_frames, device=ratio.device)
    return (time >= start.unsqueeze(1)) & (time < (start + length).unsqueeze(1))


def spread_spans(span: Tensor, values: Tensor, pooling: int) -> Tensor:
    """Brings (B, T') spans to the shape of the (B, ..., T) values.

    Returns (B, 1, ..., T); False on the rest after T' * pooling.

    >>> span = torch.tensor([[False, True]])
    >>> spread_spans(span, torch.zeros(1, 3, 5), pooling=2).int().tolist()
    [[[0, 0, 1, 1, 0]]]
    """
    batch_size, n_frames = span.shape
    rest = values.shape[-1] - n_frames * pooling
    # A network that keeps an incomplete last frame: the span is cut there.
    if rest <= -pooling or values.shape[0] != batch_size:
        raise ValueError(
            f"values of shape {tuple(values.shape)} do not fit a plan of "
            f"{batch_size} clips of {n_frames} frames of {pooling} steps"
        )
    span = span.repeat_interleave(pooling, dim=1)
    span = torch.nn.functional.pad(span, (0, rest))
    return span.view(batch_size, *[1] * (values.ndim - 2), values.shape[-1])

"""Operations along the time axis that features, labels and masks share."""

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


def roll(values: Tensor, shift: Tensor, circle: Tensor | int) -> Tensor:
    """Rolls the first steps of each clip; those behind them stay.

    Arguments
    ---------
    values : Tensor
        (B, ..., T) of any type.
    shift : Tensor
        (B,) steps by which each clip moves later; negative ones: earlier.
    circle : Tensor or int
        (B,) steps that roll, or one number for all; at most T.

    Returns
    -------
    Tensor
        Of the same shape and type.

    Raises
    ------
    ValueError
        If the number of clips is not that of the shifts.

    Example
    -------
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
    """Makes spans of uniform numbers.

    The span of a clip has ``floor(r * T')`` output frames, r uniform in
    ``ratio_range``, and starts uniformly in [0, T' - span).

    Arguments
    ---------
    ratio : Tensor
        (B,) uniform in [0, 1); decides the lengths.
    place : Tensor
        (B,) uniform in [0, 1); decides the starts.
    n_frames : int
        Output frames per clip, T'.
    ratio_range : tuple[float, float]
        Shortest and longest share of a clip.

    Returns
    -------
    Tensor
        (B, T') bool, True in the span.

    Raises
    ------
    ValueError
        If the range is not within (0, 1).

    Example
    -------
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
    """Brings spans to the shape of what they are applied to.

    Arguments
    ---------
    span : Tensor
        (B, T') bool.
    values : Tensor
        (B, ..., T) with T >= T' * pooling.
    pooling : int
        Steps of ``values`` per output frame.

    Returns
    -------
    Tensor
        (B, 1, ..., T) bool; False on the rest behind T' * pooling.

    Raises
    ------
    ValueError
        If the values are too short, or too few, for the spans.

    Example
    -------
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

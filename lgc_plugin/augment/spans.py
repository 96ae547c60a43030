"""One stretch of time per clip, the same for features and labels."""

from __future__ import annotations

import torch
from torch import Tensor


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
    if rest < 0 or values.shape[0] != batch_size:
        raise ValueError(
            f"values of shape {tuple(values.shape)} do not fit a plan of "
            f"{batch_size} clips of {n_frames} frames of {pooling} steps"
        )
    span = span.repeat_interleave(pooling, dim=1)
    span = torch.nn.functional.pad(span, (0, rest))
    return span.view(batch_size, *[1] * (values.ndim - 2), values.shape[-1])

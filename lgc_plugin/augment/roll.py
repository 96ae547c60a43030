"""Clips turned round in time: what leaves at the end comes in at the begin."""

from __future__ import annotations

import torch
from torch import Tensor


def roll(values: Tensor, shift: Tensor, circle: Tensor | int) -> Tensor:
    """Turns the first steps of each clip; those behind them stay.

    Arguments
    ---------
    values : Tensor
        (B, ..., T) of any type.
    shift : Tensor
        (B,) steps by which each clip moves later; negative ones: earlier.
    circle : Tensor or int
        (B,) steps that turn, or one number for all; at most T.

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

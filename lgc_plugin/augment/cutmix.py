"""Audio CutMix: a stretch of time from another clip."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lgc_plugin.utils.time_axis import place_spans, spread_spans


class CutMixPlan(NamedTuple):
    """Which frames each clip takes, and from which clip.

    ``permutation``: (B,) the clip that each clip takes its span from.
    ``span``: (B, T') bool, True on the output frames taken.
    """

    permutation: Tensor
    span: Tensor


def draw_cutmix(
    batch_size: int,
    n_frames: int,
    ratio_range: tuple[float, float] = (0.2, 0.5),
    *,
    device: torch.device | str | None = None,
    generator: torch.Generator | None = None,
) -> CutMixPlan:
    """Draws one span per clip and one permutation of the batch.

    With a ratio uniform in ``ratio_range``, the span of a clip has
    ``floor(ratio * T')`` output frames and starts uniformly in
    [0, T' - span).

    Arguments
    ---------
    batch_size : int
        Number of clips, B.
    n_frames : int
        Output frames per clip, T'.
    ratio_range : tuple[float, float]
        Shortest and longest share of a clip.
    device : torch.device, optional
        Where the draws are made.
    generator : torch.Generator, optional
        Source of randomness, on that device.

    Returns
    -------
    CutMixPlan

    Raises
    ------
    ValueError
        If the range is not within (0, 1).

    Example
    -------
    >>> plan = draw_cutmix(4, 100)
    >>> lengths = plan.span.sum(dim=1)
    >>> bool((20 <= lengths).all() and (lengths < 51).all())
    True
    """
    ratio, place, order = torch.rand(
        3, batch_size, device=device, generator=generator
    )
    span = place_spans(ratio, place, n_frames, ratio_range)
    return CutMixPlan(order.argsort(), span)


def cut_within(plan: CutMixPlan, valid: Tensor | None) -> CutMixPlan:
    """The plan without frames that are padding in either clip.

    So a cut clip is as long as it was, without padding amid its sound.

    >>> plan = CutMixPlan(torch.tensor([1, 0]), torch.tensor([[True] * 2] * 2))
    >>> valid = torch.tensor([[True, True], [True, False]])
    >>> cut_within(plan, valid).span.tolist()
    [[True, False], [True, False]]
    """
    if valid is None:
        return plan
    both = valid & valid[plan.permutation]
    return CutMixPlan(plan.permutation, plan.span & both)


def cutmix(values: Tensor, plan: CutMixPlan, pooling: int = 1) -> Tensor:
    """Applies a plan to (B, ..., T) values, T >= T' * pooling.

    The same plan applied to features (with the network's pooling) and to
    frame scores keeps them aligned. Steps beyond T' * pooling stay.

    >>> plan = CutMixPlan(
    ...     torch.tensor([1, 0]), torch.tensor([[False, True], [True, False]])
    ... )
    >>> cutmix(torch.tensor([[1, 1], [2, 2]]), plan).tolist()
    [[1, 2], [1, 2]]
    >>> cutmix(torch.tensor([[1] * 5, [2] * 5]), plan, pooling=2).tolist()
    [[1, 1, 2, 2, 1], [1, 1, 2, 2, 2]]

    With a network of one's own: its output for the mixed clips should
    be the mixture of its outputs for each.

    >>> from lgc_plugin.losses.consistency import frame_consistency
    >>> network = torch.nn.Conv1d(8, 1, 3, padding=1)
    >>> features = torch.rand(4, 8, 20)
    >>> plan = draw_cutmix(batch_size=4, n_frames=20)
    >>> target = cutmix(network(features).sigmoid(), plan).detach()
    >>> mixed = network(cutmix(features, plan)).sigmoid()
    >>> frame_consistency(mixed, target).backward()
    >>> bool(network.weight.grad.any())
    True
    """
    span = spread_spans(plan.span, values, pooling)
    return torch.where(span, values[plan.permutation], values)

"""Time masking: a stretch of silence, in features and labels."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lgc_plugin.types import LabelKind, SEDBatch
from lgc_plugin.utils.time_axis import place_spans, spread_spans


class TimeMaskPlan(NamedTuple):
    """The (B, T') bool ``span`` of output frames that are masked."""

    span: Tensor


def draw_time_mask(
    label_kind: Tensor,
    n_frames: int,
    ratio_range: tuple[float, float] = (1 / 20, 1 / 5),
    *,
    generator: torch.Generator | None = None,
) -> TimeMaskPlan:
    """Draws one span for each strong clip.

    With a ratio uniform in ``ratio_range``, it has ``floor(ratio * T')`` output
    frames and starts uniformly in [0, T' - span).

    >>> kind = torch.tensor([LabelKind.STRONG, LabelKind.WEAK])
    >>> strong, weak = draw_time_mask(kind, 100).span.sum(dim=1)
    >>> bool(5 <= strong <= 20), int(weak)
    (True, 0)
    """
    # Only frame labels can mark a stretch as silent, so weak clips and those
    # without labels are left alone. It is SpecAugment's time masking (arXiv
    # 1904.08779) as systems of DCASE use it, except that they draw one span for
    # a whole batch, and here every clip has its own.
    ratio, place = torch.rand(
        2, len(label_kind), device=label_kind.device, generator=generator
    )
    span = place_spans(ratio, place, n_frames, ratio_range)
    strong = (label_kind == LabelKind.STRONG).unsqueeze(1)
    return TimeMaskPlan(span & strong)


def min_magnitude(mels: Tensor, valid: Tensor | None = None) -> Tensor:
    """The smallest of each clip's (B, ..., T) magnitudes, without padding.

    Where levels are scaled per clip, a span of it becomes 0 and the rest of
    the clip does not change. A clip of nothing but padding has 0.

    >>> mels = torch.tensor([[[3.0, 2.0, 0.0]]])
    >>> min_magnitude(mels, torch.tensor([[True, True, False]])).tolist()
    [2.0]
    """
    if valid is None:
        return mels.flatten(1).amin(dim=1)
    padding = ~valid.view(len(valid), *[1] * (mels.ndim - 2), -1)
    lowest = mels.masked_fill(padding, torch.inf).flatten(1).amin(dim=1)
    return lowest.masked_fill(lowest.isinf(), 0)


def time_mask(
    values: Tensor,
    plan: TimeMaskPlan,
    pooling: int = 1,
    fill: Tensor | None = None,
) -> Tensor:
    """Sets the span of each clip to 0, or to its (B,) ``fill``.

    The same plan applied to (B, ..., T) features (with the network's pooling)
    and to frame labels keeps them aligned. Masks of valid frames stay.

    >>> plan = TimeMaskPlan(torch.tensor([[False, True], [False, False]]))
    >>> time_mask(torch.ones(2, 2), plan).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    >>> time_mask(torch.ones(2, 5), plan, pooling=2)[0].tolist()
    [1.0, 1.0, 0.0, 0.0, 1.0]
    """
    # Mel magnitudes of 0 become the lowest level of the front end. Where levels
    # are scaled per clip, that presses all sounds of the clip into what is left
    # of the range; min_magnitude() as fill leaves them as they are.
    span = spread_spans(plan.span, values, pooling)
    if fill is None:
        return values.masked_fill(span, 0)
    fill = fill.to(values.dtype).view(-1, *[1] * (values.ndim - 1))
    return torch.where(span, fill, values)


class TimeMask:
    """Time mask of a batch's strong clips, for student and teacher alike.

    Systems of DCASE (Nam et al., 2021) mask after mixup, which keeps a masked
    stretch silent; put it behind ``Mixup`` for that. Clip labels stay, also of
    a clip whose only event is masked: those of strong clips are not read.

    Published systems set the stretch to 0. A front end that scales levels per
    clip then presses every strong clip, and no other one, into the upper part
    of its range; so here it becomes the smallest magnitude of the clip.

    Arguments
    ---------
    active : bool
        Whether it is on.
    ratio : tuple[float, float]
        Shortest and longest stretch, as a share of the clip.
    fill : str
        ``min``, or ``zero`` as published.

    Raises
    ------
    ValueError
        If the ratio or the fill cannot be right.

    Example
    -------
    >>> batch = SEDBatch(
    ...     torch.tensor([2]), torch.ones(1, 4, 40), torch.ones(1, 3, 10),
    ...     time_pooling=4,
    ... )
    >>> masked = TimeMask(ratio=(0.2, 0.2), fill="zero")(batch)
    >>> float(masked.frame_labels.sum()), float(masked.features.sum())
    (24.0, 128.0)
    """

    def __init__(
        self,
        active: bool = True,
        ratio: tuple[float, float] = (0.05, 0.2),
        fill: Literal["min", "zero"] = "min",
    ) -> None:
        if fill not in ("min", "zero"):
            raise ValueError(
                f"time_mask_fill must be 'min' or 'zero', got {fill!r}"
            )
        # Its own check, before a training begins; this device draws nothing.
        low, high = ratio
        draw_time_mask(torch.empty(1, device="meta"), 1, (low, high))
        self.active = active
        self.ratio = low, high
        self.fill = fill

    def __call__(self, batch: SEDBatch) -> SEDBatch:
        """Masks a stretch of each strong clip."""
        if not self.active:
            return batch
        plan = draw_time_mask(batch.label_kind, batch.n_frames, self.ratio)
        fill = None
        if self.fill == "min":
            fill = min_magnitude(batch.features, batch.feature_mask)
        return batch.mask(plan.span, fill)

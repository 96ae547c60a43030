"""FilterAugment: another random filter for every clip."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lgc_plugin.models.precision import at_least_float32
from lgc_plugin.types import SEDBatch

# How many bands each kind has, where nothing else is asked for.
_BANDS = {"linear": (3, 5), "step": (2, 4)}


class FilterPlan(NamedTuple):
    """The gain of each mel bin of each clip, (B, F) ``decibels``.

    ``edges``: (K + 1,) first bin of each of at most K bands, the same in all
    clips, and the number of bins; bands not drawn are empty, at the end.
    """

    edges: Tensor
    decibels: Tensor


def draw_filter(
    batch_size: int,
    n_mels: int,
    kind: Literal["linear", "step"] = "linear",
    bands: tuple[int, int] | None = None,
    min_bandwidth: int = 6,
    decibel_range: tuple[float, float] = (-6.0, 6.0),
    *,
    device: torch.device | str | None = None,
    generator: torch.Generator | None = None,
) -> FilterPlan:
    """Draws bands for the batch, and gains for each clip.

    A ``step`` filter has one gain per band; a ``linear`` one has a gain at
    each edge and changes linearly, in dB, from a band's first bin to its last.

    >>> plan = draw_filter(3, 128, "step", bands=(2, 2))
    >>> tuple(plan.edges.shape), tuple(plan.decibels.shape)
    ((3,), (3, 128))
    >>> bool((plan.decibels.abs() <= 6).all())
    True
    """
    # After Nam, Kim and Park (ICASSP 2022, arXiv 2110.03282). Their code
    # differs in this: it makes bands narrower when too many of them do not
    # fit, which here is an error; it leaves the batch alone when it draws a
    # single band, which here is a filter like others; and where it takes one
    # of the two kinds at random, steps may be 4 bins narrow.
    if kind not in _BANDS:
        raise ValueError(f"kind must be linear or step, got {kind!r}")
    fewest, most = bands or _BANDS[kind]
    low, high = decibel_range
    if not 1 <= fewest <= most or low > high:
        raise ValueError(
            f"bands {(fewest, most)} and decibel_range {decibel_range} must "
            f"rise, and there is at least one band"
        )
    if min_bandwidth < 1 or most * min_bandwidth > n_mels:
        raise ValueError(
            f"{most} bands of at least {min_bandwidth} mel bins do not fit "
            f"into {n_mels}: take fewer or narrower ones, of at least 1"
        )
    n_bands = torch.randint(
        fewest, most + 1, (), device=device, generator=generator
    )
    places = torch.rand(most - 1, device=device, generator=generator)
    draws = torch.rand(batch_size, most + 1, device=device, generator=generator)
    edges = _band_edges(n_bands, places, n_mels, min_bandwidth)
    gains = low + (high - low) * draws
    return FilterPlan(edges, _curve(edges, gains, n_mels, kind))


def filter_augment(mels: Tensor, plan: FilterPlan) -> Tensor:
    """Multiplies each bin of (B, ..., F, T) magnitudes by ``10^(dB / 20)``.

    >>> plan = FilterPlan(torch.tensor([0, 2]), torch.tensor([[0.0, 20.0]]))
    >>> filter_augment(torch.ones(1, 2, 3), plan).tolist()
    [[[1.0, 1.0, 1.0], [10.0, 10.0, 10.0]]]
    """
    batch_size, n_mels = plan.decibels.shape
    if (mels.shape[0], mels.shape[-2]) != (batch_size, n_mels):
        raise ValueError(
            f"mels of shape {tuple(mels.shape)} do not fit a plan of "
            f"{batch_size} clips of {n_mels} mel bins"
        )
    shape = (batch_size, *[1] * (mels.ndim - 3), n_mels, 1)
    precise = at_least_float32(mels)
    factor = 10.0 ** (plan.decibels.to(precise.dtype) / 20.0)
    return (precise * factor.view(shape)).to(mels.dtype)


def _band_edges(
    n_bands: Tensor, places: Tensor, n_mels: int, min_bandwidth: int
) -> Tensor:
    """(K + 1,) edges, of as many bands as could have been drawn."""
    number = torch.arange(1, len(places) + 1, device=places.device)
    # The number of bands stays on the device: edges too many go to the end.
    surplus = number >= n_bands
    places = places.masked_fill(surplus, 1.0).sort().values
    room = n_mels - n_bands * min_bandwidth + 1
    inner = (places * room).floor().long() + number * min_bandwidth
    inner = inner.masked_fill(surplus, n_mels)
    inner = torch.nn.functional.pad(inner, (0, 1), value=n_mels)
    return torch.nn.functional.pad(inner, (1, 0))


def _curve(edges: Tensor, gains: Tensor, n_mels: int, kind: str) -> Tensor:
    """(B, F) dB, from the (B, K + 1) gains of bands or edges."""
    mel = torch.arange(n_mels, device=edges.device)
    band = (mel.unsqueeze(1) >= edges[1:-1]).sum(dim=1)
    if kind == "step":
        return gains[:, band]
    first, width = edges[band], edges[band + 1] - edges[band]
    share = (mel - first) / (width - 1).clamp_min(1)
    return gains[:, band] + share * (gains[:, band + 1] - gains[:, band])


class FilterAugment:
    """A random filter for each clip of a batch.

    As a view, student and teacher each have their own, as it was published
    (Nam, Kim and Park, ICASSP 2022).

    Arguments
    ---------
    kind : str, optional
        ``linear`` or ``step``; None: off.
    n_mels : int
        Mel bins, F.
    n_bands : tuple[int, int], optional
        Fewest and most bands; None: 3 to 5 linear ones, or 2 to 4 steps.
    min_bandwidth : int
        Fewest bins of a band.
    db_range : tuple[float, float]
        Lowest and highest gain, in dB.

    Raises
    ------
    ValueError
        If a range cannot be right, or the bands do not fit.

    Example
    -------
    >>> batch = SEDBatch(torch.tensor([0]), torch.ones(1, 40, 10))
    >>> FilterAugment("step", n_mels=40)(batch).features.shape
    torch.Size([1, 40, 10])
    """

    def __init__(
        self,
        kind: Literal["linear", "step"] | None = "linear",
        n_mels: int = 128,
        n_bands: tuple[int, int] | None = None,
        min_bandwidth: int = 6,
        db_range: tuple[float, float] = (-6.0, 6.0),
    ) -> None:
        self.kind = kind
        self.n_mels = n_mels
        self.settings = n_bands, min_bandwidth, db_range
        if kind is not None:  # its own checks, before a training begins
            draw_filter(1, n_mels, kind, *self.settings, device="meta")

    def __call__(self, batch: SEDBatch) -> SEDBatch:
        """Filters each clip."""
        if self.kind is None:
            return batch
        plan = draw_filter(
            *(len(batch), self.n_mels, self.kind, *self.settings),
            device=batch.features.device,
        )
        return replace(batch, features=filter_augment(batch.features, plan))

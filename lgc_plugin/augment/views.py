"""Views of one sound: what may change while the labels stay."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from lgc_plugin.augment.filter_augment import draw_filter, filter_augment
from lgc_plugin.augment.frequency_warp import (
    draw_frequency_warp,
    frequency_warp,
)
from lgc_plugin.augment.noise import add_noise_to_mels, draw_noise


class Views:
    """Frequency warp, then filter, then noise, on mel magnitudes.

    Each call draws anew: student and teacher hear different views of a batch
    when each of them calls it. That is how FilterAugment was published (Nam,
    Kim and Park, ICASSP 2022): after frame shift, mixup and time mask, which
    the two share, each has its own filter, and noise, off by default, after
    it. Later systems that also bend the frequency axis do so first.

    What is off draws nothing.

    Arguments
    ---------
    n_mels : int
        Mel bins, F.
    filter_augment : str, optional
        ``linear`` or ``step``; None: off.
    filter_n_bands : tuple[int, int], optional
        Fewest and most bands; None: 3 to 5 linear ones, or 2 to 4 steps.
    filter_min_bandwidth : int
        Fewest bins of a band.
    filter_db_range : tuple[float, float]
        Lowest and highest gain, in dB.
    frequency_warp : tuple[float, float], optional
        Smallest and largest share of the mel axis that is kept, and stretched
        over all of it; None: off.
    noise_snr : tuple[float, float], optional
        Lowest and highest signal-to-noise ratio, in dB; None: off.

    Raises
    ------
    ValueError
        If a range cannot be right, or the bands do not fit.

    Example
    -------
    >>> mels = torch.ones(2, 40, 10)
    >>> Views(40)(mels) is mels
    True
    >>> view = Views(40, filter_augment="step", frequency_warp=(0.6, 1.0))
    >>> tuple(view(mels).shape), bool((view(mels) == view(mels)).all())
    ((2, 40, 10), False)
    """

    def __init__(
        self,
        n_mels: int,
        filter_augment: Literal["linear", "step"] | None = None,
        filter_n_bands: tuple[int, int] | None = None,
        filter_min_bandwidth: int = 6,
        filter_db_range: tuple[float, float] = (-6.0, 6.0),
        frequency_warp: tuple[float, float] | None = None,
        noise_snr: tuple[float, float] | None = None,
    ) -> None:
        self.n_mels = n_mels
        self.filter_augment = filter_augment
        self.filter_n_bands = filter_n_bands
        self.filter_min_bandwidth = filter_min_bandwidth
        self.filter_db_range = filter_db_range
        self.frequency_warp = frequency_warp
        self.noise_snr = noise_snr
        # The draws' own checks, before a training begins; this device draws
        # nothing.
        self(torch.empty(1, n_mels, 1, device="meta"))

    def __call__(self, mels: Tensor, valid: Tensor | None = None) -> Tensor:
        """One view of a batch.

        Arguments
        ---------
        mels : Tensor
            (B, F, T) magnitudes.
        valid : Tensor, optional
            (B, T) bool, False on padding, which stays without noise.

        Returns
        -------
        Tensor
            Of the same shape; the same tensor where all is off.
        """
        n_clips, device = len(mels), mels.device
        if self.frequency_warp is not None:
            warp = draw_frequency_warp(
                n_clips, self.n_mels, self.frequency_warp, device=device
            )
            mels = frequency_warp(mels, warp)
        if self.filter_augment is not None:
            plan = draw_filter(
                n_clips,
                self.n_mels,
                self.filter_augment,
                self.filter_n_bands,
                self.filter_min_bandwidth,
                self.filter_db_range,
                device=device,
            )
            mels = filter_augment(mels, plan)
        if self.noise_snr is not None:
            noise = draw_noise(tuple(mels.shape), self.noise_snr, device=device)
            mels = add_noise_to_mels(mels, noise, valid)
        return mels

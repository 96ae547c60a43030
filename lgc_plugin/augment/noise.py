"""Additive noise at a drawn signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from lgc_plugin.models.precision import at_least_float32
from lgc_plugin.types import SEDBatch


class NoisePlan(NamedTuple):
    """The noise to add, and its level.

    ``noise``: (B, ..., N) noise of any level. ``snr``: (B,) signal-to-noise
    ratio of each clip, in dB.
    """

    noise: Tensor
    snr: Tensor


def draw_noise(
    shape: tuple[int, ...],
    snr_range: tuple[float, float] = (20.0, 40.0),
    *,
    device: torch.device | str | None = None,
    generator: torch.Generator | None = None,
) -> NoisePlan:
    """Draws white noise, and a signal-to-noise ratio (dB) for each clip.

    Colored or recorded noise can replace it in the plan; SpeechBrain has some.

    >>> plan = draw_noise((4, 16000))
    >>> bool((20 <= plan.snr).all() and (plan.snr <= 40).all())
    True
    >>> from speechbrain.augment.time_domain import pink_noise_like
    >>> plan = plan._replace(noise=pink_noise_like(plan.noise))
    """
    low, high = snr_range
    if low > high:
        raise ValueError(f"snr_range must rise, got {snr_range}")
    share = torch.rand(shape[0], device=device, generator=generator)
    noise = torch.randn(shape, device=device, generator=generator)
    return NoisePlan(noise, low + (high - low) * share)


def add_noise(
    values: Tensor, plan: NoisePlan, valid: Tensor | None = None
) -> Tensor:
    """Adds noise to the sound of each clip of (B, ..., N) waveforms.

    The ratio of the powers, over the (B, N) ``valid`` samples, is exactly the
    planned one. Padding and silent clips stay silent.

    >>> wavs = torch.ones(1, 4)
    >>> plan = NoisePlan(torch.tensor([[1.0, -1.0, 5.0, 5.0]]), torch.zeros(1))
    >>> valid = torch.tensor([[True, True, False, False]])
    >>> add_noise(wavs * valid, plan, valid).tolist()
    [[2.0, 0.0, 0.0, 0.0]]
    """
    # For gradients the noise is a constant. SpeechBrain's AddNoise also fills
    # the padding, counts that noise when it sets the ratio (in a clip padded to
    # four times its length, the noise is 6 dB softer than asked for), and makes
    # the sound itself softer.
    if values.shape != plan.noise.shape:
        raise ValueError(
            f"values of shape {tuple(values.shape)} do not fit noise of shape "
            f"{tuple(plan.noise.shape)}"
        )
    if values.dtype == torch.int16:
        values = values.float() / 32768.0
    precise = at_least_float32(values)
    with torch.no_grad():
        sound, noise = precise, plan.noise.to(precise.dtype)
        if valid is not None:
            shape = (len(values), *[1] * (values.ndim - 2), values.shape[-1])
            padding = ~valid.view(shape)
            sound = sound.masked_fill(padding, 0.0)
            noise = noise.masked_fill(padding, 0.0)
        noise = _gain(sound, noise, plan.snr) * noise
    return (precise + noise).to(values.dtype)


def add_noise_to_mels(
    mels: Tensor, plan: NoisePlan, valid: Tensor | None = None
) -> Tensor:
    """Adds noise to (B, F, T) mel magnitudes, where waveforms are not at hand.

    As :func:`add_noise`, with power taken over all bins and frames; what
    falls below 0 changes its sign, as magnitudes are not negative.

    >>> plan = NoisePlan(torch.tensor([[[3.0, -3.0]]]), torch.tensor([0.0]))
    >>> add_noise_to_mels(torch.tensor([[[7.0, 1.0]]]), plan).tolist()
    [[[12.0, 4.0]]]
    """
    # The code of the DCASE baseline leaves it negative, which the logarithm
    # makes silence, and takes the standard deviation of the clip for its
    # loudness. All bins get the same noise, unlike white noise in the waveform,
    # of which higher and wider bins get more.
    return add_noise(mels, plan, valid).abs()


def _gain(sound: Tensor, noise: Tensor, snr: Tensor) -> Tensor:
    """(B, 1, ...) factor that brings the noise to its loudness."""
    wanted = sound.square().flatten(1).sum(dim=1)
    power = noise.square().flatten(1).sum(dim=1)
    ratio = torch.where(power > 0, wanted / power, 0.0)
    gain = ratio.sqrt() * 10.0 ** (-snr.to(ratio.dtype) / 20.0)
    return gain.view(-1, *[1] * (noise.ndim - 1))


class AddNoise:
    """White noise on mel magnitudes; padding stays without.

    Arguments
    ---------
    snr : tuple[float, float], optional
        Lowest and highest signal-to-noise ratio, in dB; None: off.

    Raises
    ------
    ValueError
        If the range cannot be right.

    Example
    -------
    >>> batch = SEDBatch(torch.tensor([0]), torch.rand(1, 40, 10))
    >>> AddNoise((20.0, 40.0))(batch).features.shape
    torch.Size([1, 40, 10])
    """

    def __init__(self, snr: tuple[float, float] | None = (20.0, 40.0)) -> None:
        self.snr = snr
        if snr is not None:  # its own checks, before a training begins
            draw_noise((0, 1, 1), snr)

    def __call__(self, batch: SEDBatch) -> SEDBatch:
        """Adds noise to each clip."""
        if self.snr is None:
            return batch
        mels = batch.features
        plan = draw_noise(tuple(mels.shape), self.snr, device=mels.device)
        noisy = add_noise_to_mels(mels, plan, batch.feature_mask)
        return replace(batch, features=noisy)

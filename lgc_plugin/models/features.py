"""Waveforms to log mel spectrograms in [0, 1]."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchaudio.transforms import MelSpectrogram, Spectrogram

from lgc_plugin.models.precision import at_least_float32


class LogMel(nn.Module):
    """Log mel front end, scaled to [0, 1].

    Mixup and CutMix act between its two halves: ``mel`` gives magnitudes,
    which add up like sounds do; ``normalize`` gives what a network reads:
    ``20 log10(max(m, 1e-5))``, clamped to [-50, 80] dB, then
    ``(x - min) / (max - min + 1e-8)`` over the mel bins and frames of a clip,
    or over that range.

    Arguments
    ---------
    sample_rate : int
        Samples per second.
    n_fft : int
        Length of the DFT, in samples.
    hop_length : int
        Samples between two frames.
    n_mels : int
        Mel bins (HTK scale, no area normalization).
    f_min, f_max : float
        Lowest and highest frequency, in Hz.
    amplitude_floor : float
        Smallest magnitude, before the logarithm.
    decibel_range : tuple[float, float]
        Levels outside are clamped, in dB.
    win_length : int, optional
        Length of a (symmetric Hamming) window, in samples; None: ``n_fft``. A
        shorter one follows short events; zeros around it keep the mel bins
        fine.
    mel_norm : str
        ``clip``: the loudest of a clip is 1 and its softest 0, so that loudness
        does not matter and noise alone looks loud. ``global``: the ends of
        ``decibel_range`` are, for a network that normalizes its mel bins.

    Raises
    ------
    ValueError
        If the frequencies do not fit the sample rate, or the window the DFT, or
        ``mel_norm`` is none of the two.

    Example
    -------
    >>> front_end = LogMel()
    >>> wavs = torch.randn(2, 16000)
    >>> front_end.mel(wavs).shape
    torch.Size([2, 128, 63])
    >>> features = front_end(wavs)
    >>> float(features.amin()), round(float(features.amax()), 5)
    (0.0, 1.0)
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        n_fft: int = 2048,
        hop_length: int = 256,
        n_mels: int = 128,
        f_min: float = 0.0,
        f_max: float = 8000.0,
        amplitude_floor: float = 1e-5,
        decibel_range: tuple[float, float] = (-50.0, 80.0),
        win_length: int | None = None,
        mel_norm: str = "clip",
    ) -> None:
        super().__init__()
        self.mel_norm = check_mel_norm(mel_norm)
        win_length = n_fft if win_length is None else win_length
        if not 1 <= win_length <= n_fft:
            raise ValueError(
                f"win_length is {win_length}: it is at least 1, at most the "
                f"n_fft of {n_fft}"
            )
        if not 0 <= f_min < f_max <= sample_rate / 2:
            raise ValueError(
                f"mel bins from {f_min} to {f_max} Hz do not fit a sample "
                f"rate of {sample_rate} Hz: f_max is at most half of it"
            )
        self.n_mels = n_mels
        self.hop_length = hop_length
        self.sample_rate = sample_rate
        self.amplitude_floor = amplitude_floor
        self.decibel_range = tuple(decibel_range)
        dft: dict[str, Any] = {
            "n_fft": n_fft,
            "win_length": win_length,
            "hop_length": hop_length,
            "window_fn": torch.hamming_window,
            "wkwargs": {"periodic": False},
        }
        self.spectrogram = MelSpectrogram(
            sample_rate=sample_rate,
            f_min=f_min,
            f_max=f_max,
            n_mels=n_mels,
            **dft,
        )
        self.spectrogram.spectrogram = _Magnitudes(**dft, power=None)

    @torch.no_grad()
    def mel(self, wavs: Tensor) -> Tensor:
        """Mel magnitudes of waveforms.

        Arguments
        ---------
        wavs : Tensor
            (B, N) samples, nominally in [-1, 1]; 16-bit integers are scaled
            to that range here, on their device.

        Returns
        -------
        Tensor
            (B, n_mels, N // hop_length + 1), in the module's precision
            (float32), without gradient.
        """
        if wavs.dtype == torch.int16:
            wavs = wavs.float() / 32768.0
        # Half precision has too few bits for the sums of a 2048-point DFT.
        with torch.autocast(wavs.device.type, enabled=False):
            filters = self.spectrogram.mel_scale.fb
            return self.spectrogram(wavs.to(filters.dtype))

    def normalize(self, mels: Tensor, valid: Tensor | None = None) -> Tensor:
        """Magnitudes to levels between 0 and 1, by ``mel_norm``.

        Arguments
        ---------
        mels : Tensor
            (B, n_mels, T) magnitudes.
        valid : Tensor, optional
            (B, T) bool, False on padding, which then has no say in the range
            of its clip and becomes 0.

        Returns
        -------
        Tensor
            (B, n_mels, T)
        """
        with torch.autocast(mels.device.type, enabled=False):
            mels = at_least_float32(mels).clamp_min(self.amplitude_floor)
            levels = 20.0 * mels.log10()
            levels = levels.clamp(*self.decibel_range)
            padding = None if valid is None else ~valid.unsqueeze(1)
            if self.mel_norm == "global":
                low, high = self.decibel_range
                scaled = (levels - low) / (high - low)
            else:
                scaled = _scale_clips(levels, padding)
            if padding is not None:
                scaled = scaled.masked_fill(padding, 0.0)
            return scaled

    def forward(self, wavs: Tensor, valid: Tensor | None = None) -> Tensor:
        """Both halves at once.

        Arguments
        ---------
        wavs : Tensor
            (B, N) samples.
        valid : Tensor, optional
            (B, T) bool, False on padding.

        Returns
        -------
        Tensor
            (B, n_mels, T), T = N // hop_length + 1, in [0, 1].
        """
        return self.normalize(self.mel(wavs), valid)


def check_mel_norm(mel_norm: str) -> str:
    """One of the ways in which mels are normalized."""
    if mel_norm not in ("clip", "global"):
        raise ValueError(f"mel_norm is {mel_norm!r}: it is clip or global")
    return mel_norm


def _scale_clips(levels: Tensor, padding: Tensor | None) -> Tensor:
    """Each clip from 0 (softest) to 1 (loudest)."""
    low, high = levels, levels
    if padding is not None:
        low = levels.masked_fill(padding, torch.inf)
        high = levels.masked_fill(padding, -torch.inf)
    low = low.amin(dim=(1, 2), keepdim=True)
    high = high.amax(dim=(1, 2), keepdim=True)
    return (levels - low) / (high - low + 1e-8)


class _Magnitudes(Spectrogram):
    def forward(self, waveform: Tensor) -> Tensor:
        """(..., N) samples to (..., n_fft // 2 + 1, T) magnitudes."""
        return magnitudes(super().forward(waveform))


def magnitudes(spectrum: Tensor) -> Tensor:
    """Absolute values of complex numbers that neither over- nor underflow.

    On a CPU ``abs()``, which guards against both, takes several times as long.

    >>> magnitudes(torch.tensor([3.0 + 4.0j]))
    tensor([5.])
    """
    real, imag = spectrum.real, spectrum.imag
    return torch.addcmul(real.square(), imag, imag).sqrt()

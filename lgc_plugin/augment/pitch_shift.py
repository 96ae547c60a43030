"""Pitch shift: a clip sounds higher or lower, and lasts as long as before."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from lgc_plugin.augment.samples import float_samples

# In seconds: pieces that are copied in one go, their overlaps, and how far a
# piece may be moved to fit. A sound repeats itself within twice the latter
# down to 67 Hz.
_PIECE = 0.080
_OVERLAP = 0.012
_SEARCH = 0.0075

# How much better (in correlation) a piece must fit that is moved furthest.
_PREFERENCE = 1e-3
_SILENT = 1e-9


@torch.no_grad()
def pitch_shift(
    wavs: Tensor,
    cents: float,
    sample_rate: int,
    n_samples: Tensor | None = None,
) -> Tensor:
    """Moves all frequencies of (B, N) waveforms by the same interval.

    ``cents`` are hundredths of a semitone, in [-1200, 1200]; ``n_samples`` (B,)
    are those before padding, which then stays silent.

    >>> time = torch.arange(16000) / 16000
    >>> tone = torch.sin(2 * torch.pi * 400 * time).unsqueeze(0)
    >>> octave = pitch_shift(tone, 1200, sample_rate=16000)
    >>> octave.shape, int(torch.fft.rfft(octave).abs().argmax())
    (torch.Size([1, 16000]), 800)
    """
    # Clips are stretched in time by 2^(cents / 1200) and resampled to their old
    # length. Stretching copies pieces of 80 ms, each from where, within 7.5 ms,
    # it best continues the one before it (WSOLA, Verhelst and Roelands, ICASSP
    # 1993); resampling cuts or pads the spectrum of the whole clip, which
    # removes exactly what would exceed half the sample rate.
    # Tones, from 67 Hz on, end up within two cents of where they should and
    # keep their level; noise loses less than 0.2 dB, besides what leaves the
    # band. At 250 cents no sound moves by more than 20 ms in time. The
    # published code of random consistency training uses SoX, which works as
    # this does, on the CPU. A phase vocoder, such as torchaudio's
    # pitch_shift, takes several times as long on a CPU, and weakens tones that
    # begin within a clip.
    if not -1200 <= cents <= 1200:
        raise ValueError(f"cents must lie in [-1200, 1200], got {cents}")
    factor = 2.0 ** (cents / 1200.0)
    stretched = _stretch(float_samples(wavs), factor, sample_rate)
    shifted = _resample(stretched, wavs.shape[1])
    if n_samples is not None:
        time = torch.arange(wavs.shape[1], device=wavs.device)
        shifted = shifted.masked_fill(time >= n_samples.unsqueeze(1), 0.0)
    return shifted.to(wavs.dtype) if wavs.is_floating_point() else shifted


def _stretch(wavs: Tensor, factor: float, sample_rate: int) -> Tensor:
    """(B, factor * N): the same sounds, slower or faster."""
    n_stretched = max(round(wavs.shape[1] * factor), 1)
    piece, overlap, search = (
        max(round(seconds * sample_rate), 1)
        for seconds in (_PIECE, _OVERLAP, _SEARCH)
    )
    # Silence on both sides, as pieces may begin before a clip or end after it.
    margin = 2 * piece + overlap + 2 * search
    padded = pad(wavs, (margin, margin))
    # In the middle of a piece, time is what it should be on average.
    nominal = [
        margin + round((start + piece / 2) / factor - piece / 2)
        for start in range(0, n_stretched, piece)
    ]
    starts = _best_starts(padded, nominal, piece, overlap, search)
    step = torch.arange(piece + overlap, device=wavs.device)
    index = (starts.unsqueeze(2) + step).flatten(1)
    pieces = padded.gather(1, index).unflatten(1, (-1, piece + overlap))
    body, rest = pieces[..., :piece], pieces[:, :-1, piece:]
    fade = torch.arange(overlap, device=wavs.device, dtype=wavs.dtype) + 0.5
    fade = torch.sin(fade * torch.pi / (2 * overlap)).square()
    faded = fade * body[:, 1:, :overlap] + (1.0 - fade) * rest
    later = torch.cat([faded, body[:, 1:, overlap:]], dim=2)
    return torch.cat([body[:, :1], later], dim=1).flatten(1)[:, :n_stretched]


def _best_starts(
    padded: Tensor, nominal: list[int], piece: int, overlap: int, search: int
) -> Tensor:
    """(B, K) where in a clip each piece is copied from."""
    device = padded.device
    step = torch.arange(overlap, device=device)
    moved = torch.arange(-search, search + 1, device=device)
    # Where several starts fit alike, as in silence, the nearest one is taken.
    handicap = _PREFERENCE * moved.abs() / search
    starts = [torch.full_like(padded[:, 0], nominal[0], dtype=torch.long)]
    for start in nominal[1:]:
        wanted = (starts[-1] + piece).unsqueeze(1) + step
        wanted = padded.gather(1, wanted).unsqueeze(1)
        reach = padded[:, start - search : start + search + overlap]
        found = reach.unfold(1, overlap, 1)
        loudness = found.norm(dim=2) * wanted.norm(dim=2) + _SILENT
        # Not a matrix product: autocast would have it in half precision.
        fit = (found * wanted).sum(dim=2) / loudness - handicap
        starts.append(start - search + fit.argmax(dim=1))
    return torch.stack(starts, dim=1)


def _resample(wavs: Tensor, n_samples: int) -> Tensor:
    """(B, n_samples) of the same duration, without what does not fit."""
    n_bins = n_samples // 2 + 1
    spectrum = torch.fft.rfft(wavs)
    spectrum = pad(spectrum, (0, max(n_bins - spectrum.shape[1], 0)))
    samples = torch.fft.irfft(spectrum[:, :n_bins], n=n_samples)
    return samples * (n_samples / wavs.shape[1])

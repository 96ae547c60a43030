"""Samples of any kind as mono float32, and as training reads them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lgc_plugin.data.audio_files import FULL_SCALE

# Recordings have fewer channels; (2, 160000) is two channels the other way
# round, or a batch, and would be taken for two samples of 160,000 channels.
_MOST_CHANNELS = 64


def as_mono(wav: ArrayLike) -> NDArray[np.float32]:
    """The mean of the channels, with full scale at 1.

    Channels are the second dimension, as soundfile gives them and as the
    data preparation averages them. Integers are divided by their full scale
    (uint8 is silent at 128, as in 8-bit WAV files); floats are taken as they
    are.

    Returns (N,) float32, never a view of ``wav``.
    """
    return mean_of_channels(as_floats(wav))


def as_floats(wav: ArrayLike) -> NDArray[np.float32]:
    """The samples of all channels, with full scale at 1."""
    wav = np.asarray(wav)
    _check_shape(wav)
    return _as_float32(wav)


def mean_of_channels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """One channel: (N,) of (N,) or (N, channels)."""
    return samples if samples.ndim == 1 else samples.mean(axis=1)


def round_to_16_bits(samples: ArrayLike) -> NDArray[np.float32]:
    """Samples as training and test would read them from their 16-bit files.

    The data preparation stores clips with 16 bits, rounded, and cut at full
    scale. Where the same audio should get the very same scores, it must be
    rounded as well; what was 16-bit mono of the same rate stays as it is.
    """
    scaled = np.rint(np.asarray(samples, np.float32) * np.float32(FULL_SCALE))
    clipped = scaled.clip(-FULL_SCALE, FULL_SCALE - 1)
    # Zeros of either sign are the same integer.
    return (clipped / np.float32(FULL_SCALE) + 0).astype(np.float32, copy=False)


def check_finite(
    samples: NDArray[np.floating], rate: int, name: str, before: int = 0
) -> None:
    """Raises an error that names where a recording holds no numbers."""
    wrong = ~np.isfinite(samples)
    if not wrong.any():
        return
    first = int(wrong.argmax())
    what = "NaN" if np.isnan(samples[first]) else "infinity"
    position = before + first
    raise ValueError(
        f"{name}: {what} at {position / rate:.3f} s (sample {position}): "
        "repair or cut the recording"
    )


def samples_in(seconds: float, rate: int) -> int:
    """How many samples a block of some length has."""
    if not 0 < seconds < float("inf"):
        raise ValueError(f"blocks of {seconds} s: give a positive length")
    return max(1, round(seconds * rate))


def _check_shape(wav: NDArray) -> None:
    if wav.ndim not in (1, 2) or (wav.ndim == 2 and not wav.shape[1]):
        raise ValueError(
            f"samples of shape {wav.shape}: give (samples,) or (samples, "
            "channels)"
        )
    if wav.ndim == 2 and wav.shape[1] > _MOST_CHANNELS:
        raise ValueError(
            f"samples of shape {wav.shape} have {wav.shape[1]} channels: "
            "give (samples, channels), which may be wav.T"
        )


def _as_float32(wav: NDArray) -> NDArray[np.float32]:
    """A copy in float32 with full scale at 1."""
    kind, size = wav.dtype.kind, wav.dtype.itemsize
    if kind == "f":
        # What float32 cannot hold becomes infinite, and is refused as that.
        with np.errstate(over="ignore"):
            return wav.astype(np.float32)
    if kind == "i" and size <= 4:
        # A power of two: nothing is rounded a second time.
        return wav.astype(np.float32) / np.float32(2.0 ** (8 * size - 1))
    if wav.dtype == np.uint8:
        return (wav.astype(np.float32) - 128) / np.float32(128)
    raise ValueError(
        f"samples of type {wav.dtype} have no known full scale: give floats "
        "in [-1, 1], int8, int16, int32 or uint8"
    )

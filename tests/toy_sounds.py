"""Sounds made by code, and what is measured of them."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.signal import stft

from lgc_plugin.data.soundscapes.toy_bank import synthesize

RATE = 16000
N_SOUNDS = 6


@cache
def sounds(label: str) -> list[np.ndarray]:
    """The first few sounds of a class."""
    return [
        synthesize(label, np.random.default_rng([7, i]), RATE)
        for i in range(N_SOUNDS)
    ]


def spectrogram(sound: np.ndarray, rate: int = RATE) -> np.ndarray:
    """(F, T) power in windows of 32 ms."""
    window = round(0.032 * rate)
    return np.abs(stft(sound, rate, nperseg=window, padded=False)[2]) ** 2

"""Channels that cancel one another in their mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Channels that have nothing in common lose 1 / n of their power in the mean of
# n; no more than this share of that is left where they cancel one another.
_CANCELED = 0.02
# About -60 dB: less may be nothing but rounding.
_AUDIBLE = 1e-6
_SECONDS = 10.0


class ChannelCheck:
    """Tells where the mean of channels is much quieter than they are.

    >>> check, time = ChannelCheck(16000), np.arange(16000)
    >>> tone = np.sin(time / 5).astype(np.float32)
    >>> both = np.stack([tone, -tone], axis=1)
    >>> check.push(both, both.mean(axis=1))
    ''
    >>> check.finish()[:39]
    'the mean of its 2 channels is 120 dB qu'
    """

    def __init__(self, rate: int) -> None:
        self._size = round(_SECONDS * rate)
        self._n_channels = 1
        self._count, self._power, self._mean_power = 0, 0.0, 0.0

    def push(
        self, channels: NDArray[np.float32], mono: NDArray[np.float32]
    ) -> str:
        """Takes (n, channels) samples and their mean; a finding, or nothing."""
        self._n_channels = channels.shape[1]
        self._count += len(mono)
        flat = channels.ravel()
        self._power += float(np.dot(flat, flat)) / self._n_channels
        self._mean_power += float(np.dot(mono, mono))
        return self.finish() if self._count >= self._size else ""

    def finish(self) -> str:
        """What was found since the last time."""
        count, power, mean_power = self._count, self._power, self._mean_power
        self._count, self._power, self._mean_power = 0, 0.0, 0.0
        if count < self._size / 100 or power <= _AUDIBLE * count:
            return ""
        if mean_power * self._n_channels >= _CANCELED * power:
            return ""
        decibels = 10 * np.log10(power / max(mean_power, power * 1e-12))
        return (
            f"the mean of its {self._n_channels} channels is {decibels:.0f} dB "
            "quieter than they are, since they cancel one another (opposite "
            "phase), and the model gets nothing else: give one channel, or "
            "turn the sign of one"
        )

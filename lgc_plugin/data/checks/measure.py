"""What a whole audio file holds, by decoding it."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lgc_plugin.data.audio_files import decode_blocks
from lgc_plugin.data.audio_stream import UnreadableError, check_whole

#: From here on, a sample is at full scale (16 bits).
_FULL = 32767 / 32768


@dataclass(frozen=True)
class Measured:
    """What was found in a file."""

    #: In Hz; 0 if nothing could be decoded.
    sample_rate: int = 0
    channels: int = 0
    #: Samples per channel.
    n_samples: int = 0
    #: Largest magnitude, where 1 is full scale.
    peak: float = 0.0
    #: Values at full scale or above.
    n_clipped: int = 0
    #: Values that are NaN or infinite.
    n_not_finite: int = 0
    #: Of the decoded samples, whatever the format.
    digest: str = ""
    #: Why it cannot be decoded to its end; empty if it can.
    error: str = ""
    #: What is odd about the file all the same.
    note: str = ""

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.n_samples / self.sample_rate if self.sample_rate else 0.0

    @property
    def clipped_share(self) -> float:
        """Share of the values at full scale."""
        n_values = self.n_samples * self.channels
        return self.n_clipped / n_values if n_values else 0.0


def measure_content(path: Path) -> Measured:
    """Decodes a file once, in memory that its length does not change."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        measured = _measured(path)
    note = "; ".join(str(warning.message) for warning in caught)
    return replace(measured, note=note.replace(f"{path}: ", ""))


def _measured(path: Path) -> Measured:
    rate = channels = n_samples = n_clipped = n_not_finite = 0
    peak, error = 0.0, ""
    digest = hashlib.sha256()
    try:
        check_whole(path)
        for file_rate, samples in decode_blocks(path):
            rate = file_rate
            channels = samples.shape[1]
            n_samples += len(samples)
            digest.update(samples.tobytes())
            highest = float(np.abs(samples).max())
            if not np.isfinite(highest):
                finite = np.isfinite(samples)
                n_not_finite += int((~finite).sum())
                samples = samples[finite]
                highest = float(np.abs(samples).max(initial=0.0))
            peak = max(peak, highest)
            if highest >= _FULL:
                n_clipped += int((np.abs(samples) >= _FULL).sum())
        if not n_samples:
            error = "it holds no samples"
    except UnreadableError as problem:
        error = problem.why
    digest.update(f"{rate} {channels}".encode())
    return Measured(
        rate,
        channels,
        n_samples,
        peak,
        n_clipped,
        n_not_finite,
        digest.hexdigest(),
        error,
    )

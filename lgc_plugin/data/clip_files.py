"""Audio files as clips of 16-bit samples.

Sixteen bits are what data sets of sound events come in, and half of what
float32 would move between disk, processes and GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

#: What an int16 sample is divided by to be a float in [-1, 1).
FULL_SCALE = 32768.0


class Clips(Protocol):
    """Clips by number, wherever their samples are kept."""

    def __len__(self) -> int:
        """Number of clips."""

    def __getitem__(self, index: int) -> np.ndarray:
        """Samples (N,) int16 of a clip; a view that must not be written to."""


@dataclass(frozen=True)
class ClipFiles:
    """Clips that are decoded from their files each time.

    Arguments
    ---------
    paths : tuple[str, ...]
        The audio files.
    sample_rate : int
        What their rate must be.
    n_samples : int or None
        Longer clips are cut to this; None reads all.
    """

    paths: tuple[str, ...]
    sample_rate: int
    n_samples: int | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return read_clip(self.paths[index], self.sample_rate, self.n_samples)

    def clip_length(self, frames: int) -> int:
        """Samples that are read of a file.

        Arguments
        ---------
        frames : int
            Samples per channel in the file.

        Returns
        -------
        int
        """
        return frames if self.n_samples is None else min(frames, self.n_samples)


def read_clip(
    path: str | Path, sample_rate: int, n_samples: int | None = None
) -> np.ndarray:
    """Samples of a clip, from its start, in one channel.

    What is stored with 16 bits is read as it is; anything else (24 bits,
    floats, the mean of several channels) is rounded to 16 bits, and clipped.

    Arguments
    ---------
    path : str or Path
        The audio file.
    sample_rate : int
        What its rate must be; the data preparation resamples.
    n_samples : int, optional
        Longer clips are cut to this; None reads all.

    Returns
    -------
    np.ndarray
        (N,) int16.

    Raises
    ------
    ValueError
        If the file cannot be decoded, its rate is another one, or it holds
        NaN or infinity.

    Example
    -------
    >>> path = getfixture("tmp_path") / "a.wav"
    >>> soundfile.write(path, [0.5, -1.0, 1.5], 16000, subtype="FLOAT")
    >>> read_clip(path, 16000).tolist()
    [16384, -32768, 32767]
    """
    try:
        with soundfile.SoundFile(path) as file:
            check_rate(path, file.samplerate, sample_rate)
            frames = -1 if n_samples is None else n_samples
            # Asked for int16, libsndfile would not scale floats.
            if file.subtype == "PCM_16" and file.channels == 1:
                return file.read(frames, dtype="int16")
            samples = file.read(frames, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise unreadable(path, error) from error
    samples = samples.mean(axis=1)
    if not np.isfinite(samples).all():
        raise ValueError(
            f"{path}: holds NaN or infinity instead of samples: repair the "
            "file, or remove it and prepare the data again"
        )
    scaled = np.rint(samples * FULL_SCALE)
    return scaled.clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def check_rate(path: str | Path, rate: int, expected: int) -> None:
    """Raises an error that names the file if its rate is not as expected.

    Arguments
    ---------
    path : str or Path
        The audio file.
    rate : int
        Its samples per second.
    expected : int
        What they should be.

    Raises
    ------
    ValueError
        If the two differ.
    """
    if rate != expected:
        raise ValueError(
            f"{path}: sampled at {rate} Hz, expected {expected} Hz; run the "
            "data preparation, or set sample_rate"
        )


def unreadable(path: str | Path, why: object) -> ValueError:
    """The error for a file that is missing or damaged.

    Arguments
    ---------
    path : str or Path
        The audio file.
    why : object
        What was seen.

    Returns
    -------
    ValueError

    Example
    -------
    >>> print(unreadable("a.wav", "no header"))
    a.wav: cannot be decoded (no header): restore it, or prepare the data again
    """
    return ValueError(
        f"{path}: cannot be decoded ({why}): restore it, or prepare the data "
        "again"
    )

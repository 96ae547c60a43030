"""What is listened to: noise with tones in it, of any length and format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from lgc_plugin.data.free_space import free_disk
from lgc_plugin.utils.files import atomic_file

_BLOCK_SECONDS = 10
_NOISE_LEVEL = 0.01
_TONES = 4  # per block
_TONE_SECONDS = (0.1, 5.0)
_TONE_HERTZ = (100.0, 2000.0)
_TONE_LEVELS = (0.02, 0.3)
_HARMONICS = 3
_SPARE_BYTES = 200 * 2**20  # for the model, what is detected, and others


@dataclass(frozen=True)
class Audio:
    """A recording that is to be written.

    Arguments
    ---------
    seconds : float
        Its length.
    sample_rate : int
        Samples per second.
    channels : int
        With the same tones, and noise of their own.
    suffix : str
        Of the file, which decides its format; wav is 16-bit.
    """

    seconds: float
    sample_rate: int = 16000
    channels: int = 1
    suffix: str = "wav"

    @property
    def n_frames(self) -> int:
        """Samples of each channel."""
        return round(self.seconds * self.sample_rate)

    @property
    def n_bytes(self) -> int:
        """Size of the file, or more if its format saves space."""
        return 2 * self.channels * self.n_frames

    @property
    def name(self) -> str:
        """Of the file."""
        return (
            f"{self.seconds:g}s_{self.sample_rate}hz_{self.channels}ch"
            f".{self.suffix}"
        )

    @property
    def writable(self) -> bool:
        """Whether this libsndfile writes the format."""
        return self.suffix.upper() in soundfile.available_formats()


def check_space(folder: Path, recordings: Iterable[Audio]) -> None:
    """Refuses a folder that cannot hold all recordings.

    Arguments
    ---------
    folder : Path
        Where they will be written; it need not exist.
    recordings : Iterable[Audio]
        Each counts once, however often it is there.

    Raises
    ------
    OSError
        If the disk is too full.
    """
    needed = sum(each.n_bytes for each in set(recordings)) + _SPARE_BYTES
    free = free_disk(folder)
    if free < needed:
        raise OSError(
            f"{folder}: the recordings need {needed / 1e9:.1f} GB, "
            f"{free / 1e9:.1f} GB are free; give another --folder, or "
            "shorter --lengths"
        )


def write_audio(folder: Path, audio: Audio, seed: int) -> Path:
    """Writes a recording block by block.

    Arguments
    ---------
    folder : Path
        Where to.
    audio : Audio
        What.
    seed : int
        Decides the sounds. A longer recording begins like a shorter one, and
        at another rate there are the same tones.

    Returns
    -------
    Path
        The file; one that exists is replaced.
    """
    path = folder / audio.name
    per_block = _BLOCK_SECONDS * audio.sample_rate
    with (
        atomic_file(path) as temporary,
        soundfile.SoundFile(
            temporary,
            "w",
            audio.sample_rate,
            audio.channels,
            format=audio.suffix.upper(),
        ) as file,
    ):
        for number, start in enumerate(range(0, audio.n_frames, per_block)):
            n_frames = min(per_block, audio.n_frames - start)
            file.write(_block(audio, n_frames, [seed, number]))
    return path


def _block(audio: Audio, n_frames: int, seed: list[int]) -> NDArray[np.float32]:
    """(n_frames, channels) samples in (-1, 1)."""
    draws = np.random.default_rng(seed)
    tones = _draw_tones(draws, audio.sample_rate)[:n_frames, None]
    noise = draws.standard_normal((n_frames, audio.channels), np.float32)
    samples = np.clip(tones + _NOISE_LEVEL * noise, -1, 1)
    return np.rint(32767 * samples).astype(np.int16)


def _draw_tones(
    draws: np.random.Generator, sample_rate: int
) -> NDArray[np.float32]:
    """A block of silence with some tones that swell and fade."""
    block = np.zeros(_BLOCK_SECONDS * sample_rate, np.float32)
    for _ in range(_TONES):
        seconds, hertz, level = (
            np.exp(draws.uniform(*np.log(limits)))
            for limits in (_TONE_SECONDS, _TONE_HERTZ, _TONE_LEVELS)
        )
        onset = draws.uniform(0, _BLOCK_SECONDS - seconds)
        first, count = int(onset * sample_rate), int(seconds * sample_rate)
        phase = 2 * np.pi * hertz / sample_rate * np.arange(count)
        harmonics = range(1, _HARMONICS + 1)
        tone = sum(np.sin(n * phase) / n for n in harmonics)
        block[first : first + count] += level * tone * np.hanning(count)
    return block

"""What is measured of the detector: recordings, formats, options.

A recording is noise with tones in it, of any length and format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    """A recording that is to be written."""

    #: Its length
    seconds: float
    #: Samples per second
    sample_rate: int = 16000
    #: With the same tones, and noise of their own
    channels: int = 1
    #: Of the file, which decides its format; wav is 16-bit
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
    """Refuses a folder that cannot hold all recordings."""
    needed = sum(each.n_bytes for each in set(recordings)) + _SPARE_BYTES
    free = free_disk(folder)
    if free < needed:
        raise OSError(
            f"{folder}: the recordings need {needed / 1e9:.1f} GB, "
            f"{free / 1e9:.1f} GB are free; give another --folder, or "
            "shorter --lengths"
        )


def write_audio(folder: Path, audio: Audio, seed: int) -> Path:
    """Writes a recording block by block."""
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


START = "start"
_START_SECONDS = 1.0
LENGTHS = (60.0, 600.0, 3600.0, 10800.0)


@dataclass(frozen=True)
class Variant:
    """Another way than one file in the model's own format."""

    #: For the command line
    name: str
    #: For the table
    title: str
    #: Length of the recording, unless all others are shorter
    seconds: float = 3600.0
    #: What differs from the defaults of :class:`.Audio`
    audio: Mapping[str, Any] = field(default_factory=dict)
    #: Of ``lgc-sed detect``
    options: tuple[str, ...] = ()
    #: Whether the recording comes through a pipe
    stream: bool = False


VARIANTS = (
    Variant(
        "stereo",
        "44.1 kHz, stereo",
        audio={"sample_rate": 44100, "channels": 2},
    ),
    Variant("flac", "FLAC", audio={"suffix": "flac"}),
    Variant("mp3", "MP3", audio={"suffix": "mp3"}),
    Variant("stream", "stream, through a pipe", stream=True),
    Variant("batch_1", "--batch-size 1", options=("--batch-size=1",)),
    Variant("batch_16", "--batch-size 16", options=("--batch-size=16",)),
    Variant("hop_1", "--hop 1", 600.0, options=("--hop=1",)),
    Variant("bf16", "--precision bf16", 60.0, options=("--precision=bf16",)),
)


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    #: For the results, for people
    name: str
    title: str
    #: The recording
    audio: Audio
    #: Of ``lgc-sed detect``
    options: tuple[str, ...] = ()
    #: Whether the recording comes through a pipe
    stream: bool = False


def length_name(seconds: float) -> str:
    """Name of the case of one length."""
    return f"{seconds:g}_s"


def duration(seconds: float) -> str:
    """A length for people."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def make_cases(
    lengths: Iterable[float], variants: Sequence[Variant]
) -> list[Case]:
    """All lines of the table, in order."""
    cases = [Case(START, "start", Audio(_START_SECONDS))]
    lengths = sorted(set(lengths))
    cases += [Case(length_name(s), "file", Audio(s)) for s in lengths]
    for each in variants:
        audio = Audio(min(each.seconds, lengths[-1]), **each.audio)
        cases.append(
            Case(each.name, each.title, audio, each.options, each.stream)
        )
    return cases

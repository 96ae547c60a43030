"""Audio files: those of a folder, their headers, and their 16-bit samples.

Sixteen bits are what data sets of sound events come in, and half of what
float32 would move between disk, processes and GPU.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from lgc_plugin.utils.parallel import progress_bar

# The first is preferred where a clip comes in several formats.
SUFFIXES = (".wav", ".flac")

# Other endings of formats that libsndfile may know.
_ALIASES = {
    "AIFF": ("aif", "aifc"),
    "AU": ("snd",),
    "MP3": ("mp2",),
    "NIST": ("sph",),
    "OGG": ("oga", "opus"),
    "SVX": ("iff",),
    "WAV": ("wave", "bwf"),
}

# Opening files on a network disk is waiting, not computing.
_READERS = 16


@dataclass(frozen=True)
class AudioFile:
    """An audio file, and what changes when it is replaced."""

    #: The file.
    path: Path
    #: In bytes.
    size: int
    #: Time of the last change, in nanoseconds.
    modified: int


@dataclass(frozen=True)
class AudioHeader:
    """What the header of an audio file contains."""

    #: Samples per second.
    sample_rate: int
    #: Number of channels.
    channels: int
    #: Samples per channel.
    frames: int
    #: How samples are stored, in libsndfile's words (``PCM_16``).
    subtype: str

    @property
    def seconds(self) -> float:
        """Length of the audio in seconds."""
        return self.frames / self.sample_rate

    def is_ready(self, sample_rate: int) -> bool:
        """Whether training can read the file as it is."""
        return (
            self.sample_rate == sample_rate
            and self.channels == 1
            and self.frames > 0
            and self.subtype.startswith("PCM_")
        )


def audio_suffixes() -> frozenset[str]:
    """Endings of the files that are taken for audio in a folder."""
    formats = set(soundfile.available_formats()) - {"RAW"}
    aliases = [_ALIASES.get(name, ()) for name in formats]
    endings = {name.lower() for name in formats}.union(*aliases)
    return frozenset(f".{ending}" for ending in endings)


def clip_id(filename: str) -> str:
    """Name of a clip: its file name without ``.wav`` or ``.flac``.

    Names such as ``Y0A1_16.000_26.000`` keep every dot: only a suffix that
    means audio is taken off.
    """
    stem, suffix = os.path.splitext(filename)
    return stem if suffix.lower() in SUFFIXES else filename


def list_audio(folder: str | Path) -> dict[str, AudioFile]:
    """The audio files of a folder, without its subfolders."""
    folder = Path(folder)
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        files = [entry for entry in entries if _is_audio(entry)]
    files.sort(key=_preference)
    clips: dict[str, AudioFile] = {}
    for entry in files:
        stat = entry.stat()
        clips.setdefault(
            clip_id(entry.name),
            AudioFile(Path(entry.path), stat.st_size, stat.st_mtime_ns),
        )
    return clips


def read_headers(
    paths: Iterable[Path], *, description: str = "", progress: bool = True
) -> list[AudioHeader | None]:
    """Reads the headers of many audio files."""
    paths = list(paths)
    with ThreadPoolExecutor(_READERS) as pool:
        headers = progress_bar(
            pool.map(_read_header, paths),
            total=len(paths),
            desc=description,
            unit="clip",
            shown=progress,
        )
        return list(headers)


def _is_audio(entry: os.DirEntry[str]) -> bool:
    suffix = os.path.splitext(entry.name)[1].lower()
    hidden = entry.name.startswith(".")
    return suffix in SUFFIXES and not hidden and entry.is_file()


def _preference(entry: os.DirEntry[str]) -> tuple[str, int, str]:
    suffix = os.path.splitext(entry.name)[1].lower()
    return clip_id(entry.name), SUFFIXES.index(suffix), entry.name


def _read_header(path: Path) -> AudioHeader | None:
    try:
        with soundfile.SoundFile(path) as file:
            return AudioHeader(
                file.samplerate, file.channels, file.frames, file.subtype
            )
    except (soundfile.LibsndfileError, OSError):
        return None


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
    """Clips that are decoded from their files each time."""

    #: The audio files.
    paths: tuple[str, ...]
    #: What their rate must be.
    sample_rate: int
    #: Longer clips are cut to this; None reads all.
    n_samples: int | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return read_clip(self.paths[index], self.sample_rate, self.n_samples)

    def clip_length(self, frames: int) -> int:
        """Samples that are read of a file."""
        return frames if self.n_samples is None else min(frames, self.n_samples)


def read_clip(
    path: str | Path, sample_rate: int, n_samples: int | None = None
) -> np.ndarray:
    """Samples of a clip, from its start, in one channel.

    What is stored with 16 bits is read as it is; anything else (24 bits,
    floats, the mean of several channels) is rounded to 16 bits, and clipped.

    Returns (N,) int16.
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
    """Raises an error that names the file if its rate is not as expected."""
    if rate != expected:
        raise ValueError(
            f"{path}: sampled at {rate} Hz, expected {expected} Hz; run the "
            "data preparation, or set sample_rate"
        )


def unreadable(path: str | Path, why: object) -> ValueError:
    """The error for a file that is missing or damaged."""
    return ValueError(
        f"{path}: cannot be decoded ({why}): restore it, or prepare the data "
        "again"
    )

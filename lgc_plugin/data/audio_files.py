"""Audio files: how long they are, and their samples.

Headers are not believed: a recorder that lost power, a pipe or a broken copy
leaves lengths of 0, of 2^63 - 1 or of more than there is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile

from lgc_plugin.data.audio_stream import check_whole, open_audio
from lgc_plugin.utils.parallel import available_cores, progress_bar

# Opening files on a network disk is waiting, not computing.
_READERS = 16

# Values that are decoded at once, and samples where the place of damage counts:
# what is decoded together with a damaged part is lost.
_PIECE = 1 << 20
_SMALL_PIECE = 1 << 12
# Samples that are decoded at once to count them.
_COUNTED = 1 << 16
# Formats whose headers may give another length than is decoded.
_ESTIMATED = {"MP3", "OGG"}
_COMPRESSED = {"FLAC", *_ESTIMATED}
_UNKNOWN = 1 << 62

Measured = TypeVar("Measured")

#: What an int16 sample is divided by to be a float in [-1, 1).
FULL_SCALE = 32768.0


@dataclass(frozen=True)
class AudioHeader:
    """What an audio file contains."""

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
            and self.subtype.startswith("PCM_")
        )


def read_samples(
    file: soundfile.SoundFile, n_frames: int | None, dtype: str
) -> np.ndarray:
    """(N, channels) all samples of an open file, or the first of them."""
    most = max(1, _PIECE // file.channels)
    left = _UNKNOWN if n_frames is None else n_frames
    if file.format not in _ESTIMATED:  # there is never more
        left = min(left, file.frames)
    # A clip is read at once if its header is right, and no more memory is
    # taken than it has samples if not.
    size = file.frames if 0 < file.frames < most else most
    pieces = []
    while left > 0:
        piece = file.read(min(size, left), dtype=dtype, always_2d=True)
        if not len(piece):
            break
        pieces.append(piece)
        left -= len(piece)
        size = min(_SMALL_PIECE * len(pieces), most)
    short = left and _too_short(file, sum(map(len, pieces)))
    if short:
        raise EOFError(short)
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate([np.empty((0, file.channels), dtype), *pieces])


def decode_blocks(
    path: str | Path, block_seconds: float = 10.0
) -> Iterator[tuple[int, np.ndarray]]:
    """Decodes a file block by block, in memory that its length does not change.

    Yields its sample rate and (n, channels) float32, of ``block_seconds``
    but the last. What is damaged raises ValueError, after the samples before
    the damage were given out.
    """
    with open_audio(path) as file:
        rate = file.samplerate
        size = max(1, min(round(block_seconds * rate), _PIECE))
        # In plain samples, libsndfile sees no damage.
        n_frames = size if _is_plain(file) else _SMALL_PIECE
        done, pieces, ready = 0, [], 0
        error = None
        while error is None:
            piece = np.empty((0, file.channels), np.float32)
            try:
                piece = file.read(n_frames, "float32", always_2d=True)
            except soundfile.LibsndfileError as problem:
                error = problem.error_string
            pieces.append(piece)
            ready += len(piece)
            ended = error is not None or not len(piece)
            while ready >= size or (ended and ready):
                joined = np.concatenate(pieces)
                done += len(joined[:size])
                yield rate, joined[:size]
                pieces = [joined[size:]]
                ready = len(pieces[0])
            if ended and error is None:
                error = _too_short(file, done)
                break
        if error:
            raise EOFError(f"{error} after {done / rate:.3f} s")


def audio_header(path: str | Path) -> AudioHeader:
    """What the header of a file claims; its length may be anything."""
    with open_audio(path, quiet=True) as file:
        return AudioHeader(
            file.samplerate, file.channels, file.frames, file.subtype
        )


def measure_audio(path: str | Path, *, decode: bool = False) -> AudioHeader:
    """What a file contains, its length counted by decoding where needed.

    The length in a header is used for plain PCM only, where it follows from
    the size of the file; ``decode`` decodes that too, to find damage.
    ValueError says why a file cannot be used.
    """
    check_whole(path)
    with open_audio(path) as file:
        n_frames = file.frames
        size = os.path.getsize(path)
        if decode or not _is_plain(file) or not 0 < n_frames <= size:
            n_frames = 0
            # Integers, in what a cache holds: floats take ten times as long.
            while piece := len(file.read(_COUNTED, "int16", always_2d=True)):
                n_frames += piece
            if short := _too_short(file, n_frames):
                raise EOFError(short)
        if not n_frames:
            raise EOFError("it holds no samples")
        return AudioHeader(
            file.samplerate, file.channels, n_frames, file.subtype
        )


def _is_plain(file: soundfile.SoundFile) -> bool:
    """Whether samples are stored as they are."""
    return file.format not in _COMPRESSED and file.subtype.startswith(
        ("PCM_", "FLOAT", "DOUBLE")
    )


def _too_short(file: soundfile.SoundFile, n_frames: int) -> str | None:
    """Why a FLAC that ends early is damaged; estimates of others are none."""
    if file.format != "FLAC" or n_frames >= file.frames:
        return None
    if file.frames > _UNKNOWN:
        return None
    return (
        f"it ends after {n_frames / file.samplerate:.3f} s, "
        f"{file.frames / file.samplerate:.3f} s by its header"
    )


def measure_files(
    paths: Iterable[Path],
    measure: Callable[[Path], Measured],
    *,
    n_jobs: int | None = None,
    description: str = "",
    progress: bool = True,
) -> list[Measured | str]:
    """What many files contain; for one that cannot be used, the reason."""
    paths = list(paths)

    def try_measure(path: Path) -> Measured | str:
        try:
            return measure(path)
        except ValueError as error:
            return str(error)

    # libsndfile decodes without Python's lock.
    with ThreadPoolExecutor(n_jobs or max(_READERS, available_cores())) as pool:
        measured = progress_bar(
            pool.map(try_measure, paths),
            total=len(paths),
            desc=description,
            unit="clip",
            shown=progress and bool(paths),
        )
        return list(measured)


def read_clip(
    path: str | Path, sample_rate: int, n_samples: int | None = None
) -> np.ndarray:
    """Samples (N,) int16 of a clip, from its start, in one channel.

    What is stored with 16 bits is read as it is; anything else (24 bits,
    floats, the mean of several channels) is rounded to 16 bits, and clipped.
    """
    # The preparation has warned already.
    with open_audio(path, quiet=True) as file:
        check_rate(path, file.samplerate, sample_rate)
        # Asked for int16, libsndfile would not scale floats.
        if file.subtype == "PCM_16" and file.channels == 1:
            return read_samples(file, n_samples, "int16")[:, 0]
        samples = read_samples(file, n_samples, "float32").mean(axis=1)
    if not np.isfinite(samples).all():
        raise ValueError(
            f"{path}: holds NaN or infinity instead of samples: repair the "
            "file, or remove it and prepare the data again"
        )
    scaled = np.rint(samples * FULL_SCALE)
    return scaled.clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def write_pcm16(
    path: str | Path,
    samples: np.ndarray,
    rate: int,
    *,
    name: str | Path | None = None,
) -> None:
    """Writes (N,) or (N, channels) samples with 16 bits; errors call the
    file by ``name``.
    """
    try:
        soundfile.write(path, samples, rate, subtype="PCM_16")
    except soundfile.LibsndfileError as error:
        # This exception does not survive the way back from a worker process.
        said = error.error_string
        raise OSError(f"cannot write {name or path}: {said}") from None


def check_rate(path: str | Path, rate: int, expected: int) -> None:
    """Raises an error that names the file if its rate is not as expected."""
    if rate != expected:
        raise ValueError(
            f"{path}: sampled at {rate} Hz, expected {expected} Hz; run the "
            "data preparation, or set sample_rate"
        )

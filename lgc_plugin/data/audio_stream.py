"""Opens audio files so that odd ones can be read too."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile

# No recording has more; what a damaged header claims must not be resampled.
_HIGHEST_RATE = 10_000_000
_LEAST_MISSING = 64


class _Stream(soundfile.SoundFile):
    """A file that is read from start to end.

    What claims to be seekable is sought in after every read, which fails
    where the length is unknown.
    """

    def seekable(self) -> bool:
        return False


class _Rest(io.FileIO):
    """What an open file holds from some byte on."""

    def __init__(self, descriptor: int, start: int) -> None:
        super().__init__(descriptor, closefd=False)
        self._start = start

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        shift = self._start if whence == os.SEEK_SET else 0
        return super().seek(offset + shift, whence) - self._start

    def tell(self) -> int:
        return super().tell() - self._start


@contextmanager
def open_audio(
    path: str | Path, *, quiet: bool = False
) -> Iterator[soundfile.SoundFile]:
    """Opens a file to be read from start to end, by its ``read``.

    It is opened by its descriptor: by its name, libsndfile would take the
    ``._a.mp3`` of a Mac for a part of ``a.mp3``.

    A WAV whose header was never finished (sizes of 0, as a recorder leaves
    it that loses power) is read to the end of the file, with a warning
    unless ``quiet``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise unreadable(path, error.strerror) from error
    try:
        with _opened(path, descriptor, quiet) as file:
            if not 0 < file.samplerate <= _HIGHEST_RATE:
                claimed = f"its header claims {file.samplerate} Hz"
                raise unreadable(path, claimed)
            yield file
    except soundfile.LibsndfileError as error:
        raise unreadable(path, error.error_string) from error
    except EOFError as error:
        raise unreadable(path, error) from error
    finally:
        os.close(descriptor)


def _opened(
    path: str | Path, descriptor: int, quiet: bool
) -> soundfile.SoundFile:
    file = _Stream(descriptor, closefd=False)
    start = 0 if file.frames else _unfinished(descriptor)
    if not start:
        return file
    if not quiet:
        left = os.fstat(descriptor).st_size - start
        warnings.warn(
            f"{path}: its header was never finished: {left:,} bytes of "
            "samples follow, which are read",
            stacklevel=5,
        )
    kind = (file.samplerate, file.channels, file.subtype, "LITTLE", "RAW")
    file.close()
    return _Stream(_Rest(descriptor, start), "r", *kind)


def _unfinished(descriptor: int) -> int:
    """Where the samples of a WAV begin that has no sizes; 0 if it has."""
    head = os.pread(descriptor, 1 << 16, 0)
    start = head.find(b"data", 12) + 8
    is_wav = head[:4] == b"RIFF" and head[8:16] == b"WAVEfmt "
    size = int.from_bytes(head[4:8], "little") + 8
    return start if is_wav and start > 8 and size < start < len(head) else 0


def missing_bytes(path: str | Path) -> int:
    """How many bytes a WAV lacks by its header, which libsndfile corrects."""
    try:
        with open(path, "rb") as file:
            head = file.read(8)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise unreadable(path, error.strerror) from error
    claimed = int.from_bytes(head[4:], "little") + 8
    # Who writes to a pipe puts the largest numbers there.
    if head[:4] != b"RIFF" or claimed >= 2**31 - 2**16:
        return 0
    # Some programs count a few bytes of the header too much.
    return claimed - size if claimed - size >= _LEAST_MISSING else 0


def check_whole(path: str | Path) -> None:
    """Refuses a WAV that was cut off."""
    if missing := missing_bytes(path):
        why = f"it is cut off: {missing:,} bytes are missing at its end"
        raise unreadable(path, why)


class UnreadableError(ValueError):
    """A file that is missing or damaged, and why."""

    why: str


def unreadable(path: str | Path, why: object) -> UnreadableError:
    """The error for a file that is missing or damaged."""
    error = UnreadableError(
        f"{path}: cannot be decoded ({why}): restore it, or prepare the data "
        "again"
    )
    error.why = str(why)
    return error

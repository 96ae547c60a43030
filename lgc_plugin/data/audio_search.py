"""Which files of a folder are recordings: one list of formats for all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import soundfile

# Preferred, in this order, where a clip comes in several formats.
_PREFERRED = (".wav", ".flac")

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

# Endings of recordings that libsndfile does not read (unless it learns to).
_FOREIGN = frozenset(
    f".{ending}"
    for ending in (
        "3gp 3gpp aac ac3 alac amr ape asf avi dff dsf dss dts eac3 flv m4a "
        "m4b m4v mka mkv mov mp4 mpc mpeg mpg mts ra rm tta webm wma wmv wv"
    ).split()
)
_NAMES_SHOWN = 4


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
class AudioSearch:
    """The recordings of a folder, and what was passed over."""

    #: Audio that libsndfile may read, by path; a broken link is among them.
    files: tuple[Path, ...] = ()
    #: Recordings in formats that libsndfile does not read, by path.
    foreign: tuple[Path, ...] = ()
    #: Folders that could not be searched, and why.
    closed: Mapping[Path, str] = field(default_factory=dict)

    def passed_over(self) -> str:
        """What was passed over, in one sentence; empty if nothing was."""
        parts = []
        if self.foreign:
            endings = Counter(file.suffix.lower() for file in self.foreign)
            shown = ", ".join(list(endings)[:_NAMES_SHOWN])
            more = " ..." if len(endings) > _NAMES_SHOWN else ""
            n = len(self.foreign)
            parts.append(
                f"{n} file{'s are' if n > 1 else ' is'} passed over: "
                f"libsndfile does not read {shown}{more} (the first is "
                f"{self.foreign[0]}): convert to WAV or FLAC"
            )
        parts += [
            f"{folder} is not searched ({why})"
            for folder, why in self.closed.items()
        ]
        return "; ".join(parts)


@lru_cache(maxsize=1)
def audio_suffixes() -> frozenset[str]:
    """Endings of the files that are taken for audio in a folder."""
    formats = set(soundfile.available_formats()) - {"RAW"}
    aliases = [_ALIASES.get(name, ()) for name in formats]
    endings = {name.lower() for name in formats}.union(*aliases)
    return frozenset(f".{ending}" for ending in endings)


def clip_id(filename: str) -> str:
    """Name of a clip: its file name without the suffix of an audio format.

    Names such as ``Y0A1_16.000_26.000`` keep every dot.
    """
    return os.path.splitext(filename)[0] if _is_audio(filename) else filename


def search_audio(folder: str | Path, *, below: bool = True) -> AudioSearch:
    """Finds the recordings of a folder, and of those below it.

    Links are followed, without going in circles. Hidden files (among them
    the ``._*`` of a Mac) are no recordings.
    """
    paths: list[Path] = []
    closed: dict[Path, str] = {}

    def search(here: Path, above: frozenset[str]) -> None:
        real = os.path.realpath(here)
        if real in above:
            return
        try:
            with os.scandir(here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            closed[here] = error.strerror or str(error)
            return
        # On a network disk every question about a file takes its time.
        for entry in entries:
            path = here / entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                if below:
                    search(path, above | {real})
            elif entry.is_file() or _is_audio(entry.name):
                paths.append(path)
            elif entry.is_symlink():
                closed[path] = "a link to nothing"

    search(Path(folder), frozenset())
    return _by_format(paths, closed)


def _is_audio(filename: str) -> bool:
    """Whether a file name ends as recordings do, of formats read or not."""
    suffix = os.path.splitext(filename)[1]
    return suffix.lower() in audio_suffixes() | _FOREIGN


def audio_among(paths: Iterable[Path]) -> AudioSearch:
    """The recordings among some files; a broken link is one."""
    files = [path for path in paths if path.is_file() or path.is_symlink()]
    return _by_format(files, {})


def _by_format(
    paths: Iterable[Path], closed: Mapping[Path, str]
) -> AudioSearch:
    files: list[Path] = []
    foreign: list[Path] = []
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in audio_suffixes():
            files.append(path)
        elif suffix in _FOREIGN:
            foreign.append(path)
    return AudioSearch(tuple(files), tuple(foreign), closed)


class ClipListing(NamedTuple):
    """The clips of a folder, without its subfolders."""

    #: The file of each clip.
    files: dict[str, AudioFile]
    #: For each clip that is no audio file, the reason.
    unread: dict[str, str]


def list_clips(folder: str | Path) -> ClipListing:
    """Lists the clips of a folder; none if it is not there."""
    listing = ClipListing({}, {})
    if not os.path.isdir(folder):
        return listing
    found = search_audio(folder, below=False)
    for path in sorted(found.files, key=_order):
        clip = clip_id(path.name)
        try:
            stat = path.stat()
        except OSError:
            listing.unread[clip] = "a link to nothing"
            continue
        file = AudioFile(path, stat.st_size, stat.st_mtime_ns)
        listing.files.setdefault(clip, file)
    for path in found.foreign:
        why = f"libsndfile does not read {path.suffix}: convert it"
        listing.unread[clip_id(path.name)] = why
    return listing


def list_audio(folder: str | Path) -> dict[str, AudioFile]:
    """The audio files of a folder, without its subfolders, by clip."""
    return list_clips(folder).files


def _order(path: Path) -> tuple[str, int, str]:
    suffix = path.suffix.lower()
    last = len(_PREFERRED)
    rank = _PREFERRED.index(suffix) if suffix in _PREFERRED else last
    return clip_id(path.name), rank, path.name

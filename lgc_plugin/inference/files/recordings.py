"""Which recordings somebody means by files, folders and patterns."""

from __future__ import annotations

import glob
import os
import re
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from lgc_plugin.data.audio_search import audio_among, search_audio

_WILDCARD = re.compile(r"[*?[]")


class Source(NamedTuple):
    """A recording, and what it is called in the output."""

    #: The file; it may be missing or hold no audio.
    path: Path
    #: Its file name, or where it lies in the folder that was searched, with
    #: ``/`` between folders.
    name: str


class Recordings(NamedTuple):
    """What was found, and what was passed over."""

    #: By name.
    sources: list[Source]
    #: Sentences: files that libsndfile does not read, by number, and folders
    #: that could not be searched.
    passed_over: list[str]


def find_recordings(words: Sequence[str | Path]) -> Recordings:
    """Finds the recordings that words stand for."""
    found: dict[str, Source] = {}
    empty, passed_over = [], []
    for word in map(str, words):
        sources, skipped = _sources(word)
        if skipped:
            passed_over.append(f"{word}: {skipped}")
        if not any(os.path.lexists(source.path) for source in sources):
            # What is missing beside others is reported where it would be read.
            problem = _nothing(word) + (f"; {skipped}" if skipped else "")
            empty.append((problem, bool(sources or skipped)))
        for source in sources:
            found.setdefault(os.path.abspath(source.path), source)
    if len(empty) == len(words):
        raise FileNotFoundError("; ".join(text for text, _ in empty))
    for text, named_later in empty:
        if not named_later:
            warnings.warn(text, stacklevel=2)
    return Recordings(_by_name(found.values()), passed_over)


def _nothing(word: str) -> str:
    """Why a word stands for nothing."""
    if os.path.isdir(word):
        return f"{word}: no audio file in it"
    if _WILDCARD.search(word):
        return f"{word}: no audio file has such a name"
    return f"{word or repr(word)}: no such file or folder"


def _sources(word: str) -> tuple[list[Source], str]:
    """Recordings, and what was passed over."""
    path = Path(word)
    if not word:
        return [], ""  # Path takes it for the folder that one is in
    if os.path.isdir(path):
        root, found = path, search_audio(path)
    elif os.path.lexists(path) or not _WILDCARD.search(word):
        return [Source(path, path.name)], ""
    else:
        root = _root(path)
        found = audio_among(map(Path, glob.iglob(word, recursive=True)))
    sources = [
        Source(file, file.relative_to(root).as_posix()) for file in found.files
    ]
    return sources, found.passed_over()


def _root(pattern: Path) -> Path:
    """The folder in which all that fits a pattern lies."""
    parts = pattern.parts
    wild = [bool(_WILDCARD.search(part)) for part in parts].index(True)
    if ".." in parts[wild:]:
        raise ValueError(
            f"{pattern}: '..' behind a wildcard leads out of the folder that "
            "recordings are called by: write that folder before the wildcard"
        )
    return Path(*parts[:wild])


def _by_name(sources: Iterable[Source]) -> list[Source]:
    named: dict[str, Source] = {}
    for source in sources:
        twin = named.setdefault(source.name, source)
        if twin is not source:
            raise ValueError(
                f"{twin.path} and {source.path} would both be called "
                f"{source.name!r}: give a folder that holds both, or a "
                "pattern in quotes, so that names begin with their folders"
            )
    return sorted(named.values(), key=lambda source: source.name)

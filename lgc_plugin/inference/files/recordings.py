"""Which recordings somebody means by files, folders and patterns."""

from __future__ import annotations

import glob
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lgc_plugin.data.audio_search import audio_suffixes

_WILDCARD = re.compile(r"[*?[]")


class Source(NamedTuple):
    """A recording, and what it is called in the output."""

    #: The file; it may be missing or hold no audio.
    path: Path
    #: Its file name, or where it lies in the folder that was searched, with
    #: ``/`` between folders.
    name: str


def find_recordings(words: Sequence[str | Path]) -> list[Source]:
    """Finds the recordings that words stand for."""
    found: dict[str, Source] = {}
    empty = []
    for word in map(str, words):
        sources = list(_sources(word))
        if not any(os.path.lexists(source.path) for source in sources):
            # What is missing beside others is reported where it would be read.
            empty.append((_nothing(word), bool(sources)))
        for source in sources:
            found.setdefault(os.path.abspath(source.path), source)
    if len(empty) == len(words):
        raise FileNotFoundError("; ".join(text for text, _ in empty))
    for text, told_later in empty:
        if not told_later:
            warnings.warn(text, stacklevel=2)
    return _by_name(found.values())


def _nothing(word: str) -> str:
    """Why a word stands for nothing."""
    if os.path.isdir(word):
        return f"{word}: no audio file in it"
    if _WILDCARD.search(word):
        return f"{word}: no audio file has such a name"
    return f"{word or repr(word)}: no such file or folder"


def _sources(word: str) -> Iterator[Source]:
    path, suffixes = Path(word), audio_suffixes()
    if not word:
        return  # Path takes it for the folder that one is in
    if os.path.isdir(path):
        for file in _search(path, frozenset(), suffixes):
            yield Source(file, file.relative_to(path).as_posix())
    elif os.path.lexists(path) or not _WILDCARD.search(word):
        yield Source(path, path.name)
    else:
        root = _root(path)
        for match in map(Path, glob.iglob(word, recursive=True)):
            if match.suffix.lower() in suffixes and _is_file(match):
                yield Source(match, match.relative_to(root).as_posix())


def _root(pattern: Path) -> Path:
    """The folder in which all that fits a pattern lies."""
    parts = pattern.parts
    wild = [bool(_WILDCARD.search(part)) for part in parts]
    return Path(*parts[: wild.index(True)])


def _search(
    folder: Path, above: frozenset[str], suffixes: frozenset[str]
) -> Iterator[Path]:
    """Audio in a folder and below, without going in circles."""
    here = os.path.realpath(folder)
    if here in above:
        return
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        warnings.warn(
            f"{folder}: is not searched ({error.strerror})", stacklevel=2
        )
        return
    for name in names:
        path = folder / name
        if name.startswith("."):
            continue
        if os.path.isdir(path):
            yield from _search(path, above | {here}, suffixes)
        elif path.suffix.lower() in suffixes and _is_file(path):
            yield path


def _is_file(path: Path) -> bool:
    # A broken link is a recording that is missing, and is told as one.
    return os.path.isfile(path) or os.path.islink(path)


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

"""Tells whether files have changed, by content or by what stands for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from lgc_plugin.data.audio_files import list_audio
from lgc_plugin.data.clip_sets import ClipSet

ABSENT = "absent"


def file_digest(path: str | Path) -> str:
    """A hash of the bytes of a file.

    Arguments
    ---------
    path : str or Path
        The file.

    Returns
    -------
    str
        SHA-256 in hexadecimal, or ``absent`` if there is no such file.

    Example
    -------
    >>> file_digest("no_such.tsv")
    'absent'
    """
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ABSENT


def audio_digest(folder: str | Path) -> str:
    """A hash of the names, sizes and times of the audio in a folder.

    The audio itself is not read: a set holds gigabytes of it.

    Arguments
    ---------
    folder : str or Path
        The folder; its subfolders do not count.

    Returns
    -------
    str
        SHA-256 in hexadecimal, or ``absent`` if there is no audio.

    Example
    -------
    >>> audio_digest("no/such/folder")
    'absent'
    """
    clips = list_audio(folder)
    if not clips:
        return ABSENT
    digest = hashlib.sha256()
    for file in clips.values():
        line = f"{file.path.name}\t{file.size}\t{file.modified}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def input_digests(sets: Iterable[ClipSet]) -> dict[str, list[str]]:
    """Stands for everything that the manifests of some sets are made from.

    Arguments
    ---------
    sets : Iterable[ClipSet]
        The sets.

    Returns
    -------
    dict[str, list[str]]
        For each set digests of its audio and of its tables.

    Example
    -------
    >>> input_digests([])
    {}
    """
    return {
        clip_set.name: [
            audio_digest(clip_set.folders.original),
            *map(file_digest, filter(None, [clip_set.tsv, clip_set.durations])),
        ]
        for clip_set in sets
    }


def copy_digests(sets: Iterable[ClipSet]) -> dict[str, str]:
    """Stands for the resampled audio of some sets.

    Arguments
    ---------
    sets : Iterable[ClipSet]
        The sets.

    Returns
    -------
    dict[str, str]
        For each set the digest of the twin beside its audio; and for each
        folder elsewhere that is in use, by its path, its digest: manifests
        name the files there by their whole path.

    Example
    -------
    >>> copy_digests([])
    {}
    """
    digests: dict[str, str] = {}
    for clip_set in sets:
        folders = clip_set.folders
        digests[clip_set.name] = audio_digest(folders.twin)
        elsewhere = audio_digest(folders.elsewhere)
        if elsewhere != ABSENT:
            digests[str(folders.elsewhere)] = elsewhere
    return digests

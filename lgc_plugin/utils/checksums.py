"""A list of the files of a folder, with their digests, as sha256sum has it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lgc_plugin.utils.files import write_text

#: Name of the list; ``sha256sum -c SHA256SUMS`` checks the folder too.
SUMS = "SHA256SUMS"

_PIECE = 1 << 20


class ChangedFileError(ValueError):
    """A file is not the one that was written."""


def write_sums(folder: str | Path) -> None:
    """Lists all files of a folder."""
    folder = Path(folder)
    lines = [
        f"{_digest(path.read_bytes())}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name != SUMS
    ]
    write_text(folder / SUMS, "".join(lines))


def read_sums(folder: str | Path) -> dict[str, str] | None:
    """Digests by name; None if the folder has no list."""
    path = Path(folder) / SUMS
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise ChangedFileError(
            f"{path}: damaged: copy the folder again"
        ) from None
    pairs = [line.partition("  ") for line in text.splitlines()]
    return {name: digest for digest, _, name in pairs}


def read_listed(path: str | Path, sums: dict[str, str] | None) -> bytes:
    """The content of a file, if it is the one that was listed.

    >>> file = getfixture("tmp_path") / "a.txt"
    >>> _ = file.write_text("a")
    >>> write_sums(file.parent)
    >>> sums = read_sums(file.parent)
    >>> read_listed(file, sums)
    b'a'
    >>> _ = file.write_text("b")
    >>> read_listed(file, sums)
    Traceback (most recent call last):
        ...
    lgc_plugin.utils.checksums.ChangedFileError: ...a.txt: is not ...
    """
    path = Path(path)
    content = path.read_bytes()
    if sums is not None and sums.get(path.name) != _digest(content):
        raise ChangedFileError(
            f"{path}: is not the file that was written (its digest is not that "
            f"in {SUMS}): copy the folder again, or, if you changed it, remove "
            f"{SUMS}"
        )
    return content


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file of any size, read in pieces, without Python's lock."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""Files that are either whole or not there.

What is being written has a name that no other process has, whatever its
number (containers have the same ones), and is locked. So nobody removes what
another process still writes, and what a killed one left is removed by the
next that writes to the folder.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

with suppress(ImportError):  # not on Windows: there, nothing is cleaned up
    import fcntl

_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{32}\.tmp(\.[^.]*)?")
_FULL = (errno.ENOSPC, errno.EDQUOT)
# With less than this, the disk is why something could not be written.
_LEAST_BYTES = 2**20
_YOUNG_SECONDS = 1.0
_DIGEST = "digest"
_cleaned: set[Path] = set()


class DiskFullError(OSError):
    """A file cannot be written; the message names it and the space left."""


@contextmanager
def explain_full_disk(path: str | Path) -> Iterator[None]:
    """Names the file and the space left where a write fails for want of it.

    Libraries hide it: PyTorch reports unexpected positions, libsndfile a system
    error.

    >>> try:
    ...     with explain_full_disk("a.txt"):
    ...         raise OSError(errno.ENOSPC, "write")
    ... except DiskFullError as error:
    ...     print(str(error)[:47])
    a.txt: cannot be written: No space left on devi
    """
    try:
        yield
    except DiskFullError:
        raise
    except (OSError, RuntimeError) as error:
        folder = Path(path).absolute().parent
        free = shutil.disk_usage(folder).free if folder.is_dir() else 0
        code = error.errno if isinstance(error, OSError) else None
        hidden = code is None and folder.is_dir() and free < _LEAST_BYTES
        if code not in _FULL and not hidden:
            raise
        full = DiskFullError(
            f"{path}: cannot be written: {os.strerror(code or errno.ENOSPC)} "
            f"({free / 1e6:,.1f} MB free): make room, or choose another place"
        )
        full.errno = code or errno.ENOSPC
        raise full from error


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Lends a temporary name; the final name appears only on success.

    >>> folder = getfixture("tmp_path")
    >>> with atomic_file(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "a.txt").read_text()
    'whole'
    """
    path = Path(path)
    with _unfinished(path, path.suffix) as temporary:
        # Not by mkstemp: the file would be private (0600) for good.
        create = os.O_CREAT | os.O_EXCL | os.O_RDWR
        with _locked(os.open(temporary, create, 0o666)):
            yield temporary
            os.replace(temporary, path)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Lends a temporary folder that is renamed to ``path`` on success.

    >>> folder = getfixture("tmp_path")
    >>> with atomic_folder(folder / "set") as temporary:
    ...     _ = (temporary / "a.txt").write_text("whole")
    >>> [file.name for file in (folder / "set").iterdir()]
    ['a.txt']
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(
            f"{path} exists and is not an empty folder: remove it or choose "
            "another name"
        )
    with unfinished_folder(path) as holder:
        temporary = holder / path.name
        temporary.mkdir()
        yield temporary
        if path.is_dir():
            path.rmdir()
        os.replace(temporary, path)


@contextmanager
def unfinished_folder(path: str | Path) -> Iterator[Path]:
    """Lends a hidden folder beside ``path``, gone afterwards with all in it."""
    with _unfinished(Path(path)) as holder:
        holder.mkdir(mode=0o700)
        with _locked(os.open(holder, os.O_RDONLY)):
            yield holder


@contextmanager
def _unfinished(path: Path, suffix: str = "") -> Iterator[Path]:
    """A name beside ``path`` that no other process has; gone afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent not in _cleaned:
        _cleaned.add(path.parent)
        remove_unfinished(path.parent)
    name = path.name.removesuffix(suffix)
    temporary = path.with_name(f".{name}.{uuid.uuid4().hex}.tmp{suffix}")
    try:
        with explain_full_disk(path):
            yield temporary
    finally:
        _remove(temporary)


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Holds a lock that ends with this process, however that ends."""
    try:
        _try_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Locks an open file or folder, unless somebody else has."""
    with suppress(NameError, OSError):  # a file system may know no locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def remove_unfinished(folder: str | Path) -> None:
    """Removes what processes that were killed left in a folder."""
    try:
        entries = list(os.scandir(folder))
    except OSError:  # one may write to folders that one cannot list
        return
    for entry in entries:
        if not _UNFINISHED.fullmatch(entry.name):
            continue
        with suppress(OSError):  # another process was quicker
            # Its writer may be about to lock it.
            if time.time() - entry.stat().st_mtime < _YOUNG_SECONDS:
                continue
            descriptor = os.open(entry.path, os.O_RDONLY)
            try:
                if _try_lock(descriptor):
                    _remove(Path(entry.path))
            finally:
                os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Writes a text file whole or not at all.

    >>> file = getfixture("tmp_path") / "note.txt"
    >>> write_text(file, "done")
    >>> file.read_text()
    'done'
    """
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any) -> None:
    """Writes a JSON file (indented, keys in the order given) whole.

    >>> file = getfixture("tmp_path") / "a.json"
    >>> write_json(file, {"seed": 1})
    >>> file.read_text().split()
    ['{', '"seed":', '1', '}']
    """
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: str | Path) -> dict[str, Any]:
    """The object in a JSON file; a ValueError names the file.

    >>> file = getfixture("tmp_path") / "a.json"
    >>> _ = file.write_text("[1]")
    >>> read_json(file)
    Traceback (most recent call last):
        ...
    ValueError: ...a.json: no whole JSON object (a list)...
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path}: no whole JSON object ({reason}): restore it from a copy"
        ) from None
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise ValueError(
            f"{path}: no whole JSON object (a {kind}): restore it from a copy"
        )
    return content


def write_checked_json(path: str | Path, content: dict[str, Any]) -> None:
    """Writes an object and its digest, for :func:`read_checked_json`."""
    write_json(path, {**content, _DIGEST: _json_digest(content)})


def read_checked_json(path: str | Path) -> dict[str, Any] | None:
    """What :func:`write_checked_json` wrote; None if it is gone or changed.

    >>> file = getfixture("tmp_path") / "a.json"
    >>> write_checked_json(file, {"n_clips": 12})
    >>> read_checked_json(file)
    {'n_clips': 12}
    >>> _ = file.write_text(file.read_text().replace("12", "13"))
    >>> read_checked_json(file) is None
    True
    """
    try:
        content = read_json(path)
    except (FileNotFoundError, ValueError):
        return None
    digest = content.pop(_DIGEST, None)
    return content if digest == _json_digest(content) else None


def _json_digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

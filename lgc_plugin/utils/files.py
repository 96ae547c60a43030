"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Less is what a disk has left on which a write has just failed.
_FULL_BYTES = 2**20
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def explain_full_disk(path: str | Path) -> Iterator[None]:
    """Names the file and the space left where a write fails for want of it.

    Libraries hide it: PyTorch tells of unexpected positions, libsndfile of a
    system error.

    >>> with explain_full_disk("a.txt"):
    ...     raise OSError(errno.ENOSPC, "write")
    Traceback (most recent call last):
        ...
    OSError: a.txt: cannot be written: No space left on device (... MB free)...
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        folder = Path(path).absolute().parent
        free = shutil.disk_usage(folder).free if folder.is_dir() else 0
        code = error.errno if isinstance(error, OSError) else None
        hidden = code is None and folder.is_dir() and free < _FULL_BYTES
        if code not in _FULL and not hidden:
            raise
        full = OSError(
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
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp would make the file private (0600) for good. Containers that
    # share a disk may share process ids too.
    unique = uuid.uuid4().hex[:12]
    temporary = path.with_name(f".{path.stem}.{unique}{path.suffix}")
    try:
        with explain_full_disk(path):
            yield temporary
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    temporary = holder / path.name
    temporary.mkdir()
    try:
        with explain_full_disk(path):
            yield temporary
            if path.is_dir():
                path.rmdir()
            os.replace(temporary, path)
    finally:
        shutil.rmtree(holder, ignore_errors=True)


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

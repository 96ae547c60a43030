"""Files that are either whole or not there."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


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
    # mkstemp would make the file private (0600) for good.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
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

"""Replaces a folder in one rename, where the system can."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

_HERE = -100  # relative paths begin in the working folder
_EXCHANGE = 2


def replace_folder(folder: Path, new: Path) -> None:
    """Moves ``new`` to ``folder``; what was there is removed.

    There is a folder at any moment, the older or the newer, unless the system
    cannot exchange two names: then the older one is called ``.NAME.old`` for a
    moment, and :func:`recover_folder` brings it back if that was the last.

    >>> folder = getfixture("tmp_path")
    >>> for name in ("a", "b"):
    ...     (folder / name / name).mkdir(parents=True)
    >>> replace_folder(folder / "a", folder / "b")
    >>> [str(path.relative_to(folder)) for path in folder.rglob("*")]
    ['a', 'a/b']
    """
    if not folder.exists():
        os.replace(new, folder)
    elif exchange(new, folder):
        shutil.rmtree(new)
    else:
        old = _older(folder)
        os.replace(folder, old)
        try:
            os.replace(new, folder)
        except BaseException:
            os.replace(old, folder)
            raise
        shutil.rmtree(old)


def recover_folder(folder: Path) -> None:
    """Ends what a process did not that was killed within the replacement."""
    old = _older(folder)
    if old.exists() and folder.exists():
        shutil.rmtree(old)
    elif old.exists():
        os.replace(old, folder)


def exchange(a: Path, b: Path) -> bool:
    """Exchanges the names of two folders; False if the system cannot."""
    if os.name != "posix":
        return False
    library = ctypes.CDLL(None)
    names = os.fsencode(a), os.fsencode(b)
    if hasattr(library, "renameat2"):  # Linux
        return not library.renameat2(
            _HERE, names[0], _HERE, names[1], _EXCHANGE
        )
    if hasattr(library, "renamex_np"):  # macOS
        return not library.renamex_np(*names, _EXCHANGE)
    return False


def _older(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")

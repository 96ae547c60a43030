"""One process at a time, by a lock that dies with its process."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lgc_plugin.utils.text import one_line

try:
    import fcntl
except ImportError:  # on Windows: nothing is locked
    fcntl = None  # type: ignore[assignment]


class LockedError(OSError):
    """Another process holds the lock."""


@contextmanager
def lock_file(path: str | Path, what: str) -> Iterator[None]:
    """Holds a lock while the block runs; refuses if another process does.

    The file is made, holds who has the lock, and is removed at the end. What
    a killed process left is taken over: the lock was gone with it. File
    systems without locks let everybody in.

    >>> path = getfixture("tmp_path") / "a.lock"
    >>> with lock_file(path, "results"), lock_file(path, "results"):
    ...     pass
    Traceback (most recent call last):
        ...
    lgc_plugin.utils.locks.LockedError: results: in use by process ... on ...
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _locked(path, what)
    try:
        who = f"process {os.getpid()} on {socket.gethostname()}"
        with suppress(OSError):  # a full disk is reported by what writes more
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, who.encode(), 0)
        yield
    finally:
        # Before it is released: nobody else can hold it now.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path, what: str) -> int:
    """The descriptor of a file that is locked, and is still the one there."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.pread(descriptor, 200, 0).decode("utf-8", "replace")
            os.close(descriptor)
            raise LockedError(
                f"{what}: in use by {one_line(who) or 'another process'}: wait "
                "until it ends, or choose another place"
            ) from None
        except OSError:  # no locks here
            return descriptor
        try:
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        # Whoever had it has removed the file in the meantime.
        os.close(descriptor)

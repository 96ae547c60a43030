"""A lock is held by one process, and dies with it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lgc_plugin.utils.locks import LockedError, lock_file

HOLD = (
    "import sys, time; from lgc_plugin.utils.locks import lock_file\n"
    "with lock_file(sys.argv[1], 'results'):\n"
    "    print('held', flush=True); time.sleep(60)"
)


def test_another_process_is_named_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        message = f"results: in use by process {holder.pid} on "
        with pytest.raises(LockedError, match=message):
            with lock_file(path, "results"):
                pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert path.exists()
        with lock_file(path, "results"):
            assert str(os.getpid()) in path.read_text()
        assert not path.exists()
    finally:
        holder.kill()
        holder.wait()


def test_it_is_released_by_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), lock_file(tmp_path / "a.lock", "x"):
            raise KeyError


def test_a_full_disk_keeps_nobody_from_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with lock_file(tmp_path / "a.lock", "results"):
        with pytest.raises(LockedError, match="in use by another process"):
            with lock_file(tmp_path / "a.lock", "results"):
                pass

"""Files are whole or not there, and the error of a full disk names them."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from lgc_plugin.utils.files import (
    atomic_file,
    atomic_folder,
    explain_full_disk,
    write_text,
)

Usage = namedtuple("Usage", "total used free")
FULL = r"a\.txt: cannot be written: No space left on device \(0\.2 MB free\)"


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 200_000))


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "write"),
        RuntimeError("unexpected pos 124032 vs 123920"),
        OSError("System error."),
    ],
)
def test_a_full_disk_is_named_and_the_old_file_stays(
    tmp_path: Path, full: None, error: Exception
) -> None:
    file = tmp_path / "a.txt"
    write_text(file, "old")
    with pytest.raises(OSError, match=FULL) as caught:
        with atomic_file(file) as temporary:
            temporary.write_text("half")
            raise error
    assert caught.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert file.read_text() == "old"


def test_a_full_disk_leaves_no_folder(tmp_path: Path, full: None) -> None:
    with pytest.raises(OSError, match="set: cannot be written: No space"):
        with atomic_folder(tmp_path / "set") as temporary:
            (temporary / "a.txt").write_text("half")
            raise OSError(errno.ENOSPC, "write")
    assert list(tmp_path.iterdir()) == []


def test_a_quota_is_one_too(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EDQUOT)):
        with explain_full_disk(tmp_path / "a.txt"):
            raise OSError(errno.EDQUOT, "write")


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    for error in (OSError(errno.EACCES, "no"), RuntimeError("x"), KeyError()):
        with pytest.raises(type(error)) as caught:
            with explain_full_disk(tmp_path / "a.txt"):
                raise error
        assert caught.value is error


def held(path: Path, barrier) -> None:
    os.getpid = lambda: 1  # as in two containers
    with atomic_file(path) as temporary:
        temporary.write_text(path.name * 1000)
        barrier.wait(30)
        assert temporary.read_text() == path.name * 1000


def test_processes_of_one_number_do_not_share_a_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    both = [
        context.Process(target=held, args=(tmp_path / "a.txt", barrier))
        for _ in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]

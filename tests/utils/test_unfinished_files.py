"""Files are whole or not there, whoever else writes, and whoever dies."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lgc_plugin.utils import files
from lgc_plugin.utils.files import atomic_file, atomic_folder, write_text

WRITER = """
import sys
from lgc_plugin.utils.files import atomic_file, atomic_folder
lend = {"file": atomic_file, "folder": atomic_folder}[sys.argv[1]]
with lend(sys.argv[2]) as temporary:
    print(temporary, flush=True)
    sys.stdin.read()
"""


def start_writer(kind, path):
    """A process that is writing, and the temporary name that it has."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, kind, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


@pytest.fixture
def clean(monkeypatch):
    """As if this process had written nowhere yet, and all were a day old."""
    monkeypatch.setattr(files, "_cleaned", set())
    monkeypatch.setattr(files, "_YOUNG_SECONDS", 0.0)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_left_is_removed(tmp_path, clean, kind):
    process, temporary = start_writer(kind, tmp_path / "a.txt")
    assert os.path.exists(temporary)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert os.path.exists(temporary)
    write_text(tmp_path / "b.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_another_process_writes_is_left_alone(tmp_path, clean, kind):
    process, temporary = start_writer(kind, tmp_path / "a.txt")
    write_text(tmp_path / "b.txt", "new")
    with atomic_folder(tmp_path / "c"):
        assert os.path.exists(temporary)
    process.communicate("")
    assert process.returncode == 0
    assert {p.name for p in tmp_path.iterdir()} == {"a.txt", "b.txt", "c"}


def test_what_was_just_begun_is_left_alone(tmp_path, monkeypatch):
    young = tmp_path / f".a.{'0' * 32}.tmp.txt"
    young.touch()
    files.remove_unfinished(tmp_path)
    assert young.exists()
    os.utime(young, (time.time() - 60,) * 2)
    files.remove_unfinished(tmp_path)
    assert not young.exists()


def test_other_files_are_never_removed(tmp_path, clean):
    for name in (".hidden", ".a.tmp", "a.tmp", f"a.{'0' * 32}.tmp", ".x.1.txt"):
        (tmp_path / name).touch()
    before = set(tmp_path.iterdir())
    write_text(tmp_path / "b.txt", "new")
    assert set(tmp_path.iterdir()) == before | {tmp_path / "b.txt"}


def test_names_differ_whatever_the_process_id(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with (
        atomic_file(tmp_path / "a.wav") as one,
        atomic_file(tmp_path / "a.wav") as other,
    ):
        assert one != other
        assert one.suffix == other.suffix == ".wav"
        one.write_text("one")
        other.write_text("other")
    assert (tmp_path / "a.wav").read_text() == "one"


def test_a_file_has_the_usual_permissions(tmp_path):
    write_text(tmp_path / "a.txt", "")
    (tmp_path / "b.txt").touch()
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1

"""A fingerprint changes when, and only when, what it stands for does."""

import os

import pytest

from lgc_plugin.data.audio_files import AudioFile, list_audio
from lgc_plugin.data.clip_sets import ClipSet
from lgc_plugin.data.fingerprint import (
    ABSENT,
    audio_digest,
    copy_digests,
    file_digest,
    input_digests,
)
from lgc_plugin.data.ready_audio import AudioFolders
from lgc_plugin.types import LabelKind


@pytest.fixture
def clip_set(tmp_path):
    for name in ("set", "set_16k"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.wav").write_bytes(b"1234")
    (tmp_path / "set.tsv").write_text("filename\na.wav\n")
    folders = AudioFolders(
        tmp_path / "set", tmp_path / "set_16k", tmp_path / "copies"
    )
    return ClipSet("set", LabelKind.NONE, folders, tsv=tmp_path / "set.tsv")


def test_files_by_content(tmp_path):
    path = tmp_path / "a.tsv"
    assert file_digest(path) == ABSENT
    path.write_text("one")
    before = file_digest(path)
    os.utime(path, ns=(1, 1))
    assert file_digest(path) == before
    path.write_text("two")
    assert file_digest(path) != before


@pytest.mark.parametrize("change", ["size", "time", "name", "more", "fewer"])
def test_audio_by_name_size_and_time(clip_set, change):
    folder = clip_set.folders.original
    path = folder / "a.wav"
    before = audio_digest(folder)
    stat = path.stat()
    if change == "size":
        path.write_bytes(b"12345")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif change == "time":
        os.utime(path, ns=(1, 1))
    elif change == "name":
        path.rename(folder / "b.wav")
    elif change == "more":
        (folder / "b.wav").write_bytes(b"")
    else:
        path.unlink()
    assert audio_digest(folder) != before


def test_other_files_do_not_count(clip_set):
    folder = clip_set.folders.original
    before = audio_digest(folder)
    (folder / "a.jams").write_text("notes")
    assert audio_digest(folder) == before
    assert list_audio(folder).keys() == {"a"}
    assert isinstance(list_audio(folder)["a"], AudioFile)


def test_sets(clip_set):
    inputs, copies = input_digests([clip_set]), copy_digests([clip_set])
    assert set(inputs) == set(copies) == {"set"}
    elsewhere = clip_set.folders.elsewhere
    elsewhere.mkdir()
    (elsewhere / "a.wav").write_bytes(b"1234")
    assert input_digests([clip_set]) == inputs
    assert set(copy_digests([clip_set])) == {"set", str(elsewhere)}
    clip_set.tsv.write_text("filename\nb.wav\n")
    assert input_digests([clip_set]) != inputs

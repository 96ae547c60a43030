"""A preparation is whole or not there, and outdated when its inputs change."""

from __future__ import annotations

import json
import logging
import os

import pytest

from lgc_plugin.data.audio_search import AudioFile, list_audio
from lgc_plugin.data.clip_sets import (
    ABSENT,
    ClipSet,
    audio_digest,
    copy_digests,
    file_digest,
    input_digests,
)
from lgc_plugin.data.preparation import Coverage, Preparation, is_current
from lgc_plugin.data.ready_audio import AudioFolders
from lgc_plugin.types import LabelKind

FINGERPRINT = {"options": {"labels": ("Cat", "Dog"), "seed": 1}}


@pytest.fixture
def preparation(tmp_path):
    (tmp_path / "test.csv").write_text("ID\n")
    return Preparation(
        manifests={"test": tmp_path / "test.csv"},
        labels=("Dog", "Cat"),
        data_root=tmp_path / "data",
        coverage={"test": Coverage("test", 1, 2, {"a": "no such file"})},
    )


def test_saved_and_loaded(tmp_path, preparation):
    preparation.save(tmp_path)
    assert Preparation.load(tmp_path, tmp_path / "data") == preparation
    (tmp_path / "prepared.json").rename(tmp_path / "test.csv.json")
    with pytest.raises(FileNotFoundError, match="prepare the data first"):
        Preparation.load(tmp_path, tmp_path / "data")


def test_current_only_if_nothing_changed(tmp_path, preparation):
    assert not is_current(tmp_path, FINGERPRINT)
    preparation.save(tmp_path, FINGERPRINT)
    assert is_current(tmp_path, FINGERPRINT)
    assert not is_current(tmp_path, {"options": {"seed": 2}})
    (tmp_path / "test.csv").write_text("ID")
    assert not is_current(tmp_path, FINGERPRINT)


@pytest.mark.parametrize(
    "content", ["", "{", "{}", "[]", "null", '"x"', "[" * 9999]
)
def test_a_damaged_record_is_no_record(tmp_path, preparation, content):
    preparation.save(tmp_path, FINGERPRINT)
    (tmp_path / "prepared.json").write_text(content)
    assert not is_current(tmp_path, FINGERPRINT)
    with pytest.raises(FileNotFoundError, match="not whole"):
        Preparation.load(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("written", "damaged"),
    [
        ('"found": 1', '"found": 2'),
        ('"Dog"', '"Dug"'),
        ('"seed": 1', '"seed": 3'),
    ],
)
def test_a_record_with_other_values_is_no_record(
    tmp_path, preparation, written, damaged
):
    preparation.save(tmp_path, FINGERPRINT)
    file = tmp_path / "prepared.json"
    text = file.read_text()
    assert written in text
    file.write_text(text.replace(written, damaged))
    assert not is_current(tmp_path, FINGERPRINT)
    with pytest.raises(FileNotFoundError, match="not whole"):
        Preparation.load(tmp_path, tmp_path)


def test_the_record_names_no_folder_of_manifests(tmp_path, preparation):
    preparation.save(tmp_path)
    record = json.loads((tmp_path / "prepared.json").read_text())
    assert record["manifests"] == {"test": "test.csv"}


def test_coverage_says_what_is_missing(caplog):
    with caplog.at_level(logging.INFO):
        Coverage("test", 4, 4).log()
        missing = dict.fromkeys("abcd", "no such file")
        Coverage("test", 962, 966, missing).log()
    complete, partial = caplog.records
    assert (complete.levelname, complete.getMessage()) == (
        "INFO", "test 4/4 clips found",
    )  # fmt: skip
    assert partial.levelname == "WARNING"
    assert partial.getMessage() == (
        "test 962/966 clips found, without a (no such file), b (no such "
        "file), c (no such file) ..."
    )


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

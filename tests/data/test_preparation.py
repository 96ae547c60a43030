"""A preparation is handed on whole, or not at all."""

import json
import logging

import pytest

from lgc_plugin.data.preparation import Coverage, Preparation, is_current

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


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "null", '"x"'])
def test_a_damaged_record_is_no_record(tmp_path, preparation, content):
    preparation.save(tmp_path, FINGERPRINT)
    (tmp_path / "prepared.json").write_text(content)
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

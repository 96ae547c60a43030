"""When the preparation of DESED has something to do again."""

import json
import logging
import os
import shutil
from pathlib import Path

import pytest

from desed_sets import PATHS, prepare, rows_of, write_desed, write_wav
from lgc_plugin.data import preparation, ready_audio
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.types import Event


@pytest.fixture
def dataset(tmp_path):
    return write_desed(tmp_path / "dataset")


def test_a_second_run_does_nothing(dataset, caplog, monkeypatch):
    first = prepare(dataset)
    before = {
        path: path.stat().st_mtime_ns for path in dataset.parent.rglob("*.*")
    }
    monkeypatch.setattr(preparation, "write_manifest", None)
    with caplog.at_level(logging.INFO):
        assert prepare(dataset) == first
    assert "is up to date: nothing to prepare" in caplog.text
    assert "test 8/8 clips found" in caplog.text
    for path, modified in before.items():
        assert path.stat().st_mtime_ns == modified


def test_resampled_audio_does_not_trouble_the_second_run(dataset, caplog):
    for i in range(8):
        path = dataset / PATHS["train_unlabeled_audio"] / f"{i}.wav"
        write_wav(path, rate=44100)
    first = prepare(dataset)
    with caplog.at_level(logging.INFO):
        assert prepare(dataset) == first
    assert "is up to date" in caplog.text
    caplog.clear()
    (dataset / (PATHS["train_unlabeled_audio"] + "_16k") / "3.wav").unlink()
    with caplog.at_level(logging.INFO):
        assert prepare(dataset) == first
    assert "wrote 1 files of 16000 Hz" in caplog.text


def edit_annotation(dataset, prepared):
    path = dataset / PATHS["test_tsv"]
    path.write_text(path.read_text().replace("0.04", "0.03"))


def replace_audio(dataset, prepared):
    write_wav(dataset / PATHS["test_audio"] / "test_0.wav", seconds=0.045)


def touch_audio(dataset, prepared):
    os.utime(dataset / PATHS["test_audio"] / "test_0.wav", ns=(1, 1))


def remove_audio(dataset, prepared):
    (dataset / PATHS["test_audio"] / "test_0.wav").unlink()


def truncate_manifest(dataset, prepared):
    path = prepared.manifests["test"]
    path.write_text(path.read_text()[:-1])


def remove_manifest(dataset, prepared):
    prepared.manifests["valid_weak"].unlink()


def truncate_record(dataset, prepared):
    path = prepared.manifests["test"].with_name("prepared.json")
    path.write_text(path.read_text()[:-20])


@pytest.mark.parametrize(
    "change",
    [
        edit_annotation,
        replace_audio,
        touch_audio,
        remove_audio,
        truncate_manifest,
        remove_manifest,
        truncate_record,
    ],
)
def test_any_change_is_noticed(dataset, caplog, change):
    prepared = prepare(dataset)
    change(dataset, prepared)
    with caplog.at_level(logging.INFO):
        again = prepare(dataset)
    assert "is up to date" not in caplog.text
    test = rows_of(again, "test")
    if change is edit_annotation:
        assert test["test_0"].events == (Event(0.01, 0.03, "Cat"),)
    elif change is replace_audio:
        assert test["test_0"].duration == 0.045
    elif change is remove_audio:
        assert str(again.coverage["test"]) == "test 7/8 clips found"
    else:
        assert again == prepared
        assert len(rows_of(again, "valid_weak")) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 7},
        {"labels": ["Rain", "Dog", "Cat"]},
        {"weak_validation_share": 0.3},
        {"train_weak_audio": PATHS["train_weak_audio"] + "/"},
    ],
)
def test_any_option_is_noticed(dataset, caplog, options):
    prepare(dataset)
    with caplog.at_level(logging.INFO):
        prepared = prepare(dataset, **options)
    assert "is up to date" not in caplog.text
    assert prepared.labels == tuple(
        options.get("labels", ("Cat", "Dog", "Rain"))
    )


def test_moved_folders_need_no_preparation(dataset, tmp_path, caplog):
    prepared = prepare(dataset)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move(dataset, moved / "dataset")
    shutil.move(tmp_path / "out", moved / "out")
    with caplog.at_level(logging.INFO):
        again = prepare(moved / "dataset")
    assert "is up to date" in caplog.text
    assert again.data_root == moved / "dataset"
    assert again.labels == prepared.labels
    rows = read_manifest(again.manifests["test"], again.data_root)
    assert all(Path(row.wav).is_file() for row in rows)


def test_skip_prep_reads_what_is_there(dataset):
    with pytest.raises(FileNotFoundError, match=r"prepared\.json"):
        prepare(dataset, skip_prep=True)
    prepared = prepare(dataset)
    edit_annotation(dataset, prepared)
    assert prepare(dataset, skip_prep=True) == prepared
    record = json.loads((dataset.parent / "out" / "prepared.json").read_text())
    assert record["labels"] == ["Cat", "Dog", "Rain"]


def test_skip_prep_counts_the_clips_of_a_cut_manifest(dataset, caplog):
    path = prepare(dataset).manifests["test"]
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-3]))
    prepared = prepare(dataset, skip_prep=True)
    assert str(prepared.coverage["test"]) == "test 5/8 clips found"
    assert "test.csv was changed after the preparation: it has 5" in caplog.text
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"test\.csv"):
        prepare(dataset, skip_prep=True)


def test_files_are_decoded_once_for_all_preparations(
    dataset, tmp_path, monkeypatch
):
    folder = {"cache_folder": tmp_path / "cache"}
    first = prepare(dataset, **folder)
    monkeypatch.setattr(ready_audio, "measure_audio", None)
    again = prepare(dataset, seed=7, **folder)
    assert again.coverage["test"] == first.coverage["test"]


def test_an_interrupted_preparation_does_not_pass_for_one(dataset, monkeypatch):
    prepared = prepare(dataset)
    edit_annotation(dataset, prepared)

    def interrupt(rows, path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(preparation, "write_manifest", interrupt)
        with pytest.raises(KeyboardInterrupt):
            prepare(dataset)
    with pytest.raises(FileNotFoundError, match="not whole"):
        prepare(dataset, skip_prep=True)
    rows = rows_of(prepare(dataset), "test")
    assert rows["test_0"].events[0].offset == 0.03

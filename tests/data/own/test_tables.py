"""What tables say of recordings, and what of it cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.data.own.dataset import write_dataset
from lgc_plugin.data.own.options import DatasetOptions

RATE = 8000
RANGES = "filename\tonset\toffset\tevent_labels\n"


@pytest.fixture
def folder(tmp_path):
    """Three recordings of 6 s, each with labels."""
    (tmp_path / "in/site").mkdir(parents=True)
    (tmp_path / "labels").mkdir()
    for i in range(3):
        wav = np.random.default_rng(i).uniform(-0.1, 0.1, 6 * RATE)
        name = f"site/r{i}" if i else "r0"
        soundfile.write(tmp_path / f"in/{name}.wav", wav, RATE)
        track = tmp_path / f"labels/r{i}.txt"
        track.write_text("0.5\t1.5\ta\n3.0\t4.0\tb\n5\t7\ta\n8\t9\tb\n")
    return tmp_path


def make(folder, annotations=("labels",), out="out", **options):
    shares = {"valid_share": 0.0, "test_share": 0.0}
    return write_dataset(
        folder / "in",
        [folder / name for name in annotations],
        folder / out,
        DatasetOptions(clip_seconds=2.0, **{**shares, **options}),
        n_jobs=1,
        progress=False,
    )


@pytest.mark.parametrize("overlap", [0, 0.5, 0.9])
def test_what_several_clips_have_counts_once(folder, overlap):
    found = make(folder, annotated="whole", overlap=overlap)
    strong = found.sets["train_strong"]
    rows = read_manifest(folder / "out/manifests/train_strong.csv")
    assert strong.clips == len(rows) >= 9
    assert strong.minutes == pytest.approx(3 * 6 / 60, abs=1e-4)
    # Those from 5 to 7 s end with the recording, at 6 s.
    events = {label: x.events for label, x in strong.classes.items()}
    assert events == {"a": 6, "b": 3}
    assert strong.classes["a"].minutes == pytest.approx(6 / 60, abs=1e-4)
    assert strong.classes["b"].minutes == pytest.approx(3 / 60, abs=1e-4)


def test_a_part_annotated_for_no_class_is_unlabeled(folder):
    table = folder / "ranges.tsv"
    table.write_text(
        RANGES + "r0\t0\t4\ta,b\nr1\t0\t4\taa, c\nr2\t0\t4\ta, b\n"
    )
    dataset = make(folder, annotated=str(table))
    assert (
        "ranges.tsv: event_labels has 'aa', 'c', of which there is no event: "
        "correct what is misspelt"
    ) in dataset.notes
    rows = read_manifest(folder / "out/manifests/train_strong.csv")
    assert not any(row.unknown or "r1" in row.id for row in rows)
    assert dataset.sets["train_unlabeled"].clips == 3 + 1 + 1


def test_the_order_of_annotations_changes_nothing(folder):
    names = [f"labels/r{i}.txt" for i in range(3)]
    make(folder, names)
    make(folder, names[::-1], out="again")
    for name in ("dataset.json", "manifests/train_strong.csv"):
        assert (folder / "again" / name).read_bytes() == (
            folder / "out" / name
        ).read_bytes()


def test_events_that_do_not_fit_are_named(folder):
    notes = make(folder).notes
    cut = "events cut at the end of their recording: 3, the first of r0.wav"
    assert cut in notes
    assert (
        "events left out since their recording ends before: 3, the first of "
        "r0.wav"
    ) in notes


def test_rows_of_recordings_that_are_not_there_are_counted(folder):
    groups = folder / "groups.tsv"
    rows = "".join(f"r{i}\tg{i}\n" for i in range(3))
    groups.write_text("filename\tgroup\n" + rows + "r7\tg7\nr8\tg8\n")
    notes = make(folder, groups=str(groups)).notes
    assert (
        "groups.tsv: 2 rows of recordings that are not there, the first is r7"
        in notes
    )
    splits = json.loads((folder / "out/dataset.json").read_text())["splits"]
    assert list(splits["train"]) == ["g0", "g1", "g2"]


def test_recordings_in_no_folder_have_no_tag(folder):
    notes = make(folder, annotations=(), tags="folders").notes
    assert "recordings in no folder, without a tag: 1, such as r0.wav" in notes


def test_a_folder_of_annotated_recordings_is_no_tag(folder):
    (folder / "labels/r2.txt").unlink()
    dataset = make(folder, tags="folders")
    assert dataset.labels == ("a", "b", "site")
    (folder / "in/site/r2.wav").rename(folder / "in/r2.wav")
    assert make(folder, tags="folders", out="again").labels == ("a", "b")


def test_folders_of_the_input_are_removed_where_a_path_begins(
    folder, monkeypatch
):
    monkeypatch.chdir(folder)
    groups = folder / "groups.tsv"
    rows = "".join(f"r{i}\tg{i}\n" for i in range(3))
    groups.write_text("filename\tgroup\n" + rows + "my_in/../r7\tg7\n")
    notes = make(Path(), groups=str(groups)).notes
    assert any(x.endswith("the first is my_in/../r7") for x in notes)

"""Ground truth and detections in the formats that people have."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.annotations import ReadOptions
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.predictions import read_predictions

FOUND = [["a.flac", 0.5, 1.5, "Dog"], ["b.flac", 2.0, 3.0, "Cat"]]


@pytest.fixture
def tracks(tmp_path):
    folder = tmp_path / "tracks"
    folder.mkdir()
    (folder / "a.txt").write_text("0.5\t1.5\tDog\n")
    (folder / "b.txt").write_text("2.0\t3.0\tCat\n4\t4\tclick\n")
    lengths = tmp_path / "lengths.tsv"
    lengths.write_text("filename\tduration\na.flac\t10\nb.flac\t10\n")
    return folder, lengths


def test_a_folder_of_label_tracks_is_a_ground_truth(tracks):
    notes = Notes()
    truth = read_annotations(*tracks, notes=notes).timed()
    assert truth.events.values.tolist() == FOUND
    assert truth.labels == ("Cat", "Dog")
    text = "\n".join(notes.lines)
    assert "label track of Audacity (2 files" in text
    assert "without duration (point): 1" in text


def test_detections_may_be_label_tracks_too(tracks, caplog):
    folder, lengths = tracks
    predictions = read_predictions(folder, ["a.flac", "b.flac"])
    assert predictions.detections.values.tolist() == FOUND
    assert "label track of Audacity" in caplog.text
    (folder / "a.txt").write_text("no annotations")
    with pytest.raises(ValueError, match="neither detections .*which column"):
        read_predictions(folder / "a.txt")


def test_confidences_are_used_if_every_event_has_one(tmp_path, caplog):
    path = tmp_path / "a.rttm"
    row = "SPEAKER a.wav 1 {} 1 <NA> <NA> Dog {} <NA>\n"
    path.write_text(row.format(1, 0.75) + row.format(5, 0.5))
    found = read_predictions(path, ["a.wav"])
    assert found.form == "2 events with confidences from 0.5 to 0.75"
    assert "without confidence" not in caplog.text
    path.write_text(row.format(1, 0.75) + row.format(5, "<NA>"))
    found = read_predictions(path, ["a.wav"])
    assert found.form == "2 events at one operating point"
    assert "1 of 2 events without confidence" in caplog.text


def test_names_may_begin_with_folders(tracks, tmp_path):
    folder, _ = tracks
    (folder / "day").mkdir()
    (folder / "a.txt").rename(folder / "day" / "a.txt")
    audio = tmp_path / "audio"
    for name in ("a.wav", "b.flac", "day/a.flac"):
        (audio / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(audio / name, np.zeros(400 + len(name)), 100)
    truth = read_annotations(folder, audio=audio).timed()
    lengths = dict(truth.durations.itertuples(index=False))
    assert lengths == {"b.flac": 4.06, "day/a.flac": 4.1}


def test_options_and_labels_reach_the_reader(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("Recording,Begin,Until,Call\na.wav,500,1500,Dog\n")
    columns = {"onset": "Begin", "offset": "Until", "event_label": "Call"}
    options = ReadOptions(columns=columns, time_unit="ms")
    truth = read_annotations(path, options=options).truth
    assert truth.events.values.tolist() == [["a.wav", 0.5, 1.5, "Dog"]]
    notes = Notes()
    found = read_annotations(path, options=options, labels=["Cat"], notes=notes)
    assert found.other_labels == {"Dog"} and found.truth.events.empty
    assert "leaves out 1 annotated event of other classes" in notes.lines[-2]

"""Names in annotations mean the right recordings, or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.checks.verify import verify_data
from lgc_plugin.data.own.dataset import write_dataset
from lgc_plugin.data.own.names import NameMatcher
from lgc_plugin.data.own.options import DatasetOptions
from lgc_plugin.data.own.sources import Source

RATE = 8000


def matcher(*names):
    return NameMatcher([Source(x, Path(x), RATE, 1, 8, "") for x in names])


def test_names_are_told_apart_by_their_folders():
    names = matcher("a/x.wav", "b/x.wav", "y.flac")
    assert names.find("a/x.mp3").name == "a/x.wav"
    assert names.find("C:\\field\\b\\x.wav").name == "b/x.wav"
    assert names.find("elsewhere/y").name == "y.flac"
    assert names.find("z.wav") is None
    with pytest.raises(ValueError, match="'x.wav' may mean a/x.wav and"):
        names.find("x.wav")


def test_a_recording_of_another_folder_is_not_meant():
    names = matcher("a/y.wav", "b/x.wav", "b/z.wav")
    assert names.find("a/x.wav") is None
    assert names.find("D:/2024/x.wav").name == "b/x.wav"
    assert names.find("D:/a/x.wav") is None


def test_names_of_two_recordings_are_not_one():
    names = matcher("x.wav", "b/y.wav")
    assert len(names.find_all(["x.wav", "d1/x.wav", "b/y", "gone"])) == 3
    with pytest.raises(ValueError, match="'d1/x.wav' and 'd2/x.wav' may both"):
        names.find_all(["d1/x.wav", "d2/x.wav"])


def test_labels_of_a_damaged_recording_go_to_no_other(tmp_path):
    for i, name in enumerate(("a/x", "b/x", "b/y", "b/z")):
        path = tmp_path / f"in/{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        wav = np.random.default_rng(i).uniform(-0.1, 0.1, 2 * RATE)
        soundfile.write(path, wav, RATE)
        track = tmp_path / f"labels/{name}.txt"
        track.parent.mkdir(parents=True, exist_ok=True)
        track.write_text(f"0.{i + 1}\t1.5\tdog\n")
    (tmp_path / "in/a/x.wav").write_bytes(b"nothing")
    ranges = tmp_path / "ranges.tsv"
    rows = [f"{x}.wav\t0\t2\n" for x in ("a/x", "b/x", "b/y", "b/z")]
    ranges.write_text("filename\tonset\toffset\n" + "".join(rows))
    options = DatasetOptions(clip_seconds=2.0, annotated=str(ranges))
    data = tmp_path / "in", [tmp_path / "labels"]
    one = {"n_jobs": 1, "progress": False}
    dataset = write_dataset(*data, tmp_path / "out", options, **one)
    assert dataset.durations["dog"] == [1.1, 1.2, 1.3]
    notes = "\n".join(dataset.notes)
    assert "left out: a/x.wav: cannot be decoded" in notes
    assert "not there" not in notes

    (tmp_path / "in/a/x.wav").unlink()
    report = verify_data(*data, **one)
    assert "that are not there: a/x.wav" in "\n".join(map(str, report.findings))

"""Events as text, recording by recording."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.evaluation.event_files import read_event_file
from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.event_writers import (
    TSV_HEADER,
    check_filename,
    event_object,
    label_rows,
    seconds_text,
    tsv_rows,
)

times = st.floats(0, 1e6)


@given(times)
def test_times_keep_a_microsecond(seconds: float) -> None:
    text = seconds_text(seconds)
    decimals = text.partition(".")[2]
    assert abs(float(text) - seconds) <= 0.5001e-6
    assert 3 <= len(decimals) <= 6
    assert len(decimals) == 3 or not decimals.endswith("0")


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_frames_of_a_day_stay_where_they_are(rate: int) -> None:
    frame = 1024 / rate
    frames = np.random.default_rng(0).integers(0, round(86400 / frame), 2000)
    for number in frames.tolist():
        seconds = float(seconds_text(number * frame))
        assert round(seconds / frame) == number
        # As near as a sample.
        assert abs(seconds - number * frame) < 0.5 / rate


NAMES = ("a.wav", "NA", 'day 1/"b".wav', "日本.flac", "#c;d,e.wav")


def test_a_table_reads_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    expected, text = [], TSV_HEADER
    for name in NAMES:
        starts = np.sort(rng.random(int(rng.integers(1, 5))) * 100).round(6)
        events = [
            Detection(start, round(start + 1.5, 6), "null", 0.25)
            for start in starts.tolist()
        ]
        text += tsv_rows(name, events)
        expected += [[name, x.onset, x.offset, "null", 0.25] for x in events]
    file = tmp_path / "a.tsv"
    file.write_text(text, encoding="utf-8")
    assert read_event_file(file).values.tolist() == expected


def test_a_silent_recording_has_a_row(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text(TSV_HEADER + tsv_rows("b.wav", []))
    table = read_event_file(file)
    assert table.filename.tolist() == ["b.wav"]
    assert table.event_label.tolist() == [""]
    assert np.isnan(table.onset[0])


def test_labels_are_three_columns() -> None:
    events = [Detection(0.0, 0.5, "Cat", 0.9), Detection(60, 61, "Dog", 0.8)]
    assert label_rows(events) == "0.000\t0.500\tCat\n60.000\t61.000\tDog\n"
    assert label_rows([]) == ""


def test_numpy_numbers_become_json() -> None:
    numbers = map(np.float32, (0.5, 2.0, 0.123456))
    onset, offset, confidence = numbers
    text = json.dumps(event_object(Detection(onset, offset, "Dog", confidence)))
    assert json.loads(text) == {
        "onset": 0.5,
        "offset": 2.0,
        "event_label": "Dog",
        "confidence": 0.1235,
    }


@pytest.mark.parametrize("name", ["a\tb.wav", "a\nb.wav", "a\r.wav", "\udcff"])
def test_a_name_that_would_break_a_table(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be printed: rename"):
        check_filename(name)


@pytest.mark.parametrize("name", ["../a.wav", "a/../../b.wav", "/tmp/a.wav"])
def test_a_name_that_would_leave_the_folder(name: str) -> None:
    with pytest.raises(ValueError, match="leads out of the folder"):
        check_filename(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_would_not(name: str) -> None:
    check_filename(name)

"""JAMS, the JSON of VAD and of detections: odd and broken ones."""

from __future__ import annotations

import json

import pytest

from lgc_plugin.data.annotations import ReadOptions, read_annotation_files
from lgc_plugin.types import Event


@pytest.fixture
def read(tmp_path):
    def read(content, name="a.json", **options):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text)
        options = ReadOptions(**options)
        return read_annotation_files([tmp_path / name], options)

    return read


def jams(data, **more):
    return {"annotations": [{"data": data, **more}], "file_metadata": {}}


def test_jams_of_all_kinds(read):
    item = {"time": 0.1, "duration": 0.2, "value": "Dog", "confidence": None}
    expected = {"a.wav": [Event(0.1, 0.3, "Dog")]}
    assert read(jams([item], namespace="segment_open")).by_clip() == expected
    older = {name: [value] for name, value in item.items()}
    assert read(jams(older, namespace="tag_open")).by_clip() == expected
    value = {"label": "Dog", "role": "foreground"}
    scaper = jams([item | {"value": value}], namespace="scaper")
    assert read(scaper).by_clip() == expected
    beats = read(jams([item], namespace="beat"))
    assert beats.by_clip() == {"a.wav": []}
    assert any("of the namespace 'beat': 1" in note for note in beats.notes)


def test_a_long_line_is_read(read):
    value = {"label": "Dog", "source_file": "x" * 40}
    data = [{"time": x, "duration": 0.5, "value": value} for x in range(3000)]
    assert len(read({"annotations": [{"data": data}]}).events) == 3000


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"time": None, "duration": 1, "value": "Dog"}, "time is 'None'"),
        ({"time": 0, "duration": -1, "value": "Dog"}, "duration is '-1'"),
        ({"time": 0, "duration": 1, "value": "a\tb"}, "cannot be printed"),
        (3, "'data' is no list of objects"),
    ],
)
def test_bad_jams(read, item, message):
    with pytest.raises(ValueError, match=message) as error:
        read(jams([item], namespace="segment_open"))
    assert "a.json" in str(error.value)


def test_vad_windows_count_from_their_start(read):
    content = {
        "x": {"wav": "{data_root}/d/b.wav", "speech": [[0.5, 2], [3, 4]]},
        "y": {
            "wav": {"file": "/data/c.wav", "start": 80000, "stop": 160000},
            "speech": [[0, 1]],
        },
    }
    with pytest.raises(ValueError, match="in samples, .*sample-rate"):
        read(content)
    assert read(content, sample_rate=16000).by_clip() == {
        "d/b.wav": [Event(0.5, 2, "speech"), Event(3, 4, "speech")],
        "c.wav": [Event(5, 6, "speech")],
    }
    with pytest.raises(
        ValueError, match="speech of object 1 .*onset=3.*it must"
    ):
        read({"x": {"wav": "b.wav", "speech": [3]}})
    with pytest.raises(ValueError, match="'x' has no path of its audio"):
        read({"x": {"wav": 5, "speech": []}})


def test_detections_that_are_not_complete_are_so_called(read):
    event = {"onset": 0, "offset": 1, "event_label": "Dog", "confidence": 0.5}
    content = {
        "recordings": [{"filename": "b.wav", "seconds": 9, "events": [event]}],
        "complete": False,
        "errors": [{"filename": "c.wav", "problem": "no sound"}],
    }
    annotations = read(content)
    assert annotations.by_clip() == {"b.wav": [Event(0, 1, "Dog")]}
    assert annotations.durations == {"b.wav": 9.0}
    assert any("not complete" in note for note in annotations.notes)
    assert any("'c.wav'" in note for note in annotations.notes)


@pytest.mark.parametrize("text", ["{", "{}", '{"a": 1}', "[" * 100_000])
def test_other_json_is_refused(read, text):
    with pytest.raises(ValueError, match=r"a\.json"):
        read(text)
    with pytest.raises(ValueError, match=r"a\.json"):
        read(text, format="jams")

"""Tables with any columns, units and separators."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from lgc_plugin.data.annotations import ReadOptions, read_annotation_files
from lgc_plugin.types import Event


@pytest.fixture
def read(tmp_path):
    def read(text, name="a.csv", encoding="utf-8", **options):
        (tmp_path / name).write_bytes(text.encode(encoding))
        options = ReadOptions(**options)
        return read_annotation_files([tmp_path / name], options)

    return read


@pytest.mark.parametrize(
    "header",
    [
        "Start (s),End (s),Species,File",
        "begin_time,end_time,label,filename",
        "StartTime,EndTime,Class,Filename",
        "onset_s,offset_s,label,recording",
        "onset,offset,label,fname",
    ],
)
def test_usual_names(read, header):
    annotations = read(f'{header}\n0.5,1.5,"Dog, large",b.wav\n')
    assert annotations.by_clip() == {"b.wav": [Event(0.5, 1.5, "Dog, large")]}
    assert any(x.startswith("columns: ") for x in annotations.notes)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_semicolons_decimal_commas_and_marks(read, encoding):
    text = "Beginn;Ende;Art;Länge\r\n0,5;1,25;Tür, auf;9\r\n1;2;Tür;9\r\n"
    columns = {"onset": "Beginn", "offset": "Ende", "event_label": "Art"}
    annotations = read(text, encoding=encoding, columns=columns)
    assert annotations.by_clip() == {
        "a.wav": [Event(0.5, 1.25, "Tür, auf"), Event(1, 2, "Tür")]
    }
    assert any("decimal commas" in note for note in annotations.notes)


def test_any_number_may_have_a_decimal_comma(read):
    text = "start;end;label;score\n0;1;Dog;0,5\n"
    assert list(read(text).events.confidence) == [0.5]


def test_thousands_are_no_decimals(read):
    text = "start;end;label\n1,234;1300.5;Dog\n"
    with pytest.raises(ValueError, match="'1,234' has a comma, and '1300.5'"):
        read(text)


def test_whole_paths_are_shortened(read):
    text = "Start (s),End (s),Common name,File\n0,3,Wren,/d/{}/a.wav\n"
    annotations = read(text.format("x") + "0,3,Wren,/d/y/b.wav\n")
    assert annotations.filenames == ("a.wav", "b.wav")
    assert any("folders are left out" in x for x in annotations.notes)
    same = read(text.format("x") + "0,3,Wren,/d/y/a.wav\n")
    assert same.filenames == ("x/a.wav", "y/a.wav")
    windows = read(text.replace("/d/{}/a.wav", "C:\\d\\a.wav"))
    assert windows.filenames == ("a.wav",)


def test_units(read, tmp_path):
    text = "filename,start_ms,duration_ms,label\nb.wav,100,200,Dog\n"
    assert read(text).by_clip() == {"b.wav": [Event(0.1, 0.3, "Dog")]}
    text = "filename,start,end,label\nb.wav,800,1200,Dog\n"
    with pytest.raises(ValueError, match=r"row 2 .*samples.* --sample-rate"):
        read(text, time_unit="samples")
    expected = {"b.wav": [Event(0.1, 0.15, "Dog")]}
    assert read(text, time_unit="samples", sample_rate=8000).by_clip() == (
        expected
    )
    soundfile.write(tmp_path / "b.wav", np.zeros(80), 8000)
    assert read(text, time_unit="samples").by_clip() == expected
    with pytest.raises(ValueError, match="different units"):
        read("start_ms,end_s,label\n1,2,Dog\n", columns={"onset": "start_ms"})


def test_optional_columns_and_clips_without_events(read):
    text = (
        "filename,onset,offset,label,score,annotator\n"
        "a.wav,0,1,Dog,0.5,Ann\na.wav,0,1,Dog,,\nb.wav,,,,,\n"
    )
    annotations = read(text)
    assert annotations.filenames == ("a.wav", "b.wav")
    rows = annotations.events[["confidence", "annotator"]]
    assert rows.fillna(-1).values.tolist() == [[0.5, "Ann"], [-1, ""]]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("a,b\n1,2\n", {"onset": "x"}, "onset=x: there is no such column"),
        ("a,b\n1,2\n", {"onset": "a"}, "which column holds event_label?"),
        ("a,b\n1,2\n", {"start": "a"}, "--columns names 'start'"),
        ("onset,end,label\n2,1,Dog\n", {}, "row 2 .*offset lies before"),
        ("onset,end,label\n0:01,1,Dog\n", {}, "row 2 .*onset is '0:01'"),
        ("onset,end,label\n0,1,Dog,x\n", {}, "row 2 .*4 fields under 3"),
        ('onset,end,label\n0,1,"Dog\n', {}, "row 2: unexpected end of data"),
        ("onset,end,label\n0,1,Do\x1bg\n", {}, "row 2 .*cannot be printed"),
        ("start,end,start,label\n0,1,2,Dog\n", {}, "onset may be 'start' or"),
    ],
)
def test_what_is_wrong_is_named(read, text, columns, message):
    with pytest.raises(ValueError, match=message):
        read(text, columns=columns, format="csv")

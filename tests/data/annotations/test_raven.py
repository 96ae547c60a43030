"""Selection tables: views, files and labels."""

from __future__ import annotations

import pytest

from lgc_plugin.data.annotations import ReadOptions, read_annotation_files
from lgc_plugin.types import Event

HEADER = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)"


@pytest.fixture
def read(tmp_path):
    def read(text, name="a.selections.txt", **options):
        (tmp_path / name).write_text(text)
        options = ReadOptions(**options)
        return read_annotation_files([tmp_path / name], options)

    return read


def test_a_selection_in_two_views_is_one_event(read):
    text = (
        f"{HEADER}\tLow Freq (Hz)\tHigh Freq (Hz)\tAnnotation\n"
        "1\tWaveform 1\t1\t0.5\t1.5\t100.0\t900.0\tDog\n"
        "1\tSpectrogram 1\t1\t0.5\t1.5\t100.0\t900.0\tDog\n"
        "2\tSpectrogram 1\t2\t0.5\t1.5\t100.0\t900.0\tDog\n"
    )
    annotations = read(text)
    assert len(annotations.events) == 2
    assert list(annotations.events.channel) == ["1", "2"]
    assert any(
        "other view of the same selection: 1" in x for x in annotations.notes
    )


def test_times_of_several_files_are_their_offsets(read):
    # The second file begins after 60 s of the first.
    text = (
        f"{HEADER}\tBegin File\tFile Offset (s)\tSpecies\n"
        "1\tSpectrogram 1\t1\t10.1\t10.4\tx.wav\t10.1\tEATO\n"
        "2\tSpectrogram 1\t1\t70.3\t70.4\ty.wav\t10.3\tEATO\n"
    )
    assert read(text).by_clip() == {
        "x.wav": [Event(10.1, 10.4, "EATO")],
        "y.wav": [Event(10.3, 10.4, "EATO")],
    }
    without = text.replace("File Offset (s)", "Peak Freq (Hz)")
    with pytest.raises(ValueError, match="without 'File Offset"):
        read(without)
    columns = {
        "filename": "Begin File", "onset": "Begin Time (s)",
        "offset": "End Time (s)", "event_label": "Species",
    }  # fmt: skip
    with pytest.raises(ValueError, match="chooses event_label alone"):
        read(text, columns=columns)
    plain = read(without, columns=columns, format="csv")
    assert plain.by_clip()["y.wav"] == [Event(70.3, 70.4, "EATO")]


def test_paths_of_any_system_and_files_of_one_name(read):
    text = (
        f"{HEADER}\tBegin Path\tFile Offset (s)\tCommon Name\tConfidence\n"
        "1\tSpectrogram 1\t1\t0\t3\tC:\\a\\x.wav\t0\tWren\t0.5\n"
        "2\tSpectrogram 1\t1\t60\t63\tC:\\b\\x.wav\t0\tWren\t0.7\n"
    )
    annotations = read(text)
    assert annotations.filenames == ("a/x.wav", "b/x.wav")
    assert list(annotations.events.confidence) == [0.5, 0.7]
    assert read(text.replace("b\\x", "a\\y")).filenames == ("x.wav", "y.wav")


def test_the_end_in_the_next_file_is_noted(read):
    text = (
        f"{HEADER}\tBegin File\tEnd File\tFile Offset (s)\tSpecies\n"
        "1\tSpectrogram 1\t1\t59\t61\tx.wav\ty.wav\t59\tEATO\n"
    )
    annotations = read(text)
    assert annotations.by_clip() == {"x.wav": [Event(59, 61, "EATO")]}
    assert any("go on in the next file" in x for x in annotations.notes)


def test_the_column_of_labels(read):
    row = "1\tSpectrogram 1\t1\t0\t1\tone\ttwo\n"
    with pytest.raises(ValueError, match="columns Song, Quality: name it"):
        read(f"{HEADER}\tSong\tQuality\n{row}")
    chosen = read(
        f"{HEADER}\tSong\tQuality\n{row}", columns={"event_label": "Quality"}
    )
    assert chosen.by_clip() == {"a.wav": [Event(0, 1, "two")]}
    empty = read(f"{HEADER}\tSpecies\tAnnotation\n{row.replace('two', '')}")
    assert list(empty.events.event_label) == ["one"]
    only = read(f"{HEADER}\tPeak Freq (Hz)\tSong\n{row}")
    assert list(only.events.event_label) == ["two"]


def test_decimal_commas_and_an_empty_table(read):
    text = f"{HEADER}\tSpecies\n"
    assert read(text).by_clip() == {"a.wav": []}
    row = "1\tSpectrogram 1\t1\t0,25\t1,5\tEATO, song\n"
    assert read(text + row).by_clip() == {
        "a.wav": [Event(0.25, 1.5, "EATO, song")]
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1\t\t1\t2\t1\tx", r"row 2 \(.*End Time \(s\) lies before"),
        ("1\t\t1\tx\t1\tx", r"row 2 \(.*Begin Time \(s\) is 'x'"),
        ("1\t\t1\t0\t1\tx\ty", r"row 2 \(.*7 fields under 6 columns"),
    ],
)
def test_bad_rows(read, row, message):
    with pytest.raises(ValueError, match=message):
        read(f"{HEADER}\tSpecies\n{row}\n")


FILES = "\tBegin File\tFile Offset (s)\tSpecies\n"


def test_a_row_without_offset_is_no_cumulative_time(read):
    first = "1\tSpectrogram 1\t1\t10\t11\tx.wav\t10\tA\n"
    second = "2\tSpectrogram 1\t1\t70\t71\t{}.wav\t\tA\n"
    with pytest.raises(ValueError, match=r"row 3 .*File Offset \(s\) is miss"):
        read(HEADER + FILES + first + second.format("y"))
    one = read(HEADER + FILES + first + second.format("x"))
    assert one.by_clip()["x.wav"][1] == Event(70, 71, "A")
    assert any("taken for the first that was open" in x for x in one.notes)


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("separator", "\t,;")
def test_tables_that_another_program_saved(read, separator, quote):
    text = (
        f"{HEADER}\tHigh Freq (Hz){FILES}"
        "1\tWaveform 1\t1\t70\t71\t\tx.wav\t10\tA  b\n"
        "1\tSpectrogram 1\t1\t70\t71\t900\tx.wav\t10\tA  b\n"
    )
    lines = (line.split("\t") for line in text.splitlines())
    joined = f"{quote}{separator}{quote}"
    saved = "".join(f"{quote}{joined.join(x)}{quote}\n" for x in lines)
    annotations = read(saved, "a.csv")
    assert annotations.format == "raven"
    assert annotations.by_clip() == {"x.wav": [Event(10, 11, "A  b")]}
    # The view of the waveform has no frequencies.
    assert list(annotations.events.high_freq) == [900]


def test_the_path_may_be_missing_where_the_file_is_named(read):
    text = f"{HEADER}\tBegin Path{FILES}1\tS\t1\t70\t71\t{{}}\t{{}}\t1\tA\n"
    assert read(text.format("", "x.wav")).filenames == ("x.wav",)
    with pytest.raises(ValueError, match="Begin Path and Begin File is miss"):
        read(text.format("", ""))

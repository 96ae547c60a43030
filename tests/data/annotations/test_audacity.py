"""Label tracks and lists of events without header."""

from __future__ import annotations

import math

import pytest

from lgc_plugin.data.annotations import ReadOptions, read_annotation_files
from lgc_plugin.types import Event


@pytest.fixture
def read(tmp_path):
    def read(text, name="a.txt", encoding="utf-8", **options):
        (tmp_path / name).write_bytes(text.encode(encoding))
        options = ReadOptions(**options)
        return read_annotation_files([tmp_path / name], options)

    return read


def test_frequencies_follow_their_label(read):
    text = "0\t1\tDog\n\\\t100\t-1.0\n1\t2\tCat\n3\t4\tDog\n\\\t5\t6\n"
    events = read(text).events
    assert list(events.event_label) == ["Dog", "Cat", "Dog"]
    assert [math.isnan(x) for x in events.low_freq] == [False, True, False]
    assert [math.isnan(x) for x in events.high_freq] == [True, True, False]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_line_ends_and_decimal_commas(read, encoding):
    text = "0,5\t1,25\tTür, auf\r\n2\t3,5\tTür\r\n"
    assert read(text, encoding=encoding).by_clip() == {
        "a.wav": [Event(0.5, 1.25, "Tür, auf"), Event(2, 3.5, "Tür")]
    }


def test_points_and_empty_labels_are_left_out_and_counted(read):
    annotations = read("0\t0\tclick\n1\t2\t\n1\t2\n3\t4\tDog\n")
    assert annotations.by_clip() == {"a.wav": [Event(3, 4, "Dog")]}
    text = "\n".join(annotations.notes)
    assert "without duration (point): 1, the first in " in text
    assert "without label: 2, the first in " in text


def test_an_empty_file_is_a_recording_without_labels(read):
    assert read("").by_clip() == {"a.wav": []}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0\t1\tDog\n2\t1\tCat\n", "row 2 .*the offset lies before the onset"),
        ("0\t1\tDog\n2\tx\tCat\n", "row 2 .*offset is 'x'"),
        ("0\t1\tDog\n2\t3\tCat\tx\n", "row 2 .*more than three fields"),
        ("0\t1\tDog\n\n-2\t3\tCat\n", "row 3 .*onset is '-2'"),
        ("\\\t1\t2\n", "row 1 .*without a label before"),
    ],
)
def test_bad_rows(read, text, message):
    with pytest.raises(ValueError, match=message):
        read(text, format="audacity")


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
def test_lists_of_dcase(read, separator):
    rows = [
        ["a.wav", "0.5", "1.5", "Dog"],
        ["b.wav", "office", "1", "2", "5"],
        ["c.wav"],
    ]
    text = "".join(separator.join(row) + "\n" for row in rows)
    annotations = read(text, "x.ann")
    assert "event list of DCASE" in annotations.notes[0]
    assert annotations.by_clip() == {
        "a.wav": [Event(0.5, 1.5, "Dog")],
        "b.wav": [Event(1, 2, "5")],
        "c.wav": [],
    }
    own = read(separator.join(rows[0][1:]), "x.ann", format="dcase")
    assert own.by_clip() == {"x.wav": [Event(0.5, 1.5, "Dog")]}
    with pytest.raises(ValueError, match="row 4 .*it must be onset, offset"):
        read(f"{text}d.wav{separator}x{separator}2{separator}Dog", "x.ann",
             format="dcase")  # fmt: skip


def test_rttm_and_audioset(read):
    rttm = (
        ";; a comment\nSPKR-INFO a 1 <NA> <NA> <NA> unknown Ann <NA>\n"
        "SPEAKER a 1 0.1 0.2 <NA> <NA> Ann 0.5 <NA>\n"
    )
    annotations = read(rttm, "x.rttm")
    assert annotations.by_clip() == {"a": [Event(0.1, 0.3, "Ann")]}
    assert list(annotations.events.confidence) == [0.5]
    assert any("of the type SPKR-INFO: 1" in x for x in annotations.notes)
    with pytest.raises(ValueError, match="row 1 .*no name may hold a blank"):
        read("SPEAKER a 1 0 1 <NA> <NA> an owl at night <NA>", "x.rttm")
    text = (
        "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\tpresent\n"
        "b0RF_30000\t0.5\t10\t/m/09x0r\tPRESENT\n"
        "b0RF_30000\t1\t2\t/m/0bt9lr\tNOT_PRESENT\n"
    )
    annotations = read(text, "x.tsv")
    assert annotations.by_clip() == {"b0RF_30000": [Event(0.5, 10, "/m/09x0r")]}
    assert any("NOT_PRESENT: 1" in note for note in annotations.notes)
    saved = (
        "segment_id,start_time_seconds,end_time_seconds,label\n"
        '-a-B_0,0,1,"Male speech, man speaking"\n'
    )
    assert read(saved, "x.csv").by_clip() == {
        "-a-B_0": [Event(0, 1, "Male speech, man speaking")]
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0\t1\tA\n2\tx\tB\n", r"row 2 .*offset is 'x'"),
        ("0.5,1.5,A\n1.5,x,B\n", "row 2 .*it must be onset, offset"),
        ("a.wav\na.wav\t0\t1\tA, b, c\na.wav\t1\n", "row 3 .*it must be onset"),
        ("0,1,A\nhello\n", "row 2 .*some rows have a filename and others none"),
        ("a.wav,0,1,A\n0,1,A\n", "row 2 .*some rows have a filename and"),
    ],
)
def test_a_bad_row_is_named_without_the_format(read, text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_decimal_commas_between_commas_are_not_guessed(read):
    with pytest.raises(ValueError, match="which column holds onset"):
        read("0,5,1,5,Dog\n")
    numbered = read("100\t0.5\t1.5\tDog\n")
    assert numbered.by_clip() == {"100": [Event(0.5, 1.5, "Dog")]}

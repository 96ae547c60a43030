"""TextGrid and ELAN: tiers, broken files and hostile XML."""

from __future__ import annotations

import pytest

from lgc_plugin.data.annotations import (
    ReadOptions,
    read_annotation_files,
    write_annotation_files,
)
from lgc_plugin.data.annotations.table import annotations_of
from lgc_plugin.types import Event

SHORT = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n10\n<exists>\n'
    '2\n"IntervalTier"\n"birds"\n0\n10\n3\n'
    '0\n1\n""\n1\n2\n"a ""wren"""\n2\n10\n'
    '" "\n"TextTier"\n"clicks"\n0\n10\n1\n5\n"click"\n'
)
ELAN = """\
<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT>
<HEADER TIME_UNITS="milliseconds">
<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/v.mp4" MIME_TYPE="video/mp4"/>
<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/x%20y.wav" MIME_TYPE="audio/x-wav"
 TIME_ORIGIN="500"/></HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="780"/>
<TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1590"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>
<TIER TIER_ID="birds" ANNOTATOR="Ann">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1"
 TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>wren</ANNOTATION_VALUE>
</ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts1"
 TIME_SLOT_REF2="ts3"><ANNOTATION_VALUE>owl</ANNOTATION_VALUE>
</ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="notes" PARENT_REF="birds"><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1">
<ANNOTATION_VALUE>far away</ANNOTATION_VALUE></REF_ANNOTATION>
</ANNOTATION></TIER></ANNOTATION_DOCUMENT>
"""


@pytest.fixture
def read(tmp_path):
    def read(text, name, **options):
        (tmp_path / name).write_text(text)
        options = ReadOptions(**options)
        return read_annotation_files([tmp_path / name], options)

    return read


def test_quotes_blanks_and_points_of_a_textgrid(read):
    annotations = read(SHORT, "a.TextGrid")
    assert annotations.by_clip() == {"a.wav": [Event(1, 2, 'a "wren"')]}
    assert any("(point): 1" in note for note in annotations.notes)


def test_a_textgrid_without_tiers_and_one_with_a_later_begin(read):
    text = "\n".join(SHORT.split("\n")[:5]) + "\n<absent>\n"
    annotations = read(text, "a.TextGrid")
    assert annotations.by_clip() == {"a.wav": []}
    assert annotations.durations == {"a.wav": 10}
    later = read(SHORT.replace("\n0\n", "\n0.5\n", 1), "a.TextGrid")
    assert any("begin at second: 0.5" in note for note in later.notes)


@pytest.mark.parametrize("end", [4, 9, 14, 22])
def test_a_textgrid_that_is_cut_is_refused(read, end):
    text = "\n".join(SHORT.split("\n")[:end])
    with pytest.raises(ValueError, match="line .* is expected and 'the end"):
        read(text, "a.TextGrid")


def test_overlapping_events_of_a_class_get_tiers_of_their_own(tmp_path):
    rows = [("a.wav", x, x + 2.0, "Dog") for x in (0.0, 1.0, 2.0)]
    annotations = annotations_of(rows, more=())
    for name in ("textgrid", "elan"):
        out = tmp_path / f"a.wav.{name}"
        notes = write_annotation_files(annotations, out / "x", name)
        text = next((out / "x").iterdir()).read_text()
        assert text.count("ntervalTier") == 2 * (name == "textgrid")
        assert text.count("<TIER ") == 2 * (name == "elan")
        assert len(notes) == (name == "textgrid")  # the length is unknown


def test_elan(read):
    annotations = read(ELAN, "a.eaf")
    assert annotations.by_clip() == {"x y.wav": [Event(1.28, 2.09, "wren")]}
    assert list(annotations.events.annotator) == ["Ann"]
    text = "\n".join(annotations.notes)
    assert "without a time (not aligned): 1" in text
    assert "tiers that depend on others are not read" in text
    assert "chooses): 'notes'" in text
    notes = read(ELAN, "a.eaf", tiers=("notes",))
    assert notes.by_clip() == {"x y.wav": [Event(1.28, 2.09, "far away")]}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('REF="a1"', 'REF="a3"', "'a3', which is not there or refers back"),
        ('REF="a1"', 'REF="a9"', "'a9', which is not there or refers back"),
        ('REF2="ts2"', 'REF2="ts9"', "no time slot 'ts9'"),
        ('"1590"', '"x"', "offset is 'x'"),
        ('"1590"', '"79"', "'onset=780' .* the offset lies before the onset"),
        ('"milliseconds"', '"PAL-frames"', "times are in 'PAL-frames'"),
        ("</TIER></ANN", "</ANN", "no whole XML"),
        (
            "<ANNOTATION_DOCUMENT>",
            '<!DOCTYPE a [<!ENTITY b SYSTEM "/etc/passwd">]>'
            "<ANNOTATION_DOCUMENT>",
            "it holds <!DOCTYPE",
        ),
    ],
)
def test_bad_elan(read, old, new, message):
    assert old in ELAN
    with pytest.raises(ValueError, match=message) as error:
        read(ELAN.replace(old, new), "a.eaf", tiers=("birds", "notes"),
             format="elan")  # fmt: skip
    assert "a.eaf" in str(error.value)


def test_elan_rounds_to_milliseconds_and_says_so(tmp_path):
    rows = [("a.wav", 0.00049, 1.0, "Dog")]
    notes = write_annotation_files(
        annotations_of(rows, more=()), tmp_path / "a.eaf", "elan"
    )
    assert notes == [
        "times are rounded to milliseconds: this format has no other"
    ]
    short = annotations_of([("a.wav", 0.1, 0.1001, "Dog")], more=())
    with pytest.raises(ValueError, match="whole milliseconds and cannot hold"):
        write_annotation_files(short, tmp_path / "b.eaf", "elan")


def test_a_note_about_many_files_is_one(tmp_path):
    for name in "abc":
        text = SHORT.replace('"clicks"', f'"clicks of {name}"')
        (tmp_path / f"{name}.TextGrid").write_text(text)
    notes = read_annotation_files([tmp_path]).notes
    (note,) = [x for x in notes if "several tiers" in x]
    assert note.endswith("'birds', 'clicks of a'; 2 more files likewise")

"""What is written in any format is read again, or was said to be lost."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lgc_plugin.data.annotation_names import FORMAT_NAMES
from lgc_plugin.data.annotations import (
    ReadOptions,
    WriteOptions,
    read_annotation_files,
    write_annotation_files,
)
from lgc_plugin.data.annotations.formats import AnnotationFile
from lgc_plugin.data.annotations.recordings import Recordings
from lgc_plugin.data.annotations.registry import FORMATS
from lgc_plugin.data.annotations.table import (
    OPTIONAL_COLUMNS,
    TEXT_COLUMNS,
    EventCollector,
    annotations_of,
)
from lgc_plugin.data.annotations.writing import annotation_texts

RATE = 1000
#: By format: in seconds, how far a time may move; the others keep it.
ROUNDED = {"elan": 5.1e-4, "birdsong": 5.1e-4, "jams": 1e-9}
HOSTILE = [
    'a "quoted" label', '"', "'", "\\", "a,b;c:d", "</Label>&amp;", "<NA>",
    "0", "1.5", "1,5", "Türklingel", "犬", "😀", "a\u2028b", "$x", "-1",
    "NaN", "null", "[]", "{data_root}/a", "wav", "SPEAKER a 1 0 1", "#", "!",
    "!x y", "a  b", "<exists>", "=1+1", "\u202eabc", "\ufffea",
]  # fmt: skip

names = st.text(
    st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=6
).filter(lambda text: text == text.strip())
labels = st.one_of(st.sampled_from(HOSTILE), names, st.just("Dog"))
files = st.sampled_from(
    ["a.wav", "b c.flac", "day/a.wav", "dev00", "a,b;'\".wav", "é.1.wav"]
)
times = st.one_of(
    st.integers(0, 10**6).map(lambda n: n / 1000),
    st.floats(0, 1e5, allow_subnormal=False),
)
number = st.one_of(st.just(math.nan), st.floats(0, 1e5).map(lambda x: x + 0.0))
text = st.one_of(st.just(""), st.sampled_from(["1", "2", "ann é"]))


@st.composite
def rows(draw):
    onset, offset = sorted((draw(times), draw(times)))
    if offset - onset < 0.002:
        offset = onset + 1.5
    more = [draw(number), draw(number), draw(number), draw(text), draw(text)]
    return (draw(files), onset, offset, draw(labels), *more)


tables = st.builds(
    annotations_of, st.lists(rows(), max_size=5), st.lists(files, max_size=2)
)


def plain(annotations, columns):
    """Events as they can be compared, in an order that is the same."""
    rows = []
    for row in annotations.events.to_dict("records"):
        more = [
            row.get(name, "" if name in TEXT_COLUMNS else math.nan)
            for name in columns
        ]
        more = [str(x) if isinstance(x, str) else float(x) for x in more]
        rows.append(
            (row["filename"], row["event_label"], row["onset"], row["offset"])
            + tuple(map(repr, more))
        )
    return sorted(rows)


@settings(max_examples=15, deadline=None)
@given(annotations=tables)
@example(annotations=annotations_of([], ["a.wav", "day/b.wav"]))
@example(annotations=annotations_of([], ["dev00", "a,b;.wav"]))
def test_round_trip(annotations):
    # One test for all: making tables takes longer than reading them.
    for name in FORMATS:
        go_round(name, annotations)


def go_round(name, annotations):
    kind = FORMATS[name]
    try:
        texts, notes = annotation_texts(
            annotations, kind, WriteOptions(sample_rate=RATE)
        )
    except ValueError as error:
        assert refused_rightly(name, annotations, str(error))
        return
    again = read_texts(kind, texts)
    held = [x for x in OPTIONAL_COLUMNS if x in kind.holds]
    lost = set(OPTIONAL_COLUMNS) & set(annotations.events) - set(held)
    assert all(any(x in note for note in notes) for x in lost)
    compare(name, annotations, again, held)
    silent = set(annotations.filenames) - set(annotations.events.filename)
    if name == "realdesed":
        assert texts["metadata.csv"].count("\n") > len(silent)
    elif name == "dcase" and not annotations.filenames:
        assert len(again.filenames) == 1  # that which the file is named for
    elif kind.holds_silent:
        expected = {named(name, x, x in silent) for x in annotations.filenames}
        assert set(again.filenames) == expected
    elif silent:
        assert any("without events" in note for note in notes)
    assert not [x for x in again.notes if x.startswith("left out")]


def read_texts(kind, texts):
    """What is read from files of these contents, without writing them."""
    events, recordings = EventCollector(), Recordings()
    options = ReadOptions(sample_rate=RATE)
    for path, text in texts.items():
        if path != "metadata.csv":
            file = AnnotationFile(Path(path), text, recordings, Path())
            kind.read(file, events, options)
    return events.collected()


def named(name, filename, silent=False):
    """A file of one recording that names none is of one with a suffix."""
    names_audio = name == "elan" or (name == "raven" and not silent)
    no_suffix = FORMATS[name].per_recording and not names_audio
    return "dev00.wav" if no_suffix and filename == "dev00" else filename


def compare(name, before, after, held):
    # A missing channel is the first: these formats always have one.
    columns = [
        x for x in held if x != "channel" or name not in ("rttm", "raven")
    ]
    if name in ("audacity", "json", "raven"):
        columns = [x for x in columns if x in before.events]
    ours, theirs = plain(before, columns), plain(after, columns)
    ours = sorted((named(name, row[0]), *row[1:]) for row in ours)
    assert len(ours) == len(theirs)
    limit = ROUNDED.get(name)
    if limit is None:
        assert ours == theirs
        return
    for one, two in zip(
        sorted(ours, key=coarse), sorted(theirs, key=coarse), strict=True
    ):
        assert one[:2] == two[:2]
        assert abs(one[2] - two[2]) <= limit
        assert abs(one[3] - two[3]) <= limit


def coarse(row):
    return (*row[:2], round(row[2], 2), round(row[3], 2), *row[4:])


def refused_rightly(name, annotations, message):
    """Only for a label or name that the format cannot hold."""
    found = list(annotations.events.event_label)
    if "cannot hold" not in message:
        return False
    if name == "rttm":
        texts = [*found, *annotations.filenames]
        texts += list(annotations.events.get("channel", []))
        return any(x.split() != [x] or x == "<NA>" for x in texts)
    if name == "vad":
        return bool({"wav", "id", "length", "duration"} & set(found))
    if name in ("elan", "birdsong"):
        texts = [*found, *annotations.events.get("annotator", [])]
        return any(set("\ufffe\uffff") & set(x) for x in texts)
    return False


def test_options_offer_all_formats():
    assert tuple(FORMATS) == FORMAT_NAMES


@pytest.mark.parametrize("label", ["a\tb", "a\nb", " a", "a ", "", "a\x1bb"])
def test_what_no_table_can_hold_is_refused(tmp_path, label):
    annotations = annotations_of([("a.wav", 0.0, 1.0, label)], more=())
    for name in FORMATS:
        with pytest.raises(ValueError, match="label "):
            write_annotation_files(annotations, tmp_path / "out", name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_content_tells_the_format(tmp_path, name):
    rows = [("a.wav", 0.5, 1.5, "Dog"), ("a.wav", 1.0, 2.0, "Cat")]
    annotations = annotations_of(rows, more=())
    suffix = FORMATS[name].suffixes[0]
    out = tmp_path / f"a.wav{suffix}"
    write_annotation_files(
        annotations, out, name, WriteOptions(sample_rate=RATE)
    )
    again = read_annotation_files([out], ReadOptions(sample_rate=RATE))
    assert FORMATS[name].title in again.notes[0]
    assert set(again.filenames) == {"a.wav"}
    assert sorted(again.by_clip()["a.wav"]) == annotations.by_clip()["a.wav"]

"""Every oddity of the annotation files, and events fitted to their clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.annotations import (
    clean_events,
    merge_overlaps,
    read_durations,
    read_strong,
    read_unlabeled,
    read_weak,
)
from lgc_plugin.types import Event

METADATA = (
    Path(__file__).resolve().parents[3].parent
    / "shared"
    / "data"
    / "desed_metadata"
)
STRONG = "filename\tonset\toffset\tevent_label\n"
WEAK = "filename\tevent_labels\n"
LABELS = (
    "Alarm_bell_ringing",
    "Blender",
    "Cat",
    "Dishes",
    "Dog",
    "Electric_shaver_toothbrush",
    "Frying",
    "Running_water",
    "Speech",
    "Vacuum_cleaner",
)


@pytest.fixture
def metadata():
    if not METADATA.is_dir():
        pytest.skip(f"no annotations of the real DESED in {METADATA}")
    return METADATA


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "table.tsv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_real_validation(metadata):
    annotations = read_strong(metadata / "validation.tsv", LABELS)
    clips = annotations.by_clip()
    assert len(annotations.filenames) == len(clips) == 1168
    assert len(annotations.events) == 4239 - 15
    assert sum(not events for events in clips.values()) == 15
    assert clips["YU0Cg_t_3TdI_30.000_40.000.wav"] == []
    assert clips["Y-YwPSwhe2jo_30.000_40.000.wav"] == []
    assert clips["Y00pbt6aJV8Y_350.000_360.000.wav"] == [
        Event(0.0, 9.971, "Vacuum_cleaner")
    ]
    assert annotations.events.isna().sum().sum() == 0
    assert list(annotations.events) == [
        "filename", "onset", "offset", "event_label",
    ]  # fmt: skip


def test_real_offsets_beyond_the_clip(metadata):
    annotations = read_strong(metadata / "validation.tsv")
    assert annotations.events["offset"].max() == 10.115
    clips = annotations.by_clip()
    cleaned = {name: clean_events(clips[name], 10.0) for name in clips}
    assert sum(clean.cut for clean in cleaned.values()) == 4
    assert sum(clean.merged for clean in cleaned.values()) == 0
    dog = cleaned["Y4p-h_aOrhIw_30.000_40.000.wav"].events
    assert dog[-1] == Event(9.865, 10.0, "Dog")


def test_real_weak(metadata):
    clips = read_weak(metadata / "weak.tsv", LABELS)
    assert len(clips) == 1578
    assert set().union(*clips.values()) == set(LABELS)
    assert all(len(set(tags)) == len(tags) for tags in clips.values())
    assert clips["Y79rmTWPTE4k_20.000_30.000.wav"] == ("Alarm_bell_ringing",)
    assert clips["Y8X4RhPRTYQk_220.000_230.000.wav"] == ("Running_water",)
    assert clips["YAY7QlDwEAH8_0.000_6.000.wav"] == ("Dishes", "Running_water")


def test_real_unlabeled_and_durations(metadata):
    names = read_unlabeled(metadata / "unlabel_in_domain.tsv")
    assert len(names) == 14412
    assert names[0] == "Y--CE2f-ttEQ_30.000_40.000.wav"
    durations = read_durations(metadata / "validation_durations.tsv")
    strong = read_strong(metadata / "validation.tsv")
    assert durations.keys() == set(strong.filenames)
    assert durations["Y00pK0GMmE9s_70.000_80.000.wav"] == 10.0


def test_names_are_taken_as_they_are(write):
    # Some names of the public set have no leading Y; ids begin with - or _.
    names = ["-abc_1.000_2.000.wav", "_x_1.000_2.000.wav", "zY_1.000.wav"]
    path = write(STRONG + "".join(f"{n}\t0\t1\tDog\n" for n in names))
    assert read_strong(path).filenames == tuple(names)


def test_clip_without_events_may_lack_tabs_or_repeat(write):
    path = write(STRONG + "a.wav\nb.wav\t\t\t\nc.wav\t\t\t\nc.wav\t1\t2\tDog\n")
    clips = read_strong(path).by_clip()
    assert clips == {"a.wav": [], "b.wav": [], "c.wav": [Event(1, 2, "Dog")]}


def test_no_events_at_all_still_gives_numbers(write):
    annotations = read_strong(write(STRONG + "a.wav\t\t\t\n"))
    assert annotations.filenames == ("a.wav",)
    assert annotations.events["onset"].dtype == float


def test_line_ends_byte_order_mark_blank_lines_and_order(write):
    text = "event_label\tfilename\toffset\tonset\r\nDog\ta.wav\t2\t1 \r\n\r\n"
    path = write(text, encoding="utf-8-sig")
    assert read_strong(path).by_clip() == {"a.wav": [Event(1, 2, "Dog")]}


def test_weak_rows_of_one_clip_add_up(write):
    path = write(WEAK + "a.wav\tDog, Cat\na.wav\tCat,Speech\nb.wav\t\n")
    assert read_weak(path) == {"a.wav": ("Dog", "Cat", "Speech"), "b.wav": ()}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.wav\t2.0\t1.0\tDog", "offset must lie after onset"),
        ("a.wav\t1.0\t1.0\tDog", "offset must lie after onset"),
        ("a.wav\t-1.0\t1.0\tDog", "onset is "),
        ("a.wav\t1.0\tnan\tDog", "offset is "),
        ("a.wav\t1.0\tinf\tDog", "offset is "),
        ("a.wav\tx\t1.0\tDog", "onset is "),
        ("a.wav\t1.0\t\tDog", "offset is "),
        ("a.wav\t1.0\t2.0\t", "label is ''"),
        ("a.wav\t1.0\t2.0\tDog\x1bbig", "cannot be printed"),
        ("a.wav\t1.0\t2.0\tWolf", "'Wolf' is not one of Cat, Dog"),
        ("\t1.0\t2.0\tDog", "filename is missing"),
        ("a.wav\t1.0\t2.0\tDog\tCat", "5 fields under 4 columns"),
    ],
)
def test_bad_strong_rows_name_file_and_row(write, row, message):
    path = write(STRONG + "a.wav\t0\t1\tCat\n\n" + row + "\n")
    with pytest.raises(ValueError) as error:
        read_strong(path, ["Cat", "Dog"])
    assert str(error.value).startswith(f"{path}, row 4")
    assert message in str(error.value)


def test_labels_may_hold_separators(write):
    label = "Male speech, man speaking; $1: a"
    path = write(f"{STRONG}a.wav\t0\t1\t{label}\n")
    assert read_strong(path).by_clip() == {"a.wav": [Event(0, 1, label)]}
    assert read_strong(path, [label]).by_clip()
    path = write(f"{WEAK}a.wav\tCat,{label},Dog\nb.wav\tDog, {label}\n")
    clips = read_weak(path, ["Cat", "Dog", label, "Male speech"])
    assert clips == {"a.wav": ("Cat", label, "Dog"), "b.wav": ("Dog", label)}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.wav\tDog,Wolf", "'Wolf' is not one of"),
        ("a.wav\tDog,,Cat", "label is ''"),
        ("\tDog", "filename is missing"),
    ],
)
def test_bad_weak_rows_name_file_and_row(write, row, message):
    with pytest.raises(ValueError, match=message) as error:
        read_weak(write(WEAK + row), ["Cat", "Dog"])
    assert ", row 2 (" in str(error.value)


@pytest.mark.parametrize("value", ["", "0", "-1", "ten"])
def test_bad_durations(write, value):
    path = write(f"filename\tduration\na.wav\t{value}\n")
    with pytest.raises(ValueError, match="row 2.*duration .*must be"):
        read_durations(path)


@pytest.mark.parametrize("read", [read_strong, read_weak, read_durations])
@pytest.mark.parametrize(
    "text",
    ["", "filename\n", "filename,onset,offset,event_label\na.wav,0,1,Dog\n"],
)
def test_missing_columns_and_wrong_separator(write, read, text):
    with pytest.raises(ValueError, match="no column.*separated by tabs"):
        read(write(text))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.tsv"):
        read_strong(tmp_path / "gone.tsv")


TENTHS = 120

# Edges on a grid, so that a plain array can tell what sounds when.
events = st.lists(
    st.builds(
        lambda onset, length, label: Event(
            onset / 10, (onset + length) / 10, label
        ),
        st.integers(0, 90),
        st.integers(1, 30),
        st.sampled_from(["Cat", "Dog"]),
    ),
    max_size=8,
)


def sounding(some, label):
    grid = np.zeros(TENTHS, dtype=bool)
    for event in some:
        if event.label == label:
            grid[round(event.onset * 10) : round(event.offset * 10)] = True
    return grid


@given(events)
def test_merging_keeps_what_sounds(some):
    apart = merge_overlaps(some)
    for label in ("Cat", "Dog"):
        np.testing.assert_array_equal(
            sounding(apart, label), sounding(some, label)
        )
        own = [event for event in apart if event.label == label]
        for before, after in zip(own, own[1:], strict=False):
            assert before.offset <= after.onset
    assert merge_overlaps(apart) == apart


@given(events, st.integers(1, TENTHS))
def test_cleaning_keeps_what_sounds_within_the_clip(some, end):
    clean = clean_events(some, end / 10)
    for label in ("Cat", "Dog"):
        expected = sounding(some, label)
        expected[end:] = False
        np.testing.assert_array_equal(sounding(clean.events, label), expected)
    assert all(e.onset < e.offset <= end / 10 for e in clean.events)
    assert len(clean.events) + clean.merged + clean.dropped == len(some)


def test_counts():
    some = [
        Event(0.0, 2.0, "Dog"),
        Event(1.0, 1.5, "Dog"),  # within the first
        Event(2.0, 3.0, "Dog"),  # only touches it
        Event(1.0, 5.5, "Cat"),  # beyond the end
        Event(5.0, 6.0, "Dog"),  # wholly beyond the end
    ]
    clean = clean_events(some, 5.0)
    assert clean.events == (
        Event(0.0, 2.0, "Dog"),
        Event(1.0, 5.0, "Cat"),
        Event(2.0, 3.0, "Dog"),
    )
    assert (clean.cut, clean.dropped, clean.merged) == (1, 1, 1)


def test_rounding_is_not_counted_but_cut():
    clean = clean_events([Event(0.0, 10.0, "Dog")], 9.9999375)
    assert clean.cut == 0
    assert clean.events[0].offset == 9.9999375


def test_one_clip_has_one_duration(write):
    path = write("filename\tduration\na.wav\t10\nb.wav\t9\n a.wav\t10.0\n")
    assert read_durations(path) == {"a.wav": 10.0, "b.wav": 9.0}
    path = write("filename\tduration\na.wav\t10.0\nb.wav\t9\na.wav\t9.98\n")
    with pytest.raises(ValueError, match="9.98 s.*10.0 s") as error:
        read_durations(path)
    assert str(error.value).startswith(f"{path}, row 4 ('a.wav' '9.98'): ")

"""RealDESED, and one truth of several annotators."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.data.annotations import ReadOptions, read_annotation_files
from lgc_plugin.data.annotations.annotators import merge_annotators
from lgc_plugin.data.annotations.table import annotations_of
from lgc_plugin.types import Event

RAW = (
    "filename,onset,offset,class,annotator_id,annotator_is_creator\n"
    "a.wav,0,4,Dog,1,True\na.wav,1,3,Dog,2,False\na.wav,2,5,Dog,3,False\n"
    "b.wav,0,1,Cat,1,True\nb.wav,1,2,Cat,1,True\n"
)


@pytest.fixture
def split(tmp_path):
    (tmp_path / "audio").mkdir()
    (tmp_path / "metadata.csv").write_text(
        "filename,device\na.wav,x\nb.wav,y\nc.wav,z\n"
    )
    (tmp_path / "annotations_raw.csv").write_text(RAW)
    return tmp_path


def test_raw_annotations_are_what_most_marked(split):
    annotations = read_annotation_files([split])
    assert annotations.by_clip() == {
        "a.wav": [Event(1, 4, "Dog")],
        "b.wav": [Event(0, 1, "Cat"), Event(1, 2, "Cat")],
        "c.wav": [],
    }
    assert any("more than half of them" in x for x in annotations.notes)
    union = read_annotation_files([split], ReadOptions(annotators="union"))
    assert union.by_clip()["a.wav"] == [Event(0, 5, "Dog")]
    every = read_annotation_files([split], ReadOptions(annotators="all"))
    assert len(every.events) == 5
    assert list(every.events.annotator)[:3] == ["1", "2", "3"]
    assert any("all events are kept" in note for note in every.notes)


def test_names_of_columns_may_be_quoted(split):
    header, rows = RAW.split("\n", 1)
    quoted = ",".join(f'"{name}"' for name in header.split(","))
    (split / "annotations_raw.csv").write_text(f"{quoted}\n{rows}")
    annotations = read_annotation_files([split])
    assert annotations.format == "realdesed"
    assert annotations.by_clip()["a.wav"] == [Event(1, 4, "Dog")]
    assert annotations.by_clip()["c.wav"] == []


def test_merged_annotations_are_preferred_and_metadata_may_lack(split):
    merged = "filename,onset,offset,class\na.wav,1,4,Dog\n"
    (split / "annotations.csv").write_text(merged)
    annotations = read_annotation_files([split])
    assert annotations.by_clip() == {
        "a.wav": [Event(1, 4, "Dog")], "b.wav": [], "c.wav": [],
    }  # fmt: skip
    assert any("raw.csv: not read beside" in x for x in annotations.notes)
    (split / "metadata.csv").unlink()
    alone = read_annotation_files([split / "annotations.csv"])
    assert alone.filenames == ("a.wav",)
    assert any("clips without events are not known" in x for x in alone.notes)


def test_what_merged_events_lose_is_noted(tmp_path):
    (tmp_path / "a.csv").write_text(
        "filename,onset,offset,label,annotator,low_freq\n"
        "a.wav,0,1,Dog,x,100\na.wav,0,1,Dog,y,100\nb.wav,0,1,Dog,x,200\n"
    )
    options = ReadOptions(annotators="union")
    annotations = read_annotation_files([tmp_path / "a.csv"], options)
    frequencies = annotations.events.set_index("filename").low_freq
    assert frequencies.isna().to_dict() == {"a.wav": True, "b.wav": False}
    assert any("without low_freq" in note for note in annotations.notes)


TENTHS = 40
marks = st.lists(
    st.tuples(
        st.sampled_from("123"),
        st.sampled_from(["Cat", "Dog"]),
        st.integers(0, TENTHS - 10),
        st.integers(1, 9),
    ),
    max_size=8,
)


@settings(max_examples=20, deadline=None)
@given(marks, st.sampled_from(["majority", "union"]))
def test_merging_is_counting_in_each_tenth(marks, how):
    rows = [("a.wav", x, x + n, label, who) for who, label, x, n in marks]
    table = annotations_of(rows, ["a.wav"], more=("annotator",))
    merged = merge_annotators(table, how).by_clip()["a.wav"]
    n_annotators = len({who for who, *_ in marks})
    least = n_annotators // 2 + 1 if how == "majority" else 1
    for label in ("Cat", "Dog"):
        for tenth in range(TENTHS):
            who = {
                who
                for who, each, x, n in marks
                if each == label and x <= tenth < x + n
            }
            sounds = any(
                x.label == label and x.onset <= tenth < x.offset for x in merged
            )
            assert sounds == (len(who) >= least)

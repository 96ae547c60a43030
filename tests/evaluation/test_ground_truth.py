"""Annotation tables: what is refused, merged and left out."""

import logging

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation.events import EVENT_COLUMNS, clean_events
from lgc_plugin.evaluation.ground_truth import GroundTruth

LABELS = ("Cat", "Dog", "Cow")


def events(*rows):
    return pd.DataFrame(rows, columns=EVENT_COLUMNS)


def durations(*clips):
    return pd.DataFrame({"filename": clips, "duration": 10.0})


ROWS = events(
    ["b.wav", 1.0, 3.0, "Dog"],
    ["a.wav", 0.0, 2.0, "Cat"],
    ["empty.wav", None, None, None],
)
CLIPS = durations("a.wav", "b.wav", "empty.wav", "unlisted.wav")


def test_dcase_leaves_out_clips_without_events():
    truth = GroundTruth.from_tables(ROWS, CLIPS, LABELS)
    # Their time counts, as in the challenge's table of durations.
    assert truth.durations.filename.tolist() == sorted(CLIPS.filename)
    assert truth.left_out == {"empty.wav", "unlisted.wav"}
    assert truth.clips == set(CLIPS.filename)
    found = events(["empty.wav", 0, 1, "Cat"], ["a.wav", 0, 1, "Cat"])
    assert truth.select(found).filename.tolist() == ["a.wav"]


def test_strict_keeps_them():
    truth = GroundTruth.from_tables(ROWS, CLIPS, LABELS, profile="strict")
    assert set(truth.durations.filename) == set(CLIPS.filename)
    assert not truth.left_out
    found = events(["empty.wav", 0, 1, "Cat"])
    assert truth.select(found).filename.tolist() == ["empty.wav"]


def test_restrict_keeps_both_kinds_of_clips():
    truth = GroundTruth.from_tables(ROWS, CLIPS, LABELS)
    part = truth.restrict(["a.wav", "empty.wav", "unknown.wav"])
    assert part.clips == {"a.wav", "empty.wav"}
    assert part.events.event_label.tolist() == ["Cat"]
    assert part.present == ("Cat",)
    assert part.coded.counts().tolist() == [[[1], [0], [0]], [[0], [0], [0]]]
    assert part.left_out == {"empty.wav"}


def test_overlaps_of_a_class_are_merged_and_told(caplog):
    rows = events(
        ["a.wav", 4.0, 5.0, "Cat"],
        ["a.wav", 0.0, 9.0, "Dog"],
        ["a.wav", 0.0, 4.5, "Cat"],
        ["a.wav", 1.0, 2.0, "Cat"],
        ["a.wav", 5.0, 6.0, "Cat"],
    )
    with caplog.at_level(logging.INFO, "lgc_plugin"):
        truth = GroundTruth.from_tables(rows, durations("a.wav"), LABELS)
    assert truth.events.to_numpy().tolist() == [
        ["a.wav", 0.0, 5.0, "Cat"],
        ["a.wav", 5.0, 6.0, "Cat"],
        ["a.wav", 0.0, 9.0, "Dog"],
    ]
    assert "annotations: 2 merged with one of the same" in caplog.text


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.integers(0, 12),
            st.integers(0, 6),
            st.sampled_from(LABELS),
        ),
        max_size=12,
    )
)
def test_merging_keeps_the_seconds_and_leaves_no_overlap(rows):
    table = events(*[(f, o, o + length, x) for f, o, length, x in rows])
    merged = clean_events(table, LABELS, "annotations")

    def covered(frame):
        return {
            (f, x, second)
            for f, o, e, x in frame.itertuples(index=False)
            for second in range(int(o), int(e))
        }

    assert covered(merged) == covered(table)
    length = (merged.offset - merged.onset).sum()
    assert length == len(covered(table))


@pytest.mark.parametrize("labels", [["Cat", "Dog", "Cat"], ["Cat", "", "Dog"]])
def test_labels_are_different_names(labels):
    with pytest.raises(ValueError, match="different names"):
        GroundTruth.from_tables(ROWS, CLIPS, labels)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["a.wav", 0, 1, "Owl"], "row 0: label is not one of Cat, Dog, Cow"),
        (["a.wav", 2, 1, "Cat"], "0 <= onset <= offset.*onset=2"),
        (["a.wav", -1, 1, "Cat"], "onset=-1"),
        (["a.wav", 0, None, "Cat"], "offset=nan"),
        (["a.wav", 0, 1, None], "label is not one of"),
        (["z.wav", 0, 1, "Cat"], "'z.wav' is not in the durations"),
    ],
)
def test_a_wrong_row_is_shown(row, message):
    with pytest.raises(ValueError, match=message):
        GroundTruth.from_tables(events(row), durations("a.wav"), LABELS)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"filename": ["a"]}), "lack the columns duration"),
        (
            pd.DataFrame({"filename": ["a", "a"], "duration": [1, 2]}),
            "several durations",
        ),
        (pd.DataFrame({"filename": ["a"], "duration": [0]}), "above 0 s"),
    ],
)
def test_wrong_durations_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        GroundTruth.from_tables(events(), table, LABELS)


def test_detections_that_cannot_be_scored_are_refused():
    truth = GroundTruth.from_tables(ROWS, CLIPS, LABELS)
    with pytest.raises(ValueError, match="'a' is not in the annotations"):
        truth.select(events(["a", 0, 1, "Cat"]))
    several = events(["a.wav", 0, 1, "Cat"], ["a.wav", 0, 1, "Cat"])
    several["threshold"] = [0.1, 0.3]
    with pytest.raises(ValueError, match="2 thresholds"):
        truth.select(several)
    assert len(truth.select(several, thresholds=True)) == 2
    with pytest.raises(ValueError, match="lack the columns threshold"):
        truth.select(ROWS, thresholds=True)


def test_an_unknown_profile_is_refused():
    with pytest.raises(ValueError, match="use dcase or strict"):
        GroundTruth.from_tables(ROWS, CLIPS, LABELS, profile="loose")

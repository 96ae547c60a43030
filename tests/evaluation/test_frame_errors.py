"""The frame error rate against a loop over frames, and as an error."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation.bootstrap import compare, resample
from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_errors import (
    frame_error_counts,
    frame_error_rate,
)
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import count_detections

LABELS = ("Cat", "Dog")
LENGTHS = {"a": 1.0, "b": 0.37, "c": 0.5}

# In ms, so that times and middles of frames may be equal.
event = st.tuples(
    st.sampled_from(list(LENGTHS)),
    st.integers(0, 1000),
    st.integers(1, 600),
    st.sampled_from(LABELS),
)
events = st.lists(event, max_size=12)


def table_of(rows):
    return pd.DataFrame(
        [(clip, on / 1000, (on + n) / 1000, x) for clip, on, n, x in rows],
        columns=EVENT_COLUMNS,
    )


def truth_of(rows, frame=0.008, profile="strict"):
    lengths = pd.DataFrame(LENGTHS.items(), columns=["filename", "duration"])
    return GroundTruth.from_tables(
        table_of(rows),
        lengths,
        LABELS,
        profile=profile,
        criteria=Criteria(error_frame=frame),
    )


def sounding(rows, clip, twice_middle):
    """Classes in the middle of a frame, in half ms."""
    return {
        label
        for name, on, n, label in rows
        if name == clip and 2 * on <= twice_middle < 2 * (on + n)
    }


@settings(max_examples=200)
@given(events, events, st.sampled_from([7, 8, 50]))
def test_frames_are_those_of_a_loop(annotated, detected, frame):
    truth = truth_of(annotated, frame / 1000)
    found = frame_error_counts(truth.code(table_of(detected)), truth)
    for i, (clip, seconds) in enumerate(LENGTHS.items()):
        middles = range(frame, round(2000 * seconds), 2 * frame)
        gaps = [
            sounding(annotated, clip, t) ^ sounding(detected, clip, t)
            for t in middles
        ]
        assert found.n_frames[i] == len(gaps)
        assert found.wrong[i] == sum(map(bool, gaps))
        expected = [sum(label in gap for gap in gaps) for label in LABELS]
        assert found.wrong_of_class[i].tolist() == expected


def test_a_wrong_label_is_one_error():
    truth = truth_of([("a", 0, 500, "Cat")], 0.01)
    detected = table_of([("a", 0, 500, "Dog")])
    score = frame_error_rate(detected, truth)
    assert score.value == pytest.approx(50 / 187)
    assert score.per_class == {
        "Cat": pytest.approx(50 / 187),
        "Dog": pytest.approx(50 / 187),
    }
    assert frame_error_rate(truth.events, truth).value == 0


def test_clips_that_the_profile_leaves_out_have_no_frames():
    rows = [("a", 0, 500, "Cat")]
    truth = truth_of(rows, 0.01, profile="dcase")
    detected = table_of([*rows, ("b", 0, 300, "Cat")])
    assert frame_error_rate(detected, truth).value == 0
    counts = frame_error_counts(truth.code(detected), truth)
    assert counts.n_frames.tolist() == [100, 0, 0]


def test_the_lower_rate_wins():
    truth = truth_of([("a", 0, 500, "Cat"), ("c", 0, 400, "Dog")])
    tables = truth.events, table_of([("a", 0, 100, "Cat")])
    metric = "frame_error_rate"
    counts = [count_detections(x, truth, metrics=[metric]) for x in tables]
    drawn = [resample(x, 3, resamples=50)[metric] for x in counts]
    scores = [x[metric].score() for x in counts]
    better = compare(*scores, *drawn, lower_is_better=True)
    assert better.score.value < 0
    assert better.wins.value > 0.9
    assert np.isclose(better.wins.value + better.ties.value, 1.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"collar": 0.0}, "collar is 0.0: give seconds above 0"),
        ({"offset_share": float("nan")}, "offset_share is nan"),
        ({"error_frame": 0}, "error_frame is 0: give seconds above 0"),
    ],
)
def test_criteria_that_cannot_be_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Criteria(**values)

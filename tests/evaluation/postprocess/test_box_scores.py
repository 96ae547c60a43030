"""Events with confidences, swept by thresholds as frame scores are."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation.postprocess.box_scores import scores_of_events
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from score_cases import case

COLUMNS = ["filename", "onset", "offset", "event_label", "confidence"]
LABELS = ("Cat", "Dog")


@st.composite
def event_lists(draw):
    """Events in whole seconds, which overlap and touch."""
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        onset, size = draw(st.integers(0, 7)), draw(st.integers(1, 4))
        clip, label = draw(st.sampled_from("ab")), draw(st.sampled_from(LABELS))
        confidence = draw(st.sampled_from([0.25, 0.5, 0.75]))
        rows.append([clip, onset, onset + size, label, confidence])
    return pd.DataFrame(rows, columns=COLUMNS)


@settings(max_examples=30)
@given(event_lists())
def test_each_second_has_the_highest_confidence_there(events):
    clips, durations = ["a", "b", "c"], [11, 12.5, 3]
    frames = scores_of_events(events, clips, LABELS, durations)
    assert frames.clips == ("a", "b", "c")
    for clip, duration in enumerate(durations):
        n_frames = frames.valid_frames[clip]
        edges = frames.edges[clip, : n_frames + 1]
        assert edges[0] == 0 and edges[-1] == duration
        own = events[events.filename == clips[clip]]
        known = {0, duration, *own.onset, *own.offset}
        assert edges.tolist() == sorted(known)
        for row, label in enumerate(LABELS):
            for frame in range(n_frames):
                inside = (own.onset <= edges[frame]) & (
                    own.offset >= edges[frame + 1]
                )
                sure = own.confidence[inside & (own.event_label == label)]
                highest = max(sure, default=-np.inf)
                assert frames.scores[clip, row, frame] == highest


def test_boxes_come_back_at_every_threshold():
    frames, truth = case(n_clips=5)
    found = PostProcessing(step_filter_length=1.0)
    boxes = found.candidates(frames)
    durations = truth.seconds_of(frames.clips)
    scores = scores_of_events(boxes, frames.clips, frames.labels, durations)
    swept = PostProcessing().all_events(scores)
    expected = found.all_events(frames)
    pd.testing.assert_frame_equal(swept, expected, atol=1e-6)
    assert swept.threshold.nunique() > 10


def test_no_event_is_a_clip_of_one_frame():
    frames = scores_of_events(
        pd.DataFrame([], columns=COLUMNS), ["a"], LABELS, [4.0]
    )
    assert frames.edges.tolist() == [[0.0, 4.0]]
    assert frames.scores.tolist() == [[[-np.inf], [-np.inf]]]
    none = scores_of_events(pd.DataFrame([], columns=COLUMNS), [], LABELS, [])
    assert none.scores.size == 0


def test_other_clips_and_classes_are_left_out():
    rows = [["z", 0, 1, "Cat", 0.5], ["a", 0, 1, "Owl", 0.5]]
    frames = scores_of_events(
        pd.DataFrame(rows, columns=COLUMNS), ["a"], LABELS, [1.0]
    )
    assert np.isneginf(frames.scores).all()

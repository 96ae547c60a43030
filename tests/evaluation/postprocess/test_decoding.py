"""Windows and thresholds, checked before they are used."""

import pandas as pd
import pytest

from lgc_plugin.evaluation.postprocess.post_processing import (
    PostProcessing,
    decode_frames,
)
from score_cases import LABELS, case


def test_class_thresholds_are_one_threshold_for_each_class():
    frames, _ = case()
    limits = {"Owl": 0.7, "Cat": 0.3, "Dog": 0.5}
    found = PostProcessing(3, decision_threshold=limits).operating_events(
        frames
    )
    for label, limit in limits.items():
        own = found[found.event_label == label]
        assert (own.threshold == limit).all()
        alone = decode_frames(
            frames.scores,
            frames.clips,
            LABELS,
            frames.edges,
            limit,
            3,
            frames.valid_frames,
        )
        alone = alone[alone.event_label == label]
        pd.testing.assert_frame_equal(
            own.reset_index(drop=True), alone.reset_index(drop=True)
        )


def test_clips_may_have_frames_of_their_own():
    frames, _ = case(n_clips=2)
    edges = [frames.edges, frames.edges * 2 + 1]
    both = decode_frames(
        frames.scores, frames.clips, LABELS, edges, 0.4, 1, frames.valid_frames
    )
    first, second = frames.clips
    plain = PostProcessing(1, decision_threshold=0.4).operating_events(frames)
    expected = plain.copy()
    late = expected.filename == second
    expected.loc[late, ["onset", "offset"]] *= 2
    expected.loc[late, ["onset", "offset"]] += 1
    pd.testing.assert_frame_equal(both, expected)
    assert set(both.filename) == {first, second}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"median_windows": [1, 2]}, "2 median windows for 3 classes"),
        ({"decision_threshold": [0.4, 0.5]}, "must be a number, or"),
        ({"decision_threshold": {"Cat": 0.4}}, r"missing \['Dog', 'Owl'\]"),
        ({"decision_threshold": float("nan")}, "must be a number, or"),
        ({"thresholds": []}, "one or more different numbers"),
        ({"thresholds": [0.5, 0.5]}, "one or more different numbers"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        PostProcessing(**options).for_labels(LABELS)

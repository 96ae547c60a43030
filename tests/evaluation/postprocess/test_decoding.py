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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deactivation_th": 0.6}, "'Cat' is 0.6: must not be above its dec"),
        (
            {"deactivation_th": 0.1, "step_filter_length": 0.5},
            "leave one of them out",
        ),
        (
            {"deactivation_th": 0.1, "thresholds": [0.0, 0.5]},
            "must be above 0 where deactivation_th is set",
        ),
        ({"close_th": -0.1}, "close_th is -0.1: must be at least 0"),
        ({"len_th": float("inf")}, "len_th is inf: must be a number, or"),
        ({"pad_before": None}, "pad_before is None: must be a number, or"),
        ({"pad_after": True}, "pad_after is True: must be a number, or"),
        ({"step_filter_length": 0}, "step_filter_length is 0: must be above 0"),
        ({"merge_threshold_rel": "2"}, "merge_threshold_rel is '2': must be"),
        ({"close_th": {"Cat": 0.1}}, r"close_th must name .*missing \['Dog'"),
    ],
)
def test_settings_that_cannot_be_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        PostProcessing(**options).for_labels(LABELS)


def test_settings_are_what_differs_from_the_defaults():
    assert PostProcessing().for_labels(LABELS).settings() == {}
    assert PostProcessing(close_th=dict.fromkeys(LABELS, 0.0)).settings() == {}
    chosen = {
        "median_windows": [3, 3, 5],
        "thresholds": [0.25, 0.75],
        "decision_threshold": {"Cat": 0.5, "Dog": 0.5, "Owl": 0.4},
        "deactivation_th": 0.25,
        "pad_after": 0.5,
    }
    settings = PostProcessing(**chosen).for_labels(LABELS)
    assert settings.settings() == chosen
    assert PostProcessing(**settings.settings()).for_labels(LABELS) == settings
    assert settings.has_rules and not settings.finds_boxes
    assert PostProcessing(step_filter_length=1).finds_boxes
    assert not PostProcessing(7, decision_threshold=0.2).has_rules

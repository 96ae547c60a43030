"""From scores or events to the counts of every metric."""

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation import psds_free
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import (
    ALL_METRICS,
    FREE_METRICS,
    LOWER_IS_BETTER,
    available_metrics,
    count_detections,
    count_scores,
    count_tags,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from score_cases import LABELS, case

DECODING = PostProcessing(3, (0.3, 0.5, 0.7))
OF_EVENTS = (
    *("psds1", "psds2"),
    *("event_f1", "segment_f1", "intersection_f1", "frame_error_rate"),
)


def scored(counts):
    return {name: each.score() for name, each in counts.items()}


@pytest.mark.parametrize("profile", ["strict", "dcase"])
def test_scores_and_their_events_come_to_the_same(profile):
    frames, truth = case(profile=profile)
    by_scores = scored(count_scores(frames, truth, DECODING, OF_EVENTS))
    by_events = scored(
        count_detections(
            DECODING.operating_events(frames),
            truth,
            DECODING.all_events(frames),
            OF_EVENTS,
        )
    )
    assert tuple(by_scores) == tuple(by_events) == OF_EVENTS
    for name, score in by_scores.items():
        assert score.flat(name) == by_events[name].flat(name)
        assert score.per_class == by_events[name].per_class


def test_events_tag_their_clips():
    frames, truth = case()
    operating = DECODING.operating_events(frames)
    counts = count_detections(operating, truth)
    assert tuple(counts) == (*OF_EVENTS[2:], "clip_f1")
    has = {(f, x) for f, *_, x in truth.events.itertuples(index=False)}
    said = set(zip(operating.filename, operating.event_label, strict=True))
    f1 = 2 * len(has & said) / (len(has) + len(said))
    assert counts["clip_f1"].score().micro == pytest.approx(f1)
    # A rank needs more than one threshold.
    both = count_detections(operating, truth, DECODING.all_events(frames))
    assert 0 < both["clip_ap"].score().macro <= 1


def test_each_class_may_have_a_threshold_of_its_own():
    frames, truth = case()
    limits = {"Cat": 0.3, "Dog": 0.5, "Owl": 0.7}
    own = PostProcessing(3, (0.5,), limits)
    score = count_scores(frames, truth, own, ["event_f1"])["event_f1"].score()
    for label, limit in limits.items():
        same = PostProcessing(3, (0.5,), limit)
        each = count_scores(frames, truth, same, ["event_f1"])["event_f1"]
        assert score.per_class[label] == each.score().per_class[label]


def test_no_detection_and_no_event_have_scores():
    frames, truth = case(n_clips=4)
    silent = FrameScores(
        LABELS,
        frames.clips,
        np.zeros_like(frames.scores),
        frames.valid_frames,
        frames.edges,
    )
    for name, score in scored(count_scores(silent, truth, DECODING)).items():
        if name == "frame_error_rate":
            assert 0 < score.value < 1
        elif name != "clip_ap":  # everything has the same rank there
            assert score.value == 0, name
    empty = GroundTruth.from_tables(
        truth.events[:0], truth.durations, LABELS, profile="strict"
    )
    for name, score in scored(count_scores(frames, empty, DECODING)).items():
        if name == "frame_error_rate":
            assert score.value > 0
            continue
        assert np.isnan(score.value), name
        assert np.isnan(list(score.per_class.values())).all()
    none = count_detections(
        truth.events[:0], empty, truth.events[:0].assign(threshold=0.5)
    )
    assert none.pop("frame_error_rate").score().value == 0
    assert all(np.isnan(each.score().value) for each in none.values())


def test_a_nan_is_refused_with_its_clip():
    frames, truth = case()
    broken = frames.scores.copy()
    broken[3, 1, 5] = np.nan
    wrong = FrameScores(
        LABELS, frames.clips, broken, frames.valid_frames, frames.edges
    )
    for metrics in (["psds1"], ["event_f1"], ["clip_ap"]):
        with pytest.raises(ValueError, match=r"clip '03.wav' has a NaN score"):
            count_scores(wrong, truth, DECODING, metrics)
    if psds_free.has_sed_scores_eval():
        with pytest.raises(ValueError, match=r"clip '03.wav' has a NaN score"):
            count_scores(wrong, truth, DECODING, list(FREE_METRICS))


def test_tags_of_unknown_clips_are_refused():
    _, truth = case()
    with pytest.raises(ValueError, match="'x.wav' is not in the annotations"):
        count_tags(["00.wav", "x.wav"], np.zeros((2, 3)), truth)


def test_what_is_not_installed_is_not_asked_for(monkeypatch):
    monkeypatch.setattr(psds_free, "find_spec", lambda name: None)
    expected = [name for name in ALL_METRICS if "free" not in name]
    assert list(available_metrics()) == expected


def test_overlaps_of_a_class_are_merged_before_they_are_scored():
    rows = [("00.wav", 1.0, 3.0, "Cat"), ("00.wav", 2.0, 4.0, "Cat")]
    truth = GroundTruth.from_tables(
        pd.DataFrame(rows, columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": ["00.wav"], "duration": [10.0]}),
        LABELS,
    )
    found = pd.DataFrame(rows[::-1], columns=EVENT_COLUMNS)
    points = found.assign(threshold=0.5)
    for name, score in scored(count_detections(found, truth, points)).items():
        assert score.value == (name not in LOWER_IS_BETTER), name

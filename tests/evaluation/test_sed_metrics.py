"""append and summarize: the same numbers as decoding by hand."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.f1 import event_f1
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import ALL_METRICS
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds import PSDS1, psds_score
from lgc_plugin.evaluation.psds_free import has_sed_scores_eval
from lgc_plugin.evaluation.sed_metrics import SEDMetrics
from score_cases import decode_events

LABELS = ("Cat", "Dog")
CLIPS = [f"{i}.wav" for i in range(6)]
THRESHOLDS = (0.2, 0.5, 0.8)


@pytest.fixture
def case():
    """A truth of six clips and noisy scores that follow it."""
    rng = np.random.default_rng(0)
    encoder = EventEncoder(LABELS)
    rows = []
    scores = rng.uniform(0, 0.4, (6, 2, encoder.n_frames))
    for i, clip in enumerate(CLIPS[:5]):
        for row, label in enumerate(LABELS):
            first = int(rng.integers(0, 100))
            scores[i, row, first : first + 40] += 0.35
            onset, offset = encoder.seconds(first), encoder.seconds(first + 40)
            rows.append([clip, onset, offset, label])
    truth = GroundTruth.from_tables(
        pd.DataFrame(rows, columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": CLIPS, "duration": 10.0}),
        LABELS,
    )
    return encoder, truth, torch.from_numpy(scores).float()


@pytest.mark.parametrize("operating", [0.5, 0.45])
def test_numbers_are_those_of_decoding_everything_at_once(case, operating):
    encoder, truth, scores = case
    metrics = SEDMetrics(encoder, truth, [3, 8], THRESHOLDS, operating)
    metrics.append(CLIPS[:4], scores[:4])
    metrics.append(CLIPS[4:], scores[4:])
    result = metrics.summarize()
    found = decode_events(scores, CLIPS, encoder, THRESHOLDS, [3, 8])
    pd.testing.assert_frame_equal(metrics.detections(), found)
    assert metrics.detections() is metrics.detections()
    at_one = decode_events(scores, CLIPS, encoder, operating, [3, 8])
    scores = result.scores
    assert scores["event_f1"] == event_f1(at_one, truth)
    assert scores["psds1"].value == psds_score(found, truth, **PSDS1).value
    assert 0 < scores["psds1"].value <= 1
    if has_sed_scores_eval():
        assert tuple(scores) == ALL_METRICS
        assert scores["psds1_free"].value > 0
    assert set(result.flat()) >= {
        "psds1",
        "psds2",
        "event_f1_macro",
        "event_f1_micro",
        "segment_f1_macro",
        "intersection_f1_micro",
        "clip_f1_macro",
        "clip_ap_macro",
    }
    nested = json.loads(json.dumps(result.as_dict()))
    assert set(nested["per_class"]["event_f1"]) == set(LABELS)


@pytest.mark.parametrize(
    "settings", [{"step_filter_length": 0.5}, {"len_th": {"Cat": 9, "Dog": 0}}]
)
def test_boxes_and_rules_are_scored(case, settings):
    encoder, truth, scores = case
    metrics = SEDMetrics(encoder, truth, 3, **settings)
    metrics.append(CLIPS, scores)
    result = metrics.summarize()
    found = PostProcessing(3, **settings).operating_events(
        metrics.frame_scores()
    )
    assert result.scores["event_f1"] == event_f1(found, truth)
    plain = SEDMetrics(encoder, truth, 3)
    plain.append(CLIPS, scores)
    assert plain.summarize().scores["psds1"] != result.scores["psds1"]
    free = "psds1_free" in result.scores
    assert free == (has_sed_scores_eval() and "len_th" not in settings)


def test_the_light_mode_gives_the_same_f1_without_the_rest(case):
    encoder, truth, scores = case
    metrics = SEDMetrics(encoder, truth, 5, THRESHOLDS)
    metrics.append(CLIPS, scores)
    light = metrics.summarize(["intersection_f1"])
    assert set(light.flat()) == {
        "intersection_f1_macro",
        "intersection_f1_micro",
    }
    assert metrics._detections is None, "decoded all thresholds for nothing"
    full = metrics.summarize()
    name = "intersection_f1"
    assert full.scores[name] == light.scores[name]
    with pytest.raises(ValueError, match="'f1' is unknown: use psds1"):
        metrics.summarize(["f1"])


def test_clips_that_are_not_there_are_told_and_left_out(case):
    encoder, truth, scores = case
    metrics = SEDMetrics(encoder, truth, 5, THRESHOLDS)
    metrics.append(CLIPS[:2], scores[:2])
    result = metrics.summarize()
    assert result.coverage == "2/6"
    part = truth.restrict(CLIPS[:2])
    expected = event_f1(metrics.operating_detections(), part)
    assert result.scores["event_f1"] == expected


def test_scores_are_copied_and_kept_as_float32(case):
    encoder, truth, scores = case
    metrics = SEDMetrics(encoder, truth, 5, THRESHOLDS)
    buffer = scores.clone()
    metrics.append(CLIPS, buffer, torch.full((6,), encoder.n_frames))
    before = metrics.detections()
    metrics._detections = None
    buffer.zero_()
    pd.testing.assert_frame_equal(metrics.detections(), before)


def test_clear_begins_again(case):
    encoder, truth, scores = case
    metrics = SEDMetrics(encoder, truth, 5, THRESHOLDS)
    metrics.append(CLIPS, scores)
    metrics.detections()
    metrics.clear()
    assert not metrics.scored_clips
    with pytest.raises(ValueError, match="append scores first"):
        metrics.summarize()
    metrics.append(CLIPS[:1], torch.zeros_like(scores[:1]))
    assert metrics.summarize().flat()["psds1"] == 0


def test_mistakes_are_named(case):
    encoder, truth, scores = case
    with pytest.raises(ValueError, match="3 median windows for 2 classes"):
        SEDMetrics(encoder, truth, [1, 2, 3])
    with pytest.raises(ValueError, match="different classes"):
        SEDMetrics(EventEncoder(["Cat"]), truth)
    metrics = SEDMetrics(encoder, truth, 5)
    with pytest.raises(ValueError, match="'0' is not in the annotations"):
        metrics.append(["0"], scores[:1])
    with pytest.raises(ValueError, match="do not fit 1 clips"):
        metrics.append(CLIPS[:1], scores)
    metrics.append(CLIPS[:1], scores[:1])
    with pytest.raises(ValueError, match="'0.wav' is scored twice"):
        metrics.append(CLIPS[:2], scores[:2])

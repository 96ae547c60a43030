"""Threshold-free PSDS: what infinitely many thresholds would give."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation import psds_free
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import count_scores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds import PSDS1, PSDS2, psds_score
from lgc_plugin.evaluation.psds_free import psds_free_counts
from score_cases import LABELS, case

WINDOWS = (3, 1, 6)


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("sed_scores_eval", reason="the extra `scores`")


@pytest.mark.parametrize("profile", ["strict", "dcase"])
@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_it_is_psds_at_every_score_there_is(scenario, profile):
    frames, truth = case(n_clips=20, profile=profile)
    # Few levels, so that psds_eval can have a point below each of them.
    levels = np.round(frames.scores, 2)
    frames = FrameScores(
        frames.labels, frames.clips, levels, frames.valid_frames, frames.edges
    )
    counts = psds_free_counts(frames, truth, WINDOWS, **scenario)
    limits = np.unique(levels.astype(np.float64)) - 0.005
    events = PostProcessing(WINDOWS, limits).all_events(frames)
    expected = psds_score(events, truth, **scenario)
    score = counts.score()
    assert 0.05 < score.value == pytest.approx(expected.value, abs=1e-9)
    for label in LABELS:
        assert score.per_class[label] == pytest.approx(
            expected.per_class[label], abs=1e-9
        )
    ours = counts.averages(np.ones((1, 20)))
    assert ours.value[0] == score.value
    area = np.sum(np.diff(score.curve.efpr) * score.curve.etpr[:-1])
    assert area / 100 == pytest.approx(score.value)


def test_clips_that_were_not_scored_have_no_detection():
    frames, truth = case(n_clips=20)
    part = frames.select(frames.clips[:15])
    quiet = frames.scores.copy()
    quiet[15:] = -1.0  # below all others: a false alarm, but the last
    silenced = FrameScores(
        LABELS, frames.clips, quiet, frames.valid_frames, frames.edges
    )
    a, b = (
        psds_free_counts(x, truth, 3, **PSDS1).score() for x in (part, silenced)
    )
    assert a.value == pytest.approx(b.value)
    assert a.value < psds_free_counts(frames, truth, 3, **PSDS1).score().value


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_a_class_may_be_in_clips_without_scores_alone(scenario):
    frames, truth = case(n_clips=20)
    cats = truth.events[truth.events.event_label == LABELS[0]].filename
    others = [clip for clip in frames.clips if clip not in set(cats)]
    assert 0 < len(others) < 20
    part = frames.select(others)
    quiet = frames.scores.copy()
    quiet[[clip not in others for clip in frames.clips]] = -1.0
    silenced = FrameScores(
        LABELS, frames.clips, quiet, frames.valid_frames, frames.edges
    )
    a, b = (
        psds_free_counts(x, truth, 3, **scenario).score()
        for x in (part, silenced)
    )
    assert a.value == pytest.approx(b.value)
    assert a.per_class == pytest.approx(b.per_class)


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_events_that_touch_are_one_and_one_class_is_enough(scenario):
    rows = [("a.wav", 1.0, 2.0, "Cat"), ("a.wav", 2.0, 4.0, "Cat")]
    truth = GroundTruth.from_tables(
        pd.DataFrame(rows, columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": ["a.wav"], "duration": [10.0]}),
        LABELS,
    )
    scores = np.zeros((1, 3, 40), dtype=np.float32)
    scores[0, 0, 4:16] = 0.9
    frames = FrameScores(
        LABELS, ("a.wav",), scores, np.array([40]), np.arange(41) / 4
    )
    counts = psds_free_counts(frames, truth, 1, **scenario)
    assert counts.events.sum() == 1
    assert counts.score().value == 1.0
    assert np.isnan(counts.score().per_class["Owl"])


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_a_class_of_which_nothing_is_said_has_no_hit(scenario):
    frames, truth = case()
    silent = frames.scores.copy()
    silent[:, 1] = -np.inf
    mute = FrameScores(
        LABELS, frames.clips, silent, frames.valid_frames, frames.edges
    )
    score = psds_free_counts(mute, truth, 3, **scenario).score()
    assert score.per_class["Dog"] == 0 and score.per_class["Cat"] > 0
    nobody = psds_free_counts(mute.select([]), truth, 3, **scenario)
    assert nobody.score().value == 0
    assert (nobody.averages(np.ones((2, 12))).value == 0).all()


def test_no_event_is_nan():
    frames, truth = case(n_clips=4)
    empty = GroundTruth.from_tables(
        truth.events[:0], truth.durations, LABELS, profile="strict"
    )
    counts = psds_free_counts(frames, empty, 3, **PSDS2)
    assert np.isnan(counts.score().value)
    assert np.isnan(counts.averages(np.ones((2, 4))).value).all()


def test_without_sed_scores_eval_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(psds_free, "find_spec", lambda name: None)
    frames, truth = case()
    with pytest.raises(ValueError, match="extra 'scores'"):
        psds_free_counts(frames, truth, 3, **PSDS1)


def test_confidences_of_boxes_are_swept():
    frames, truth = case(n_clips=6)
    boxes = PostProcessing(3, step_filter_length=1.0)
    levels = np.unique(boxes.candidates(frames).confidence)
    between = (levels[1:] + levels[:-1]) / 2
    boxes = replace(boxes, thresholds=[-0.1, *between])
    counts = count_scores(frames, truth, boxes, ["psds1", "psds1_free"])
    every, free = (counts[x].score() for x in ("psds1", "psds1_free"))
    assert 0.01 < free.value == pytest.approx(every.value, abs=1e-9)
    assert free.per_class == pytest.approx(every.per_class, abs=1e-9)


@pytest.mark.parametrize("name", ["close_th", "pad_after", "deactivation_th"])
def test_what_depends_on_the_threshold_is_not_swept(name):
    frames, truth = case()
    ruled = PostProcessing(3, **{name: 0.25})
    with pytest.raises(ValueError, match="depend on the threshold"):
        count_scores(frames, truth, ruled, ["psds1_free"])
    assert "psds1_free" not in count_scores(frames, truth, ruled)

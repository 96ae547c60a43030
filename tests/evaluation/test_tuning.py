"""Tuning: the best of all pairs, found as if every one had been scored."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation import class_scores
from lgc_plugin.evaluation.metrics import count_scores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds_free import has_sed_scores_eval
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.evaluation.tuning import TUNING_METRICS, tune
from lgc_plugin.evaluation.tuning_grid import TuningGrid
from lgc_plugin.evaluation.tuning_search import Candidate, default_windows
from noisy_scores import LABELS, noisy_case
from strategies import seeds

WINDOWS = (1, 3, 6)
POINTS = (0.1, 0.3, 0.49, 0.51, 0.7, 0.9)
START = PostProcessing({"Cow": 4, "Cat": 1, "Dog": 2}, POINTS)
F1_METRICS = ("event_f1", "segment_f1", "intersection_f1")


def class_score(frames, truth, metric, label, window, threshold=0.5):
    """The score of a class, with all classes decoded the same way."""
    post_processing = PostProcessing(window, POINTS, threshold)
    counts = count_scores(frames, truth, post_processing, [metric])
    return counts[metric].score().per_class[label]


def best_pair(frames, truth, metric, label, thresholds):
    """Tries every pair, one after another, in the order of preference."""
    windows = sorted({*WINDOWS, START.median_windows[label]})
    limits = sorted(thresholds, key=lambda x: (round(abs(x - 0.5), 9), x))
    best, chosen = -1.0, None
    for window in windows:
        for limit in limits:
            score = class_score(frames, truth, metric, label, window, limit)
            if score > best + 1e-12:
                best, chosen = score, (window, limit)
    return best, chosen


@pytest.mark.parametrize("metric", TUNING_METRICS)
def test_windows_are_those_of_trying_each(metric):
    if metric.endswith("free") and not has_sed_scores_eval():
        pytest.skip("sed_scores_eval is not installed")
    frames, truth = noisy_case()
    result = tune(frames, truth, metric, WINDOWS, start=START)
    assert result.windows == (1, 2, 3, 4, 6)
    for row, label in enumerate(LABELS[:2]):
        best, (window, _) = best_pair(frames, truth, metric, label, [0.5])
        assert result.settings.post_processing.median_windows[label] == window
        assert np.nanmax(result.grid[row]) == pytest.approx(best)
        assert result.after.per_class[label] == pytest.approx(best)
    assert result.settings.post_processing.decision_threshold == 0.5
    assert len(set(result.settings.post_processing.median_windows.values())) > 1


@pytest.mark.parametrize("metric", F1_METRICS)
@pytest.mark.parametrize("seed", [0, 1])
def test_pairs_are_those_of_trying_all(metric, seed):
    frames, truth = noisy_case(seed)
    result = tune(frames, truth, metric, WINDOWS, True, start=START)
    chosen = result.settings.post_processing
    for label in LABELS[:2]:
        limits = [*POINTS, 0.5]
        best, pair = best_pair(frames, truth, metric, label, limits)
        found = chosen.median_windows[label], chosen.decision_threshold[label]
        assert found == pair
        assert result.after.per_class[label] == pytest.approx(best)
    assert result.after.macro > result.before.macro


@settings(max_examples=15)
@given(seeds, st.sampled_from(F1_METRICS), st.booleans())
def test_tuning_never_makes_its_own_score_worse(seed, metric, thresholds):
    frames, truth = noisy_case(seed, n_clips=6)
    if not truth.present:
        return
    result = tune(frames, truth, metric, [5], thresholds, start=START)
    assert result.after.macro >= result.before.macro
    for label, before in result.before.per_class.items():
        assert not result.after.per_class[label] < before


@settings(max_examples=10)
@given(seeds)
def test_areas_do_not_get_smaller(seed):
    frames, truth = noisy_case(seed, n_clips=6)
    if not truth.present:
        return
    result = tune(frames, truth, "psds2", [1, 5], start=START)
    for label in truth.present:
        before, after = (
            score.per_class[label] for score in (result.before, result.after)
        )
        assert after >= before - 1e-12


@pytest.mark.parametrize("metric", ["psds1", "psds2", "event_f1"])
def test_blocks_of_clips_change_nothing(metric, monkeypatch):
    frames, truth = noisy_case(3)
    whole = tune(frames, truth, metric, WINDOWS)
    monkeypatch.setattr(class_scores, "_BLOCK_CLIPS", 5)
    blocks = tune(frames, truth, metric, WINDOWS)
    np.testing.assert_allclose(blocks.grid, whole.grid, rtol=1e-12)
    assert blocks.settings == whole.settings


def test_before_and_after_are_what_decoding_with_them_gives():
    frames, truth = noisy_case(4)
    result = tune(
        frames, truth, "psds1", WINDOWS, start=START, resamples=20, seed=3
    )
    post_processing = replace(
        result.settings.post_processing, thresholds=POINTS
    )
    for score, each in (
        (result.before, START),
        (result.after, post_processing),
    ):
        counts = count_scores(frames, truth, each, ["psds1"])
        assert score.value == counts["psds1"].score().value
        assert score.intervals.value.low <= score.value
        assert score.intervals.value.high >= score.value


def test_classes_without_events_keep_what_they_have():
    frames, truth = noisy_case()
    result = tune(frames, truth, "event_f1", WINDOWS, True, start=START)
    assert result.absent == ("Cow",)
    assert result.settings.post_processing.median_windows["Cow"] == 4
    assert result.settings.post_processing.decision_threshold["Cow"] == 0.5
    assert np.isnan(result.grid[2]).all()


def test_ties_go_to_the_smallest_window_and_the_middle():
    """Scores of 0 or 1 in long runs: everything finds all events."""
    frames, truth = noisy_case()
    scores = np.zeros_like(frames.scores)
    for clip, onset, offset, label in truth.events.itertuples(index=False):
        row, column = frames.clips.index(clip), LABELS.index(label)
        scores[row, column, int(onset * 2) : int(offset * 2)] = 1.0
    sure = replace(
        frames, scores=scores, valid_frames=np.full(len(frames.clips), 20)
    )
    limits = PostProcessing(3, (0.1, 0.49, 0.51, 0.9), 0.9)
    result = tune(sure, truth, "event_f1", [3, 1], True, start=limits)
    assert result.settings.post_processing.median_windows == {
        "Dog": 1,
        "Cat": 1,
        "Cow": 3,
    }
    threshold = {"Dog": 0.49, "Cat": 0.49, "Cow": 0.9}
    assert result.settings.post_processing.decision_threshold == threshold
    assert result.after.macro == 1.0


def test_rounding_does_not_decide():
    start = PostProcessing(1).for_labels(["Cat"])
    passes = [[Candidate(window, 0.0, 0.0, 0.0)] for window in (1, 3)]
    grid = TuningGrid(passes, None, np.array([[[[0.5], [0.5 + 1e-15]]]]))
    assert grid.choose(start, ["Cat"]).median_windows == (1,)


def test_no_detection_at_all_is_a_score_of_0():
    frames, truth = noisy_case()
    silent = replace(frames, scores=np.zeros_like(frames.scores))
    for metric, thresholds in (("psds2", False), ("segment_f1", True)):
        result = tune(silent, truth, metric, WINDOWS, thresholds)
        assert result.after.value == 0.0
        assert result.settings.post_processing.median_windows["Dog"] == 1


def test_only_common_clips_are_tuned_on():
    frames, truth = noisy_case()
    some = frames.select(frames.clips[2:])
    less = truth.restrict(frames.clips[:8])
    result = tune(some, less, "event_f1", WINDOWS)
    both = frames.clips[2:8]
    assert result.settings.tuned_on == both
    same = tune(frames.select(both), truth.restrict(both), "event_f1", WINDOWS)
    assert same.settings == result.settings
    assert same.after.value == result.after.value
    with pytest.raises(ValueError, match=r"'09\.wav' and '00\.wav'"):
        tune(frames.select(["09.wav"]), truth.restrict(["00.wav"]))


def test_settings_say_where_they_come_from():
    frames, truth = noisy_case()
    chosen = tune(
        frames, truth, "segment_f1", WINDOWS, ground_truth="validation.tsv"
    ).settings
    assert chosen == TunedSettings(
        PostProcessing(chosen.post_processing.median_windows),
        0.5,
        "segment_f1",
        frames.clips,
        "validation.tsv",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "clip_f1"}, "'clip_f1' cannot be tuned for: use one of"),
        ({"metric": "psds2", "thresholds": True}, "psds2 is an area over all"),
        ({"windows": [3, 0]}, "window 0 of 'candidate 2'"),
        ({"windows": []}, "give one or more"),
        (
            {"start": PostProcessing({"Cat": 3})},
            "median windows must name each",
        ),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tune(*noisy_case(), **options)


def test_classes_must_be_the_same():
    frames, truth = noisy_case()
    other = replace(truth, labels=("Dog", "Cat"))
    with pytest.raises(ValueError, match="classes Dog, Cat, Cow, the ground"):
        tune(frames, other)
    empty = truth.restrict(frames.clips[:1])
    empty = replace(empty, events=empty.events[:0])
    with pytest.raises(ValueError, match="no event in the clips"):
        tune(frames, empty)


def test_threshold_free_needs_its_library(monkeypatch):
    monkeypatch.setattr(
        "lgc_plugin.evaluation.metrics.has_sed_scores_eval", lambda: False
    )
    with pytest.raises(ValueError, match="the extra 'scores'"):
        tune(*noisy_case(), "psds1_free")


@given(st.integers(1, 2000))
def test_default_windows(n_frames):
    windows = default_windows(n_frames)
    assert windows[0] == 1 and windows[-1] <= n_frames
    assert all(window % 2 for window in windows)
    steps = list(zip(windows[4:], windows[5:], strict=False))
    assert all(1.25 < b / a < 1.45 for a, b in steps)
    assert len(windows) < 4 or n_frames < 1.45 * windows[-1] + 2

"""Resampling by weights against resampling the data."""

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation.bootstrap import compare, draw_weights, resample
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.f1 import F1Counts
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import (
    available_metrics,
    count_scores,
    score_counts,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from score_cases import LABELS, case

DECODING = PostProcessing(
    3, (0.3, 0.5, 0.7), {"Cat": 0.5, "Dog": 0.4, "Owl": 0.6}
)


def drawn_by_hand(frames, truth, weights):
    """The data of a resample: a clip drawn twice is there under two names."""
    rows = np.repeat(np.arange(len(weights)), weights)
    names = [f"{i:03}-{frames.clips[row]}" for i, row in enumerate(rows)]
    events = [
        (name, onset, offset, label)
        for name, row in zip(names, rows, strict=True)
        for clip, onset, offset, label in truth.events.itertuples(index=False)
        if clip == frames.clips[row]
    ]
    again = FrameScores(
        frames.labels,
        tuple(names),
        frames.scores[rows],
        frames.valid_frames[rows],
        frames.edges,
        frames.clip_scores[rows],
    )
    lengths = truth.durations.duration.to_numpy()[rows]
    return again, GroundTruth.from_tables(
        pd.DataFrame(events, columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": names, "duration": lengths}),
        LABELS,
        profile=truth.profile,
    )


@pytest.mark.parametrize("profile", ["strict", "dcase"])
def test_weights_give_what_resampling_the_data_gives(profile):
    frames, truth = case(profile=profile)
    counts = count_scores(frames, truth, DECODING)
    assert tuple(counts) == available_metrics()
    drawn = resample(counts, 12, resamples=28, seed=3)
    weights = np.concatenate(list(draw_weights(12, 28, 3)))
    assert (weights.sum(axis=1) == 12).all()
    for i in (0, 9, 10, 27):
        again = drawn_by_hand(frames, truth, weights[i])
        by_hand = count_scores(*again, DECODING)
        for name, each in by_hand.items():
            score = each.score()
            ours = drawn[name]
            assert ours.value[i] == pytest.approx(score.value, abs=1e-9)
            np.testing.assert_allclose(
                ours.per_class[i], list(score.per_class.values()), atol=1e-9
            )
            if score.micro is not None:
                assert ours.micro[i] == pytest.approx(score.micro, abs=1e-9)


def test_a_class_that_is_not_drawn_has_no_say():
    frames, truth = case(n_clips=3)
    counts = count_scores(frames, truth, DECODING)
    drawn = resample(counts, 3, resamples=60, seed=0)
    missing = np.isnan(drawn["event_f1"].per_class)
    assert missing.any() and not missing.all()
    # A frame can be wrong without an event.
    assert not np.isnan(drawn.pop("frame_error_rate").per_class).any()
    for each in drawn.values():
        np.testing.assert_array_equal(np.isnan(each.per_class), missing)


def test_intervals_hold_the_score_and_shrink_with_more_clips():
    widths = []
    for n_clips in (12, 120):
        frames, truth = case(n_clips=n_clips)
        counts = count_scores(frames, truth, DECODING)
        scores = score_counts(counts, n_clips, resamples=200, seed=1)
        for score in scores.values():
            low, high = score.intervals.value
            assert low <= score.value <= high
            assert tuple(score.intervals.per_class) == LABELS
        widths.append(scores["segment_f1"].intervals.value)
        again = score_counts(counts, n_clips, resamples=200, seed=1)
        for name, score in scores.items():
            assert again[name].value == score.value
            assert again[name].intervals == score.intervals
    assert np.diff(widths[1]) < np.diff(widths[0]) / 2


def test_a_bootstrap_of_means_has_the_known_spread():
    # Each clip has one event, found or not: F1 of recall p without false
    # alarms is 2p / (1 + p).
    n_clips, p = 400, 0.6
    tp = (np.arange(n_clips) < p * n_clips).astype(int)[:, None]
    counts = F1Counts(("Cat",), tp, 1 - tp, 0 * tp)
    drawn = resample({"f1": counts}, n_clips, resamples=2000, seed=0)["f1"]
    recall = drawn.value / (2 - drawn.value)
    assert recall.std() == pytest.approx(
        np.sqrt(p * (1 - p) / n_clips), rel=0.1
    )


def test_comparing_a_system_with_itself_is_exactly_zero():
    frames, truth = case()
    counts = count_scores(frames, truth, DECODING)
    drawn = resample(counts, 12, resamples=50, seed=0)
    for name, each in counts.items():
        gap = compare(each.score(), each.score(), drawn[name], drawn[name])
        assert gap.score.value == 0
        assert gap.score.intervals.value == (0, 0)
        assert gap.wins.value == 0 and gap.ties.value == 1
        assert set(gap.score.per_class.values()) == {0}
        assert set(gap.wins.per_class.values()) == {0}


def test_a_better_system_wins_on_the_same_clips():
    frames, truth = case(n_clips=60)
    perfect = np.zeros_like(frames.scores)
    for i, clip in enumerate(frames.clips):
        own = truth.events[truth.events.filename == clip]
        for _, onset, offset, label in own.itertuples(index=False):
            frame = slice(int(onset * 4), int(offset * 4))
            perfect[i, LABELS.index(label), frame] = 1
    better = FrameScores(
        LABELS, frames.clips, perfect, frames.valid_frames, frames.edges
    )
    both = [count_scores(x, truth, DECODING) for x in (better, frames)]
    drawn = [resample(x, 60, resamples=100, seed=2) for x in both]
    name = "event_f1"
    gap = compare(*(x[name].score() for x in both), *(x[name] for x in drawn))
    assert gap.wins.value == 1 and gap.score.intervals.value.low > 0
    back = compare(
        *(x[name].score() for x in both[::-1]), *(x[name] for x in drawn[::-1])
    )
    assert back.score.value == -gap.score.value and back.wins.value == 0


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="0 clips: at least one"):
        resample({}, 0)

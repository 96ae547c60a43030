"""The gain on clips that were left out, as if each fold had been tuned for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation.folds import folds_of
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import count_detections, count_scores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds_free import (
    has_sed_scores_eval,
    psds_free_counts,
)
from lgc_plugin.evaluation.tuning import tune
from lgc_plugin.evaluation.tuning_search import BoxCandidates
from noisy_scores import noisy_case

START = PostProcessing(thresholds=(0.1, 0.3, 0.5, 0.7))
BOXES = {"method": "sebb", "boxes": BoxCandidates((1.0, 2.0), (0.3, 0.7), (3,))}


def by_hand(frames, truth, metric, fold, *search, **options):
    """Tunes without each fold, decodes that fold, and scores all clips."""
    clips = truth.durations.filename.to_numpy()
    points, operating = [], []
    for number in np.unique(fold):
        rest = clips[fold != number]
        chosen = tune(
            *(frames.select(rest), truth.restrict(rest), metric, *search),
            start=START,
            **options,
        ).settings.for_labels(frames.labels)
        left_out = frames.select(clips[fold == number])
        swept = PostProcessing(
            **{**chosen.settings(), "thresholds": START.thresholds}
        )
        points.append(swept.all_events(left_out))
        operating.append(chosen.operating_events(left_out))
    counts = count_detections(
        pd.concat(operating), truth, pd.concat(points), [metric]
    )
    return counts[metric].score()


@pytest.mark.parametrize(
    ("metric", "search", "options"),
    [
        ("psds1", ([1, 3, 5],), {}),
        ("psds2", (), BOXES),
        ("event_f1", ([1, 3, 5], True), {}),
        ("segment_f1", (None, True), BOXES),
    ],
)
def test_each_clip_is_decoded_with_what_was_chosen_without_it(
    metric, search, options
):
    frames, truth = noisy_case(5, n_clips=14)
    result = tune(
        *(frames, truth, metric, *search),
        start=START,
        folds=3,
        resamples=20,
        **options,
    )
    fold = folds_of(truth.durations.filename.tolist(), 3)
    expected = by_hand(frames, truth, metric, fold, *search, **options)
    held_out = result.held_out
    assert (held_out.n_folds, held_out.n_recordings) == (3, 14)
    assert held_out.score.value == pytest.approx(expected.value)
    for label, score in expected.per_class.items():
        found = held_out.score.per_class[label]
        assert found == pytest.approx(score, nan_ok=True)
    before = count_scores(frames, truth, START, [metric])[metric].score()
    gain = held_out.gain
    assert gain.value == pytest.approx(expected.value - before.value)
    assert gain.intervals.value.low <= gain.intervals.value.high
    assert result.gain.value == result.after.value - result.before.value


def test_scores_without_thresholds():
    if not has_sed_scores_eval():
        pytest.skip("sed_scores_eval is not installed")
    frames, truth = noisy_case(5)
    options = {"start": START, "folds": 2}
    result = tune(frames, truth, "psds1_free", [3], **options)
    assert result.held_out.score.value <= result.after.value
    fine = tune(frames, truth, "psds1_free", [1], **options)
    filtered = PostProcessing().swept_scores(frames)
    counts = psds_free_counts(filtered, truth, 1, dtc=0.7, gtc=0.7)
    assert fine.held_out.score.value == counts.score().value
    assert fine.held_out.gain.value == 0.0


def test_nothing_is_held_out_of_one_recording():
    frames, truth = noisy_case(5)
    assert tune(frames, truth, "psds1", [1]).held_out is None
    names = {x: f"a_{i}.0_{i + 1}.0.wav" for i, x in enumerate(frames.clips)}
    one = replace(frames, clips=tuple(names.values()))
    same = GroundTruth.from_tables(
        truth.events.replace({"filename": names}),
        truth.durations.replace({"filename": names}),
        truth.labels,
    )
    assert tune(one, same, "psds1", [1], folds=5).held_out is None

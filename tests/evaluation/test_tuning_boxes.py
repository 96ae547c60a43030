"""Bounding boxes, tuned: the best of all, as if each had been scored."""

from dataclasses import replace
from itertools import product

import pytest

from lgc_plugin.evaluation.metrics import count_scores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds_free import has_sed_scores_eval
from lgc_plugin.evaluation.tuning import tune
from lgc_plugin.evaluation.tuning_search import BoxCandidates
from noisy_scores import LABELS, noisy_case

BOXES = BoxCandidates((2.0, 1.0), (0.3, 0.7), (2.0, 5.0))
POINTS = (0.3, 0.49, 0.5, 0.51)
START = PostProcessing(thresholds=(0.2, 0.4, 0.5, 0.6, 0.65, 0.7, 0.8))


def combinations(boxes=BOXES, windows=(1,), limits=(0.5,)):
    """All settings in the order of preference."""
    near = sorted(limits, key=lambda x: (round(abs(x - 0.5), 9), x))
    return product(windows, *map(sorted, boxes), near)


def best_of(frames, truth, metric, start, **tried):
    """The first of the best for each class, by scoring each."""
    best = {}
    names = ("median_windows", *BOXES._fields, "decision_threshold")
    for values in combinations(**tried):
        named = dict(zip(names, values, strict=True))
        counts = count_scores(frames, truth, replace(start, **named), [metric])
        for label, score in counts[metric].score().per_class.items():
            if score > best.get(label, (-1.0, None))[0] + 1e-12:
                best[label] = score, named
    return best


def assert_chosen(result, best):
    assert set(best) == set(LABELS[:2])
    chosen = result.settings.post_processing
    for label, (score, named) in best.items():
        for name, value in named.items():
            assert chosen.select([label]).class_values(name, [label]) == value
        assert result.after.per_class[label] == pytest.approx(score)


@pytest.mark.parametrize("metric", ["psds1", "psds2", "psds2_free", "event_f1"])
def test_boxes_are_those_of_trying_each(metric):
    if metric.endswith("free") and not has_sed_scores_eval():
        pytest.skip("sed_scores_eval is not installed")
    frames, truth = noisy_case(2, n_clips=20)
    # Scores without thresholds take long.
    boxes = BoxCandidates((2.0,), *BOXES[1:]) if "free" in metric else BOXES
    options = {"method": "sebb", "boxes": boxes, "start": START}
    result = tune(frames, truth, metric, **options)
    assert_chosen(result, best_of(frames, truth, metric, START, boxes=boxes))
    # Nothing is known of it: the middle of what is tried.
    assert result.absent == ("Cow",)
    chosen = result.settings.post_processing
    assert chosen.step_filter_length["Cow"] == 2.0
    assert chosen.merge_threshold_abs["Cow"] == 0.7
    assert result.before.value != result.after.value > 0
    before = count_scores(frames, truth, START, [metric])[metric].score()
    assert result.before.value == before.value


@pytest.mark.parametrize("rules", [{}, {"len_th": 1.0, "close_th": 0.5}])
def test_with_windows_and_thresholds_and_rules(rules):
    frames, truth = noisy_case(2)
    start = replace(START, thresholds=POINTS, **rules)
    result = tune(
        *(frames, truth, "intersection_f1", [1, 3], True),
        method="both",
        boxes=BOXES,
        start=start,
    )
    tried = {"windows": (1, 3), "limits": POINTS}
    best = best_of(frames, truth, "intersection_f1", start, **tried)
    assert_chosen(result, best)
    for name, value in rules.items():
        assert getattr(result.settings.post_processing, name) == value


def test_boxes_to_begin_with_are_tried_and_kept_by_absent_classes():
    frames, truth = noisy_case(1)
    start = replace(START, step_filter_length=1.5, merge_threshold_rel=3.0)
    options = {"method": "sebb", "boxes": BOXES}
    result = tune(frames, truth, "psds2", start=start, **options)
    chosen = result.settings.post_processing
    assert chosen.step_filter_length["Cow"] == 1.5
    assert chosen.merge_threshold_rel["Cow"] == 3.0
    for label, before in result.before.per_class.items():
        assert not result.after.per_class[label] < before
    # Median windows alone are tried under the very boxes.
    windows = tune(frames, truth, "psds2", [1, 3], start=start)
    chosen = windows.settings.post_processing
    assert (
        chosen.class_values("step_filter_length", LABELS).tolist() == [1.5] * 3
    )
    assert set(chosen.median_windows.values()) <= {1, 3}


def test_hysteresis_keeps_its_ratio():
    frames, truth = noisy_case(1)
    start = replace(START, decision_threshold=0.5, deactivation_th=0.25)
    result = tune(frames, truth, "segment_f1", [1, 3], True, start=start)
    chosen = result.settings.post_processing
    assert len(set(chosen.decision_threshold.values())) > 1
    for label, limit in chosen.decision_threshold.items():
        assert chosen.deactivation_th[label] == pytest.approx(limit / 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "hmm"}, "method 'hmm' is unknown: use median, sebb, both"),
        ({"method": "sebb", "windows": [3]}, "sebb tries none"),
        (
            {"method": "sebb", "boxes": BoxCandidates((0.0,))},
            "step_filter_length is 0.0: must be above 0",
        ),
        (
            {"method": "sebb", "boxes": BoxCandidates(merge_threshold_rel=())},
            "merge_threshold_rel to try: give one or more",
        ),
        (
            {"method": "sebb", "start": PostProcessing(deactivation_th=0.2)},
            "deactivation_th is for runs of frames",
        ),
        ({"folds": 1}, "folds is 1: give 2 or more, or 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tune(*noisy_case(), **options)

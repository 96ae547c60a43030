"""What is found, missed and false at the operating point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lgc_plugin.evaluation.evaluation import Evaluation, evaluate
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.operating_counts import CRITERIA, DetectionCounts
from references import needs_references
from scoring_files import LABELS, SILENT, write_detections, write_truth

FILE = "predictions_th_0.49.tsv"


def scored(folder: Path, profile: str = "strict") -> Evaluation:
    write_truth(folder)
    path = write_detections(folder / "found", noise=0.15) / FILE
    truth = read_annotations(
        folder / "truth.txt", folder / "lengths.txt", profile=profile
    )
    return evaluate(path, truth, resamples=0)


def test_counts_and_f1_scores_agree(tmp_path: Path) -> None:
    evaluation = scored(tmp_path)
    result, true = evaluation.result, evaluation.truth.events.event_label
    assert list(result.operating) == ["event", "intersection"]
    for criterion, counts in result.operating.items():
        f1 = result.scores[CRITERIA[criterion]]
        for label in LABELS:
            each = counts.per_class[label]
            assert each.tp + each.fn == (true == label).sum()
            sides = each.precision * each.recall, each.precision + each.recall
            score = 2 * sides[0] / sides[1]
            assert 0 < score <= 1
            assert score == pytest.approx(f1.per_class[label])
        every = counts.per_class.values()
        for name in ("tp", "fp", "fn"):
            total = sum(getattr(each, name) for each in every)
            assert getattr(counts.overall, name) == total
        # Twelve clips of 10 s.
        assert counts.overall.hours == pytest.approx(1 / 30)
        rate = counts.overall.false_alarms_per_hour
        assert rate == pytest.approx(30 * counts.overall.fp)


@needs_references
def test_sed_eval_counts_the_same(tmp_path: Path) -> None:
    import sed_eval.sound_event as sed_eval

    evaluation = scored(tmp_path)
    metric = sed_eval.EventBasedMetrics(
        event_label_list=list(LABELS), t_collar=0.2, percentage_of_length=0.2
    )
    tables = (evaluation.truth.events, evaluation.system.operating_events)
    for clip in sorted(evaluation.truth.clips):
        metric.evaluate(
            *(x[x.filename == clip].to_dict("records") for x in tables)
        )
    for label, counts in evaluation.result.operating["event"].per_class.items():
        theirs = metric.class_wise[label]
        ours = (counts.tp, counts.fp, counts.fn)
        assert ours == (theirs["Ntp"], theirs["Nfp"], theirs["Nfn"])
        rates = metric.class_wise_f_measure(label)
        assert counts.precision == pytest.approx(rates["precision"])
        assert counts.recall == pytest.approx(rates["recall"])


def test_the_hours_are_those_in_which_false_alarms_count(
    tmp_path: Path,
) -> None:
    every = scored(tmp_path).result.operating["event"].overall
    evaluation = scored(tmp_path, "dcase")
    some = evaluation.result.operating["event"].overall
    found = evaluation.system.operating_events
    ignored = found.filename.isin(SILENT).sum()
    assert ignored > 0 and some.fp == every.fp - ignored
    assert some.hours == pytest.approx(every.hours * 10 / 12)


def test_nothing_to_divide_by_is_no_rate() -> None:
    for hours in (0.0, None):
        counts = DetectionCounts(tp=0, fp=0, fn=0, hours=hours)
        assert np.isnan(counts.precision) and np.isnan(counts.recall)
        assert np.isnan(counts.false_alarms_per_hour)

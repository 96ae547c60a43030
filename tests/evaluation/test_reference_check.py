"""psds_eval and sed_eval agree with what we count."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from packaging.requirements import Requirement

from event_cases import DURATIONS, LABELS, threshold_tables, truths
from lgc_plugin.evaluation import reference_check
from lgc_plugin.evaluation.evaluation import evaluate
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import (
    Annotations,
    read_annotations,
)
from lgc_plugin.evaluation.reference_check import (
    check_by_libraries,
    check_libraries,
)
from references import needs_references
from scoring_files import write_detections

NAMES = {
    "event_f1_macro",
    "event_f1_micro",
    "segment_f1_macro",
    "segment_f1_micro",
    "intersection_f1_macro",
    "psds1",
    "psds2",
}


@needs_references
@settings(max_examples=10)
@given(truth=truths(), detections=threshold_tables())
def test_all_numbers_agree(truth, detections):
    operating = detections[detections.threshold == 0.5]
    numbers = check_by_libraries(operating, truth, detections)
    assert set(numbers) == NAMES
    for name, (ours, theirs) in numbers.items():
        assert ours == pytest.approx(theirs, abs=1e-12), name


@needs_references
def test_a_difference_would_show(monkeypatch):
    truth = GroundTruth.from_tables(
        pd.DataFrame([("a.wav", 1, 2, "Cat")], columns=EVENT_COLUMNS),
        DURATIONS,
        LABELS,
    )
    late = truth.events.assign(onset=1.3)
    right = reference_check.count_detections
    monkeypatch.setattr(
        reference_check,
        "count_detections",
        lambda found, *rest: right(truth.events, *rest),
    )
    ours, theirs = check_by_libraries(late, truth)["event_f1_macro"]
    assert (ours, theirs) == (1.0, 0.0)


@needs_references
def test_without_an_event_there_is_nothing_to_check():
    truth = GroundTruth.from_tables(
        pd.DataFrame(columns=EVENT_COLUMNS), DURATIONS, LABELS
    )
    with pytest.raises(ValueError, match="nothing to compare"):
        check_by_libraries(truth.events, truth)


@pytest.mark.parametrize(
    ("installed", "text"),
    [
        ("9.9", "numpy<2.4 (installed: 9.9): pip install 'numpy<2.4'"),
        (None, "numpy<2.4 (installed: none): pip install 'numpy<2.4'"),
    ],
)
def test_versions_that_do_not_work_are_named(monkeypatch, installed, text):
    real = reference_check.installed_version
    monkeypatch.setattr(
        reference_check,
        "requirements",
        lambda extra="": [Requirement("numpy<2.4")] if extra else [],
    )
    monkeypatch.setattr(
        reference_check,
        "installed_version",
        lambda name: installed if name == "numpy" else real(name),
    )
    with pytest.raises(ValueError) as caught:
        check_libraries()
    sentence = str(caught.value)
    assert sentence.startswith("psds_eval 0.5.3 and sed_eval 0.2.1 want ")
    assert text in sentence and "\n" not in sentence


@needs_references
def test_without_durations_the_libraries_have_no_psds(
    tmp_path: Path, truth: Annotations
) -> None:
    unknown = read_annotations(tmp_path / "truth.txt")
    found = write_detections(tmp_path / "found")
    checked = evaluate(found, unknown, resamples=0).check()
    assert checked and not {"psds1", "psds2"} & set(checked)


@needs_references
def test_the_libraries_agree(tmp_path: Path, truth: Annotations) -> None:
    found = write_detections(tmp_path / "a", thresholds=(0.3, 0.5, 0.7))
    scored = evaluate(found, truth, resamples=0)
    checked = scored.check()
    assert {"psds1", "psds2", "event_f1_macro"} <= set(checked)
    for name, (ours, theirs) in checked.items():
        assert ours == scored.result.flat()[name]
        assert ours == pytest.approx(theirs, abs=1e-9)

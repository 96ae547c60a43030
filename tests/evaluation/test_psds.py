"""PSDS: psds_eval's value, and what it cannot do by itself."""

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from psds_eval import PSDSEval

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.f1 import event_f1, intersection_f1, segment_f1
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.psds import PSDS1, PSDS2, psds_score
from references import needs_references

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
LABELS = ("Dog", "Cat", "Cow")
COLUMNS = [*EVENT_COLUMNS, "threshold"]


def random_case(labels=LABELS[:2], seed=0):
    """Truth, and detections that get fewer with the threshold."""
    rng = np.random.default_rng(seed)
    clips = [f"{i}.wav" for i in range(30)]
    rows, found = [], []
    for clip in clips:
        for label in labels:
            onset = rng.uniform(0, 5)
            rows.append([clip, onset, onset + 2, label])
            shifted = onset + rng.normal(0, 0.5)
            for threshold in (0.1, 0.3, 0.5, 0.7):
                if rng.random() > threshold:
                    start = max(shifted, 0)
                    found.append([clip, start, start + 2, label, threshold])
    truth = GroundTruth.from_tables(
        pd.DataFrame(rows, columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": clips, "duration": 10.0}),
        LABELS,
    )
    return truth, pd.DataFrame(found, columns=COLUMNS)


@needs_references
@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_value_is_the_librarys(scenario):
    truth, found = random_case()
    evaluation = PSDSEval(
        scenario["dtc"],
        scenario["gtc"],
        0.3,
        ground_truth=truth.events,
        metadata=truth.durations,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _, table in found.groupby("threshold"):
            evaluation.add_operating_point(table)
        expected = evaluation.psds(
            scenario["alpha_ct"], scenario["alpha_st"], 100
        )
    score = psds_score(found, truth, **scenario)
    assert score.value == pytest.approx(expected.value)
    assert type(score.value) is float


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_the_area_under_the_curve_is_the_value(scenario):
    truth, found = random_case()
    score = psds_score(found, truth, **scenario)
    curve = score.curve
    area = np.sum(np.diff(curve.efpr) * curve.etpr[:-1]) / 100
    assert 0 < score.value < 1
    assert area == pytest.approx(score.value)
    assert curve.efpr[0] == 0 and curve.end == 100


def test_classes_average_to_the_score_without_penalty():
    truth, found = random_case()
    score = psds_score(found, truth, **{**PSDS1, "alpha_st": 0.0})
    assert list(score.per_class) == list(LABELS)
    assert np.isnan(score.per_class["Cow"])
    assert np.nanmean(list(score.per_class.values())) == pytest.approx(
        score.value
    )


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_one_class_alone_is_scored(scenario):
    truth, found = random_case(("Cat",))
    assert 0 < psds_score(found, truth, **scenario).value < 1


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_detections_of_an_absent_class_do_nothing(scenario):
    truth, found = random_case()
    more = pd.concat([found, found.assign(event_label="Cow")])
    expected = psds_score(found, truth, **scenario).value
    assert psds_score(more, truth, **scenario).value == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
def test_nothing_right_is_zero(scenario):
    truth, found = random_case()
    assert psds_score(found[:0], truth, **scenario).value == 0
    late = found.assign(onset=9.0, offset=9.5).drop_duplicates()
    score = psds_score(late, truth, **scenario)
    assert score.value == 0
    assert score.per_class["Cat"] == 0


@pytest.mark.parametrize("profile", ["dcase", "strict"])
def test_no_event_is_nan(profile):
    truth = GroundTruth.from_tables(
        pd.DataFrame(columns=EVENT_COLUMNS),
        pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
        LABELS,
        profile=profile,
    )
    found = pd.DataFrame([["a", 0, 1, "Cat", 0.5]], columns=COLUMNS)
    assert np.isnan(psds_score(found, truth, **PSDS1).value)


def test_a_weight_without_a_criterion_is_refused():
    truth, found = random_case()
    with pytest.raises(ValueError, match="set cttc"):
        psds_score(found, truth, dtc=0.1, gtc=0.1, alpha_ct=0.5)


@pytest.fixture(scope="module")
def published():
    """Real predictions on DESED's validation set, and its annotations."""
    folder = DATA / "peer_predictions" / "student"
    if not folder.is_dir():
        pytest.skip(f"no predictions on DESED at {folder}")
    tables = []
    for file in sorted(folder.glob("*.tsv")):
        table = pd.read_csv(file, sep="\t")
        threshold = float(re.search(r"th_(.+)\.tsv", file.name)[1])
        tables.append(table.assign(threshold=threshold))
    metadata = DATA / "desed_metadata"
    events = pd.read_csv(metadata / "validation.tsv", sep="\t")
    durations = pd.read_csv(metadata / "validation_durations.tsv", sep="\t")
    labels = sorted(events.event_label.dropna().unique())
    return pd.concat(tables), events, durations, labels


def test_numbers_of_the_libraries_on_desed(published):
    found, *annotation = published
    truth = GroundTruth.from_tables(*annotation, profile="strict")
    at_049 = found[found.threshold == 0.49]
    event = event_f1(at_049, truth)
    segment = segment_f1(at_049, truth)
    measured = [
        psds_score(found, truth, **PSDS1).value,
        psds_score(found, truth, **PSDS2).value,
        event.macro,
        event.micro,
        segment.macro,
        segment.micro,
        intersection_f1(at_049, truth).macro,
    ]
    expected = [
        0.447062,
        0.663632,
        0.513681,
        0.518110,
        0.774392,
        0.806336,
        0.743801,
    ]
    assert measured == pytest.approx(expected, abs=1e-6)


def test_numbers_without_the_empty_clips_of_desed(published):
    found, *annotation = published
    truth = GroundTruth.from_tables(*annotation, profile="dcase")
    assert len(truth.left_out) == 15
    at_049 = found[found.threshold == 0.49]
    measured = [
        psds_score(found, truth, **PSDS1).value,
        psds_score(found, truth, **PSDS2).value,
        event_f1(at_049, truth).macro,
        intersection_f1(at_049, truth).macro,
    ]
    # Its authors published 0.447, 0.667 and 0.515 for the first three.
    expected = [0.447923, 0.666306, 0.515365, 0.746347]
    assert measured == pytest.approx(expected, abs=1e-6)

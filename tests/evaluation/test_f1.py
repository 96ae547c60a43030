"""Event, segment and intersection F1 against the libraries themselves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psds_eval import PSDSEval

from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.f1 import event_f1, intersection_f1, segment_f1
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.notes import quiet
from references import needs_references

LABELS = ("Dog", "Cat", "Cow")
CLIPS = ("a", "b", "c")
DURATIONS = pd.DataFrame({"filename": CLIPS, "duration": 10.0})
FAMILIES = (event_f1, segment_f1, intersection_f1)

event = st.tuples(
    st.sampled_from(CLIPS),
    st.integers(0, 80),
    st.integers(1, 20),
    st.sampled_from(LABELS),
)
tables = st.lists(event, min_size=1, max_size=15).map(
    lambda rows: pd.DataFrame(
        [(f, o / 10, (o + n) / 10, x) for f, o, n, x in rows],
        columns=EVENT_COLUMNS,
    )
)


def truth_of(rows, **options):
    table = pd.DataFrame(rows, columns=EVENT_COLUMNS)
    return GroundTruth.from_tables(table, DURATIONS, LABELS, **options)


def by_sed_eval(metric, truth, found):
    """The whole of both tables, row by row."""
    for clip in CLIPS:
        metric.evaluate(
            *[
                [
                    {"onset": o, "offset": e, "event_label": x}
                    for f, o, e, x in table.itertuples(index=False)
                    if f == clip
                ]
                for table in (truth.events, found)
            ]
        )
    # sed_eval leaves a class that is never detected out of its mean; here it
    # scores 0 in every family.
    each = [metric.class_wise_f_measure(x)["f_measure"] for x in truth.present]
    overall = metric.overall_f_measure()["f_measure"]
    return np.nan_to_num(each).mean(), np.nan_to_num(overall)


@needs_references
@settings(max_examples=15)
@given(tables, tables, st.sampled_from([0.01, 0.15, 0.2]), st.booleans())
def test_scores_are_the_libraries_own(annotated, detected, collar, share):
    criteria = Criteria(collar, 0.2 if share else 0.0)
    truth = truth_of(annotated, profile="strict", criteria=criteria)
    detected = detected[detected.event_label.isin(truth.present)]
    found = truth.select(detected)
    with quiet():
        import sed_eval.sound_event as library
    present = list(truth.present)
    events = library.EventBasedMetrics(
        present,
        t_collar=collar,
        percentage_of_length=criteria.offset_share,
    )
    segments = library.SegmentBasedMetrics(present, 1.0)
    with quiet():
        expected_event = by_sed_eval(events, truth, found)
        expected_segment = by_sed_eval(segments, truth, found)
    event_score = event_f1(detected, truth)
    segment_score = segment_f1(detected, truth)
    assert (event_score.macro, event_score.micro) == pytest.approx(
        expected_event
    )
    assert (segment_score.macro, segment_score.micro) == pytest.approx(
        expected_segment
    )
    if len(found):
        evaluation = PSDSEval(
            0.5, 0.5, 0.3, ground_truth=truth.events, metadata=DURATIONS
        )
        with quiet():
            macro, each = evaluation.compute_macro_f_score(found)
        score = intersection_f1(detected, truth)
        # A class without a hit is 0 here and NaN there: psds_eval divides
        # its hits by its true positive ratio to count the events.
        assert score.macro == pytest.approx(
            np.nan_to_num(list(each.values())).mean()
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_perfect_detections_score_one(family):
    truth = truth_of([["a", 0, 1, "Cat"], ["b", 2, 4, "Dog"]])
    score = family(truth.events, truth)
    assert (score.macro, score.micro) == (1.0, 1.0)
    assert list(score.per_class) == list(LABELS)
    assert np.isnan(score.per_class["Cow"])
    assert type(score.macro) is type(score.micro) is float
    assert {type(x) for x in score.per_class.values()} == {float}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_detection_scores_zero(family):
    truth = truth_of([["a", 0, 1, "Cat"]])
    score = family(truth.events[:0], truth)
    assert (score.macro, score.micro) == (0.0, 0.0)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("profile", ["dcase", "strict"])
@pytest.mark.parametrize("rows", [[], [["a", 0, 1, "Cat"]]])
def test_no_event_is_nan(family, profile, rows):
    truth = truth_of([], profile=profile)
    score = family(pd.DataFrame(rows, columns=EVENT_COLUMNS), truth)
    assert np.isnan([score.macro, score.micro]).all()
    assert np.isnan(list(score.per_class.values())).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_an_absent_class_counts_only_in_the_micro_average(family):
    truth = truth_of([["a", 0, 1, "Cat"]])
    found = pd.DataFrame(
        [["a", 0, 1, "Cat"], ["a", 5, 6, "Cow"]], columns=EVENT_COLUMNS
    )
    score = family(found, truth)
    assert score.macro == 1.0
    assert score.micro == pytest.approx(2 / 3)
    assert np.isnan(score.per_class["Cow"])


@pytest.mark.parametrize("family", FAMILIES)
def test_false_alarms_in_empty_clips_count_only_when_strict(family):
    rows = [["a", 0, 1, "Cat"]]
    found = pd.DataFrame(
        [["a", 0, 1, "Cat"], ["b", 3, 4, "Cat"]], columns=EVENT_COLUMNS
    )
    assert family(found, truth_of(rows)).macro == 1.0
    strict = family(found, truth_of(rows, profile="strict"))
    assert strict.macro == pytest.approx(2 / 3)

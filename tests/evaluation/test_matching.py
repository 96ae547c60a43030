"""Counts by intersection, clip by clip, against psds_eval's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from psds_eval import PSDSEval

from event_cases import CLIPS, DURATIONS, LABELS, threshold_tables, truths
from lgc_plugin.evaluation import matching as intersections
from lgc_plugin.evaluation.events import EVENT_COLUMNS, CodedEvents
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.matching import find_intersections
from lgc_plugin.evaluation.notes import quiet
from references import needs_references

CRITERIA = [(0.7, 0.7, 0.3), (0.1, 0.1, 0.3), (0.5, 0.5, 0.5)]


def by_psds_eval(table, truth, dtc, gtc, cttc):
    """Its matrix of counts of one operating point: rows detect, the last
    column is the world.
    """
    with quiet():
        evaluation = PSDSEval(
            dtc, gtc, cttc, ground_truth=truth.events, metadata=DURATIONS
        )
        evaluation.add_operating_point(table[EVENT_COLUMNS])
        return evaluation.operating_points.counts[0]


@needs_references
@pytest.mark.parametrize("criteria", CRITERIA)
@settings(max_examples=25)
@given(truth=truths(), detections=threshold_tables())
def test_counts_are_those_of_psds_eval(criteria, truth, detections):
    dtc, gtc, cttc = criteria
    present = sorted(truth.present)
    detections = detections[detections.event_label.isin(present)]
    found = truth.select(detections, thresholds=True)
    coded = truth.code(detections, thresholds=True)
    result = find_intersections(
        coded,
        truth.coded,
        truth.durations.duration.to_numpy(),
        dtc=dtc,
        gtc=gtc,
        cttc=cttc,
    )
    rows = [truth.labels.index(label) for label in present]
    for point, (_, table) in enumerate(found.groupby("threshold")):
        expected = by_psds_eval(table, truth, dtc, gtc, cttc)
        ours = np.zeros_like(expected)
        for i, row in enumerate(rows):
            at = [x[2] == point for x in (result.tp, result.fp)]
            ours[i, i] = (result.tp[1][at[0]] == row).sum()
            ours[i, -1] = (result.fp[1][at[1]] == row).sum()
            _, label, other, where = result.cross_triggers
            for j, column in enumerate(rows):
                if i != j:
                    pair = (label == row) & (other == column)
                    ours[i, j] = (pair & (where == point)).sum()
        np.testing.assert_array_equal(ours, expected)


@settings(max_examples=25)
@given(truth=truths(), detections=threshold_tables())
def test_blocks_and_clips_alone_give_the_same(truth, detections):
    options = {"dtc": 0.5, "gtc": 0.5, "cttc": 0.3}
    durations = truth.durations.duration.to_numpy()
    coded = truth.code(detections, thresholds=True)
    whole = find_intersections(coded, truth.coded, durations, **options)
    before = intersections._BLOCK_EVENTS
    intersections._BLOCK_EVENTS = 3
    try:
        cut = find_intersections(coded, truth.coded, durations, **options)
    finally:
        intersections._BLOCK_EVENTS = before
    for ours, expected in zip(cut, whole, strict=True):
        np.testing.assert_array_equal(
            sorted(zip(*ours, strict=True)), sorted(zip(*expected, strict=True))
        )
    for number, clip in enumerate(truth.durations.filename):
        alone = truth.restrict([clip])
        own = detections[detections.filename == clip]
        if own.empty or len(own.threshold.unique()) < coded.shape[2]:
            continue
        part = find_intersections(
            alone.code(own, thresholds=True),
            alone.coded,
            durations[[number]],
            **options,
        )
        for ours, expected in zip(part, whole, strict=True):
            assert len(ours[0]) == (expected[0] == number).sum()


def test_shares_that_add_up_to_the_criterion_suffice():
    # 0.1 + 0.2 + 0.4 of a second of 1.0: less than 0.7 in binary sums.
    truth = pd.DataFrame(
        [
            ("a.wav", o, o + n, "Cat")
            for o, n in ((0, 0.1), (0.3, 0.2), (0.6, 0.4))
        ],
        columns=EVENT_COLUMNS,
    )
    found = pd.DataFrame([("a.wav", 0.0, 1.0, "Cat")], columns=EVENT_COLUMNS)
    args = (CLIPS, LABELS)
    result = find_intersections(
        CodedEvents.from_table(found, *args),
        CodedEvents.from_table(truth, *args),
        DURATIONS.duration.to_numpy(),
        dtc=0.7,
        gtc=0.7,
    )
    assert len(result.tp[0]) == 3 and not len(result.fp[0])


@pytest.mark.parametrize(("gtc", "tp"), [(0.5, 1), (0.7, 1), (0.75, 0)])
def test_a_share_at_the_criterion_is_enough(gtc, tp):
    # 1.4 of 2.0 seconds are found, by two detections.
    truth = GroundTruth.from_tables(
        pd.DataFrame([("a.wav", 0.0, 2.0, "Cat")], columns=EVENT_COLUMNS),
        DURATIONS,
        LABELS,
    )
    rows = [("a.wav", 0.0, 1.0, "Cat"), ("a.wav", 1.5, 1.9, "Cat")]
    found = pd.DataFrame(rows, columns=EVENT_COLUMNS)
    result = find_intersections(
        truth.code(found),
        truth.coded,
        truth.durations.duration.to_numpy(),
        dtc=1.0,
        gtc=gtc,
    )
    assert len(result.tp[0]) == tp and not len(result.fp[0])


def test_a_detection_behind_the_end_is_no_false_alarm():
    truth = GroundTruth.from_tables(
        pd.DataFrame([("b.wav", 0, 1, "Cat")], columns=EVENT_COLUMNS),
        DURATIONS,
        LABELS,
    )
    rows = [("b.wav", 7.9, 8.5, "Cat"), ("b.wav", 8.0, 9.0, "Dog")]
    found = pd.DataFrame(rows, columns=EVENT_COLUMNS)
    durations = truth.durations.duration.to_numpy()
    result = find_intersections(
        truth.code(found), truth.coded, durations, dtc=0.5, gtc=0.5
    )
    assert [truth.labels[i] for i in result.fp[1]] == ["Cat"]
    assert not len(result.tp[0])

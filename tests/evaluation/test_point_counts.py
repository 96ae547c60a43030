"""F1 counts at many operating points, against one point at a time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from event_cases import CLIPS, LABELS, THRESHOLDS, threshold_tables, truths
from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.events import EVENT_COLUMNS, CodedEvents
from lgc_plugin.evaluation.matching import match_collars, touched_segments
from lgc_plugin.evaluation.metrics import EVENT_METRICS


@pytest.mark.parametrize("name", EVENT_METRICS)
@settings(max_examples=25)
@given(truth=truths(), detections=threshold_tables())
def test_points_do_not_know_of_each_other(name, truth, detections):
    count = EVENT_METRICS[name]
    coded = truth.code(detections, thresholds=True)
    together = count(coded, truth)
    found = truth.select(detections, thresholds=True)
    # What a profile leaves out may leave a threshold without detections.
    limits = [x for x in THRESHOLDS if (found.threshold == x).any()]
    assert coded.shape[2] == len(limits)
    for point, limit in enumerate(limits):
        table = found[found.threshold == limit]
        alone = count(truth.code(table), truth)
        for ours, expected in zip(together[:2], alone[:2], strict=True):
            np.testing.assert_array_equal(ours[..., point], expected[..., 0])
        np.testing.assert_array_equal(together.n_true, alone.n_true)
        tp = together.at(point, truth.labels).tp
        np.testing.assert_array_equal(tp, alone.tp[..., 0])


def coded(*rows):
    table = pd.DataFrame(rows, columns=EVENT_COLUMNS)
    return CodedEvents.from_table(table, CLIPS, LABELS)


def test_matching_gives_up_one_pair_for_two():
    # The early detection fits both events, the late one only the first: who
    # takes the first event that fits finds one pair, the best way two.
    truth = coded(("a.wav", 1.0, 2.0, "Cat"), ("a.wav", 1.3, 2.2, "Cat"))
    found = coded(("a.wav", 1.15, 2.1, "Cat"), ("a.wav", 0.9, 2.0, "Cat"))
    paired = match_collars(found, truth, Criteria())
    assert paired.all()


@pytest.mark.parametrize(
    ("onset", "offset", "right"),
    [
        (1.2, 3.0, True),
        (0.8, 3.0, True),
        (1.25, 3.0, False),
        (1.0, 3.4, True),  # 20 % of two seconds
        (1.0, 3.45, False),
    ],
)
def test_edges_may_be_off_by_the_collar(onset, offset, right):
    truth = coded(("a.wav", 1.0, 3.0, "Cat"))
    found = coded(("a.wav", onset, offset, "Cat"))
    paired = match_collars(found, truth, Criteria(0.2 + 1e-9))
    assert paired.tolist() == [right]


def test_other_clips_and_classes_do_not_pair():
    truth = coded(("a.wav", 1.0, 3.0, "Cat"))
    found = coded(("b.wav", 1.0, 3.0, "Cat"), ("a.wav", 1.0, 3.0, "Dog"))
    paired = match_collars(found, truth, Criteria())
    assert not paired.any()


def test_a_segment_counts_once_however_often_it_is_touched():
    events = coded(
        ("a.wav", 0.1, 0.2, "Cat"),
        ("a.wav", 0.7, 2.0, "Cat"),
        ("b.wav", 3.0, 4.0, "Cat"),
    )
    segments = touched_segments(events, 1.0)
    assert segments.number.tolist() == [0, 1, 3]
    assert segments.clip.tolist() == [0, 0, 1]

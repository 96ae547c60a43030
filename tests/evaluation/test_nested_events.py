"""Events at all points up to their own, against a table of them all."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from event_cases import CLIPS, LABELS, THRESHOLDS, event_tables, truths
from lgc_plugin.evaluation.events import CodedEvents
from lgc_plugin.evaluation.metrics import EVENT_METRICS, PSDS_METRICS
from lgc_plugin.evaluation.psds import psds_counts
from strategies import seeds

# At thresholds, between them, below and above all.
CONFIDENCES = (0.25, 0.2, 0.3, 0.5, 0.6, 0.75, 0.9)


@st.composite
def boxes(draw, truth):
    """Events with confidences, and the same in a table at each threshold."""
    table = truth.select(draw(event_tables))
    rng = np.random.default_rng(draw(seeds))
    sure = rng.choice(CONFIDENCES, len(table))
    nested = CodedEvents.from_confidences(
        (
            np.array([CLIPS.index(x) for x in table.filename], dtype=int),
            np.array([LABELS.index(x) for x in table.event_label], dtype=int),
        ),
        (table.onset.to_numpy(), table.offset.to_numpy()),
        sure,
        THRESHOLDS,
        (len(CLIPS), len(LABELS)),
    )
    rows, point = np.nonzero(sure[:, None] > np.array(THRESHOLDS))
    written = table.iloc[rows].assign(threshold=np.array(THRESHOLDS)[point])
    coded = CodedEvents.from_table(written, CLIPS, LABELS, THRESHOLDS)
    return nested, coded


@settings(max_examples=20)
@given(data=st.data())
def test_counts_are_those_of_the_table(data):
    truth = data.draw(truths())
    nested, written = data.draw(boxes(truth))
    np.testing.assert_array_equal(nested.counts(), written.counts())
    for count in EVENT_METRICS.values():
        for ours, expected in zip(
            count(nested, truth), count(written, truth), strict=True
        ):
            np.testing.assert_array_equal(ours, expected)
    for options in PSDS_METRICS.values():
        ours, expected = (
            psds_counts(each, truth, **options) for each in (nested, written)
        )
        for field in ("tp", "fp", "cross_triggers"):
            if (counts := getattr(ours, field)) is not None:
                wanted = getattr(expected, field).toarray()
                np.testing.assert_array_equal(counts.toarray(), wanted)


def test_pieces_of_an_event_are_found_together():
    """Two confident halves, and a third that alone would not do."""
    clip, label = np.zeros(2, dtype=int), np.zeros(2, dtype=int)
    times = np.array([0.0, 6.0]), np.array([5.0, 10.0])
    nested = CodedEvents.from_confidences(
        (clip, label), times, np.array([0.6, 0.3]), THRESHOLDS, (1, 1)
    )
    assert nested.counts().tolist() == [[[2, 1, 0]]]
    every = nested.at_each_point()
    assert every.point.tolist() == [0, 0, 1]
    assert every.onset.tolist() == [0.0, 6.0, 0.0]

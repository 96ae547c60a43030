"""Hysteresis, boxes and rules of a stream are those of whole recordings."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.inference.event_stream import EventStream

LABELS = ("Owl", "Cat")
SECONDS = 0.064
LEVELS = [0.0, 0.125, 0.25, 0.3, 0.5, 0.7, 0.75, 1.0]
# Whole frames, parts of frames, and more than a recording is long.
seconds = st.sampled_from([0.0, 0.0, 0.064, 0.1, 0.128, 0.2, 0.5, 4.0])
RULES = ("close_th", "len_th", "pad_before", "pad_after")


@st.composite
def run_settings(draw):
    chosen = {name: by_class(draw, seconds) for name in RULES}
    chosen["decision_threshold"] = limit = draw(st.sampled_from([0.3, 0.5]))
    if draw(st.booleans()):
        share = by_class(draw, st.sampled_from([0.0, 0.5, 1.0]))
        chosen["deactivation_th"] = {k: limit * v for k, v in share.items()}
    return chosen


@st.composite
def box_settings(draw):
    lengths = st.sampled_from([0.064, 0.1, 0.128, 0.32, 1.0, 8.0])
    chosen = {name: by_class(draw, seconds) for name in RULES}
    return chosen | {
        "decision_threshold": draw(st.sampled_from([0.1, 0.3, 0.5])),
        "step_filter_length": by_class(draw, lengths),
        "merge_threshold_abs": draw(st.sampled_from([0.15, 0.3, 1.0])),
        "merge_threshold_rel": draw(st.sampled_from([1.5, 2.0, 3.0])),
    }


def by_class(draw, numbers):
    return {label: draw(numbers) for label in LABELS}


recordings = hnp.arrays(
    np.float32,
    st.tuples(st.just(len(LABELS)), st.integers(1, 30)),
    elements=st.sampled_from(LEVELS).map(np.float32),
)
pieces = st.lists(st.integers(0, 9), max_size=8)


def stream(chosen):
    return EventStream(LABELS, PostProcessing(**chosen), SECONDS)


def rows(events):
    return sorted(
        (e.event_label, e.onset, e.offset, e.confidence) for e in events
    )


def whole(scores, chosen):
    """The events of a recording that is decoded at once."""
    count = scores.shape[1]
    edges = np.round(np.arange(count + 1) * SECONDS, 6)
    frames = FrameScores(LABELS, ("a",), scores[None], np.array([count]), edges)
    decoder = PostProcessing(**chosen).for_labels(LABELS)
    return rows(decoder.operating_events(frames).itertuples())


def check_equal(found, expected):
    assert [row[0] for row in found] == [row[0] for row in expected]
    numbers = [[row[1:] for row in each] for each in (found, expected)]
    np.testing.assert_allclose(*numbers, rtol=0, atol=2e-6)


@settings(max_examples=60)
@given(
    recordings,
    pieces,
    run_settings() | box_settings(),
    st.integers(1, 9),
)
def test_events_are_those_of_the_whole_recording(scores, sizes, chosen, window):
    """Rules, hysteresis and boxes, in any pieces."""
    chosen = {**chosen, "median_windows": window}
    events = stream(chosen)
    cuts = np.minimum(np.cumsum(sizes, dtype=int), scores.shape[1])
    parts = np.split(scores, cuts, axis=1)
    found = [event for part in parts for event in events.push(part)]
    check_equal(rows(found + events.finish()), whole(scores, chosen))


@settings(max_examples=6)
@given(recordings, run_settings())
def test_an_event_is_out_as_soon_as_nothing_can_change_it(scores, chosen):
    """Silence and full sound are the extremes of all that may follow."""
    events, out = stream(chosen), []
    follow = np.zeros((len(LABELS), 80), dtype=np.float32)
    for n in range(scores.shape[1]):
        known = scores[:, : n + 1]
        found = events.push(known[:, n:])
        for event in found:
            late = n + 1 - event.offset / SECONDS
            assert late <= events.latency_frames + 1e-4
        out += found
        after = [np.hstack([known, follow]), np.hstack([known, follow + 1])]
        silent, loud = (
            {tuple(np.round(row[1:3], 5)) + row[:1] for row in whole(x, chosen)}
            for x in after
        )
        assert {
            tuple(np.round(row[1:3], 5)) + row[:1] for row in rows(out)
        } == silent & loud


def given_out(scores, **chosen):
    """Frames that are known when each event is given out, and its frames."""
    events = EventStream(["Cat"], PostProcessing(**chosen), SECONDS)
    found = [
        (n, round(event.onset / SECONDS), round(event.offset / SECONDS))
        for n, score in enumerate(scores, start=1)
        for event in events.push(np.array([[score]], dtype=np.float32))
    ]
    return found, events


@pytest.mark.parametrize(
    ("chosen", "scores", "expected"),
    [
        ({"close_th": 0.128}, [1, 0, 0, 0], (4, 0, 1)),
        ({"close_th": 0.128}, [1, 0, 0, 1, 0, 0, 0], (7, 0, 4)),
        ({"pad_after": 0.128}, [1, 0, 0, 0], (4, 0, 3)),
        ({"pad_before": 0.128}, [0, 0, 0, 1, 0, 0, 0], (7, 1, 4)),
        # What began within the padding is too short: this is the longest wait.
        (
            {"pad_before": 0.128, "len_th": 0.128, "close_th": 0.064},
            [1, 1, 0, 0, 1, 0, 0, 0],
            (7, 0, 2),
        ),
        ({"deactivation_th": 0.25}, [0.3, 1, 0.3, 0.3, 0.2], (5, 1, 4)),
    ],
)
def test_the_latency_is_what_is_stated(chosen, scores, expected):
    found, events = given_out(scores, **chosen)
    assert found == [expected]
    known, _, offset = expected
    assert events.latency_frames == known - offset


@pytest.mark.parametrize(
    ("scores", "difference", "expected"),
    [
        # A deep gap: the score after the first one behind the box decides.
        ([0, 0, 0.9, 0.9, 0, 0], 0.3, [(6, 2, 4)]),
        # A shallow gap, that falls.
        ([0, 0.9, 0.9, 0.6, 0.6, 0, 0], 0.5, [(7, 1, 5)]),
        # The next box rises too high, and is not over.
        ([0, 0, 0.6, 0.6, 0.5] + [0.95] * 9, 0.3, [(7, 2, 4)]),
        # Nothing keeps it from merging.
        ([0, 0, 0.6, 0.6, 0.5] + [0.6] * 9, 0.3, []),
    ],
)
def test_a_box_is_out_as_soon_as_it_cannot_merge(scores, difference, expected):
    found, events = given_out(
        scores, step_filter_length=0.128, merge_threshold_abs=difference
    )
    assert found == expected
    assert events.latency_frames == math.inf


@pytest.mark.parametrize(
    "chosen", [{"close_th": 1.0}, {"step_filter_length": 0.5}]
)
def test_an_event_of_hours_costs_nothing(chosen):
    events = EventStream(["Cat"], PostProcessing(**chosen), SECONDS)
    piece = np.full((1, 4000), 0.75, dtype=np.float32)
    events.push(piece)
    tracemalloc.start()
    for _ in range(50):  # 3.6 hours
        events.push(piece)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 50_000  # of 800 kB
    (event,) = events.finish()
    assert event.confidence == pytest.approx(0.75, abs=1e-9)
    assert event.offset == pytest.approx(51 * 4000 * SECONDS)

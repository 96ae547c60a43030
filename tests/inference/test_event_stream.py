"""Events piece by piece are those of the whole recording."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import oracles
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.evaluation.postprocess.post_processing import (
    PostProcessing,
    decode_frames,
)
from lgc_plugin.inference.event_stream import EventStream
from score_cases import decode_events

LABELS = ("Owl", "Cat", "Dog")  # not in alphabetical order
# Few values: ties with thresholds are common. In float32, 0.3 is greater
# than 0.3 in float64.
LEVELS = [0.0, 0.3, 0.5, 0.7, 1.0]
SECONDS = 0.064


@st.composite
def recordings(draw):
    """Scores, median windows (most paper-like, some longer), thresholds."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    shape = (len(LABELS), draw(st.integers(0, 40)))
    scores = draw(
        hnp.arrays(dtype, shape, elements=st.sampled_from(LEVELS).map(dtype))
    )
    windows = draw(st.tuples(*[st.integers(1, 30)] * len(LABELS)))
    limits = st.sampled_from(LEVELS[:-1])
    thresholds = draw(
        limits | st.fixed_dictionaries({label: limits for label in LABELS})
    )
    return scores, windows, thresholds


pieces = st.lists(st.integers(0, 15), max_size=12)


def stream_of(windows, thresholds=0.5, labels=LABELS, seconds=SECONDS):
    settings = PostProcessing(windows, decision_threshold=thresholds)
    return EventStream(labels, settings, seconds)


def stream(scores, windows, thresholds, sizes=()):
    """What comes out, push by push, and last at the end."""
    events = stream_of(windows, thresholds)
    cuts = np.minimum(np.cumsum(sizes, dtype=int), scores.shape[1])
    parts = np.split(scores, cuts, axis=1)
    return [*(events.push(part) for part in parts), events.finish()]


def flat(parts):
    return [event for part in parts for event in part]


def whole(scores, windows, thresholds):
    """(onset, offset, label) of each event, by the decoder of clips."""
    edges = [round(i * SECONDS, 6) for i in range(scores.shape[1] + 1)]
    table = decode_frames(
        scores[None], ["a"], LABELS, np.array(edges), thresholds, windows
    )
    columns = ["onset", "offset", "event_label"]
    return set(table[columns].itertuples(index=False, name=None))


@settings(max_examples=200)
@given(recordings(), pieces)
def test_events_are_those_of_the_whole_recording(recording, sizes):
    found = flat(stream(*recording, sizes))
    assert len(found) == len({event[:3] for event in found})
    assert {event[:3] for event in found} == whole(*recording)


@settings(max_examples=100)
@given(recordings(), pieces)
def test_pieces_change_nothing_not_even_the_order(recording, sizes):
    """The means are equal to the last bit."""
    assert flat(stream(*recording, sizes)) == flat(stream(*recording))


@settings(max_examples=60)
@given(recordings())
def test_events_are_those_of_sorting_each_window(recording):
    scores, windows, _ = recording
    expected = oracles.thresholded_events(
        scores[None],
        ["a"],
        LABELS,
        lambda i: round(i * SECONDS, 6),
        [0.5],
        windows,
        [scores.shape[1]],
    )
    found = flat(stream(scores, windows, 0.5, [1] * scores.shape[1]))
    assert {event[:3] for event in found} == {row[1:4] for row in expected}


@settings(max_examples=60)
@given(recordings(), pieces)
def test_the_confidence_is_the_mean_of_the_frames(recording, sizes):
    scores, _, _ = recording
    for event in flat(stream(*recording, sizes)):
        row = scores[LABELS.index(event.event_label)].astype(float)
        first, end = round(event.onset / SECONDS), round(event.offset / SECONDS)
        assert event.confidence == pytest.approx(
            row[first:end].mean(), abs=1e-12
        )


@settings(max_examples=20)
@given(recordings())
def test_an_event_is_out_as_soon_as_nothing_can_change_it(recording):
    """Silence and full sound are the extremes of all that may follow."""
    scores, windows, thresholds = recording
    events = stream_of(windows, thresholds)
    out = set()
    follow = np.zeros((len(LABELS), 2 * max(windows)), dtype=scores.dtype)
    for n in range(scores.shape[1]):
        out |= {e[:3] for e in events.push(scores[:, n : n + 1])}
        known = scores[:, : n + 1]
        after = [np.hstack([known, follow]), np.hstack([known, follow + 1])]
        possible = [whole(each, windows, thresholds) for each in after]
        assert out == possible[0] & possible[1]
        assert out <= whole(known, windows, thresholds)


@pytest.mark.parametrize(
    ("windows", "latency"), [(1, 1), (2, 1), (3, 2), (28, 14), (50, 25)]
)
def test_the_latency_is_what_is_stated(windows, latency):
    events = stream_of(windows, labels=["Cat"])
    assert events.latency_frames == latency
    scores = np.zeros((1, 200), dtype=np.float32)
    scores[:, 50:101] = 1.0
    # An even window reaches one frame further back: events end one later.
    offset = 101 + (windows % 2 == 0)
    for n in range(200):
        found = events.push(scores[:, n : n + 1])
        # After frame n, n + 1 frames are known.
        assert bool(found) == (n + 1 - offset == latency)


def test_the_longest_window_tells_the_latency():
    windows = {"Owl": 3, "Cat": 50, "Dog": 7}
    assert stream_of(windows).latency_frames == 25


def test_times_are_those_of_the_encoder():
    """After hours, too."""
    encoder = EventEncoder(LABELS, clip_seconds=20000.0)
    scores = np.zeros((1, 3, encoder.n_frames), dtype=np.float32)
    scores[..., 7::100] = scores[..., 8::100] = 1.0
    expected = decode_events(scores, ["a"], encoder, 0.5, 1)
    events = stream_of(1, seconds=encoder.frame_seconds)
    found = events.push(scores[0]) + events.finish()
    found.sort(key=lambda event: (LABELS.index(event[2]), event[0]))
    columns = ["onset", "offset", "event_label"]
    assert [tuple(row) for row in expected[columns].to_numpy()] == [
        event[:3] for event in found
    ]
    assert len(found) > 9000


def test_an_event_of_hours_costs_nothing():
    events = stream_of(50)
    piece = np.full((3, 78), 0.75, dtype=np.float32)
    events.push(piece)
    tracemalloc.start()
    for _ in range(3000):  # 4.2 hours
        assert events.push(piece) == []
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The scores are 2.8 MB; numpy keeps some small blocks for the next array.
    assert kept < 100_000 and peak < 150_000
    found = events.finish()
    end = round(3001 * 78 * SECONDS, 6)
    assert [event[:3] for event in found] == [(0.0, end, x) for x in LABELS]
    assert [event.confidence for event in found] == [0.75] * 3


def test_a_large_piece_is_not_kept():
    events = stream_of(50, labels=["Cat"])
    tracemalloc.start()
    events.push(np.zeros((1, 10**6), dtype=np.float32))
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 100_000  # of 4 MB


def test_nothing_in_nothing_out():
    events = stream_of(5)
    assert events.push(np.empty((3, 0))) == [] == events.finish()


def test_a_nan_is_named_and_not_taken():
    events = stream_of(3, seconds=0.5)
    scores = np.zeros((3, 4), dtype=np.float32)
    events.push(scores)
    bad = scores.copy()
    bad[2, 3] = bad[0, 2] = np.nan
    with pytest.raises(ValueError, match=r"'Owl' at 3 s \(frame 6\)"):
        events.push(bad)
    events.push(scores + 1)
    assert [event[:2] for event in events.finish()] == [(2.0, 4.0)] * 3

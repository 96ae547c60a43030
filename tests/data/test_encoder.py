from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracles
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.types import Event
from strategies import seeds

ENCODER = EventEncoder(["Cat", "Dog", "Speech"])
N_FRAMES = ENCODER.n_frames

frame_maps = st.lists(
    st.lists(st.booleans(), min_size=N_FRAMES, max_size=N_FRAMES),
    min_size=3,
    max_size=3,
)


def exact_frame(encoder):
    """Length of an output frame, without rounding."""
    return Fraction(encoder.hop_length * encoder.pooling, encoder.sample_rate)


def test_ten_seconds_are_156_frames_of_64_ms():
    assert (ENCODER.n_mel_frames, N_FRAMES) == (626, 156)
    assert ENCODER.frame_seconds == pytest.approx(0.064)


@st.composite
def encoders(draw):
    """Clips of one to forty frames of any length."""
    rate = draw(st.sampled_from([8000, 16000, 22050]))
    hop, pooling = draw(st.integers(80, 400)), draw(st.integers(1, 8))
    shortest = hop * pooling / rate
    seconds = draw(st.floats(1.001, 40.0)) * shortest
    labels = draw(st.sampled_from([["Cat"], ["Cat", "Dog", "Speech"]]))
    return EventEncoder(labels, seconds, rate, hop, pooling)


@st.composite
def event_lists(draw, encoder):
    """Events anywhere, beyond the clip and on boundaries of frames too."""
    frame = encoder.frame_seconds
    times = st.one_of(
        st.floats(0, 1.2 * encoder.clip_seconds),
        st.integers(0, 45).map(lambda t: round(t * frame, 6)),
        st.integers(0, 45).map(lambda t: t * frame),
    )
    edges = draw(st.lists(st.tuples(times, times), max_size=5))
    return [
        Event(*sorted(pair), draw(st.sampled_from(encoder.labels)))
        for pair in edges
    ]


@given(encoders(), st.data())
def test_encoding_equals_the_question_frame_by_frame(encoder, data):
    events = data.draw(event_lists(encoder))
    expected = oracles.encode(
        events, encoder.labels, encoder.n_frames, exact_frame(encoder)
    )
    assert encoder.encode(events).tolist() == expected
    tags = [event.label for event in events]
    expected = oracles.encode_clip(tags, encoder.labels)
    assert encoder.encode_clip(tags).tolist() == expected


@given(encoders(), st.data())
def test_nearest_frames_equal_the_question_frame_by_frame(encoder, data):
    encoder.rounding = "nearest"
    events = data.draw(event_lists(encoder))
    expected = oracles.encode_nearest(
        events, encoder.labels, encoder.n_frames, exact_frame(encoder)
    )
    assert encoder.encode(events).tolist() == expected


def test_an_instant_on_a_boundary_is_in_the_frame_behind_it():
    encoder = EventEncoder(["Cat"], 0.09, 8000, 240, 1, "nearest")
    event = Event(0.03, 0.03, "Cat")
    assert encoder.encode([event]).tolist() == [[0.0, 1.0, 0.0, 0.0]]


def test_another_rounding_is_refused():
    with pytest.raises(ValueError, match="rounding is 'up': use outward or"):
        EventEncoder(["Cat"], rounding="up")


@given(encoders(), st.integers(1, 30), st.data())
def test_decoding_equals_the_walk_along_each_row(encoder, n_frames, data):
    """Of any number of frames; above 0.5 a class sounds."""
    levels = st.sampled_from([0.0, 0.5, 0.6, 1.0])
    row = st.lists(levels, min_size=n_frames, max_size=n_frames)
    rows = [data.draw(row) for _ in encoder.labels]
    expected = oracles.decode(rows, encoder.labels, exact_frame(encoder))
    events = encoder.decode(torch.tensor(rows))
    assert [event.label for event in events] == [e[2] for e in expected]
    for event, (onset, offset, _) in zip(events, expected, strict=True):
        # Rounded to a microsecond, so at most half of one away.
        assert abs(Fraction(event.onset) - onset) < 0.501e-6
        assert abs(Fraction(event.offset) - offset) < 0.501e-6


@given(encoders(), st.integers(0, 400000))
def test_valid_frames_equal_the_walk_over_frames(encoder, n_samples):
    assert encoder.valid_frames(n_samples) == oracles.valid_frames(
        n_samples, encoder.hop_length * encoder.pooling, encoder.n_frames
    )


@given(encoders())
def test_frames_are_as_many_as_pooling_leaves(encoder):
    mel_frames = len(range(0, encoder.n_samples + 1, encoder.hop_length))
    groups = range(0, mel_frames - encoder.pooling + 1, encoder.pooling)
    assert encoder.n_frames == len(groups)


@given(frame_maps)
def test_decoded_frames_encode_to_themselves(rows):
    frames = torch.tensor(rows).float()
    assert torch.equal(ENCODER.encode(ENCODER.decode(frames)), frames)


@given(encoders(), seeds)
def test_so_they_do_where_frames_are_no_whole_microseconds(encoder, seed):
    generator = torch.Generator().manual_seed(seed)
    shape = len(encoder.labels), encoder.n_frames
    frames = torch.randint(0, 2, shape, generator=generator).float()
    assert torch.equal(encoder.encode(encoder.decode(frames)), frames)


@given(st.floats(0, 10), st.floats(0, 10), st.sampled_from(ENCODER.labels))
def test_every_frame_that_an_event_touches_is_set(a, b, label):
    onset, offset = sorted((a, b))
    frames = ENCODER.encode([Event(onset, offset, label)])
    row = frames[ENCODER.index(label)]
    assert frames.sum() == row.sum()
    for t in range(N_FRAMES):
        start, end = t * 0.064, (t + 1) * 0.064
        overlap = min(end, offset) - max(start, onset)
        if overlap > 1e-6:
            assert row[t] == 1
        elif overlap < -1e-6:
            assert row[t] == 0


def test_offsets_beyond_the_clip_are_cut():
    frames = ENCODER.encode([Event(9.9, 11.0, "Cat")])
    assert frames[0, -2:].tolist() == [1, 1] and frames.sum() == 2


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(0, 1), (1, 1), (1024, 1), (1025, 2), (16000, 16), (160000, 156)],
)
def test_valid_frames_are_those_with_sound(samples, frames):
    assert ENCODER.valid_frames(samples) == frames


@pytest.mark.parametrize(
    "event",
    [
        Event(2, 1, "Cat"),
        Event(-1, 1, "Cat"),
        Event(0, 1, "Cow"),
        Event(float("nan"), 1, "Cat"),
        Event(0, float("inf"), "Cat"),
    ],
)
def test_events_that_cannot_be_are_refused(event):
    with pytest.raises(ValueError, match=event.label):
        ENCODER.encode([event])


def test_label_lists_are_checked():
    for labels in ([], ["Cat", "Cat"]):
        with pytest.raises(ValueError, match="labels"):
            EventEncoder(labels)
    with pytest.raises(ValueError, match="shorter than one"):
        EventEncoder(["Cat"], clip_seconds=0.01)
    with pytest.raises(ValueError, match="expected"):
        ENCODER.decode(torch.zeros(2, 5))
    assert EventEncoder(["Only"]).encode([]).shape == (1, 156)

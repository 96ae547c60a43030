import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.labels import EventEncoder
from lgc_plugin.types import Event

ENCODER = EventEncoder(["Cat", "Dog", "Speech"])
N_FRAMES = ENCODER.n_frames

frame_maps = st.lists(
    st.lists(st.booleans(), min_size=N_FRAMES, max_size=N_FRAMES),
    min_size=3,
    max_size=3,
)


def test_ten_seconds_are_156_frames_of_64_ms():
    assert (ENCODER.n_mel_frames, N_FRAMES) == (626, 156)
    assert ENCODER.frame_seconds == pytest.approx(0.064)


@given(frame_maps)
def test_decoded_frames_encode_to_themselves(rows):
    frames = torch.tensor(rows).float()
    assert torch.equal(ENCODER.encode(ENCODER.decode(frames)), frames)


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

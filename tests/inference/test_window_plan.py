"""Windows fit any network, hop and length of recording."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.inference.prediction import predict
from lgc_plugin.inference.window_plan import WindowPlan

# Where the hop is asked for, and what becomes of it in frames of 64 ms.
DESED = EventEncoder(["Cat"])


@pytest.mark.parametrize(
    ("seconds", "frames"),
    [(None, 78), (5, 78), (0.064, 1), (1e-6, 1), (9.99, 156), (10, 156)],
)
def test_hops_are_whole_frames(seconds, frames):
    assert WindowPlan.of(DESED, seconds).hop_frames == frames


@pytest.mark.parametrize("seconds", [0, -1, 10.1, float("nan")])
def test_windows_without_gaps(seconds):
    with pytest.raises(ValueError, match="at most 10 s"):
        WindowPlan.of(DESED, seconds)


@given(data=st.data(), batch_size=st.integers(1, 5))
def test_every_frame_comes_once_and_from_its_place(data, batch_size):
    pooling = data.draw(st.integers(1, 5))
    frame = 4 * pooling
    # A window may be no whole number of frames, and may even hold one frame
    # more than its samples fill.
    encoder = EventEncoder(
        ["Cat"],
        data.draw(st.integers(frame, 30 * frame)) / 100,
        100,
        4,
        pooling,
    )
    hop = data.draw(st.floats(0.01, encoder.clip_seconds))
    plan = WindowPlan.of(encoder, hop)
    n_samples = data.draw(st.integers(1, 40 * frame))
    # Samples tell their frame, in steps that 16 bits hold.
    wav = (np.arange(n_samples) // frame / 1024).astype(np.float32)

    def network(wavs, _):
        padded = torch.nn.functional.pad(wavs, (0, frame))
        starts = padded[:, ::frame][:, : encoder.n_frames]
        return starts.unsqueeze(1)

    blocks = np.array_split(wav, data.draw(st.integers(1, 7)))
    pieces = list(predict(blocks, plan, network, batch_size))
    scores = np.concatenate([piece.scores for piece in pieces], axis=1)
    frames = scores[0] * 1024
    assert pieces[-1].seconds == n_samples / 100
    # Without the rest of a last window that no frame is left for.
    expected = -(-n_samples // frame)
    assert expected - 1 <= len(frames) <= expected
    np.testing.assert_array_equal(frames, np.arange(len(frames)))

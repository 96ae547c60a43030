import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.wave_roll import plan_wave_roll, wave_roll
from lgc_plugin.models.features import LogMel
from lgc_plugin.utils.time_axis import count_valid, frame_mask
from oracles import rct
from strategies import random_tensor, seeds

FRAME = 5
clips = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 43)), min_size=1, max_size=5
)


def planned(pairs, n_frames=8):
    tenths, lengths = torch.tensor(pairs).T
    return plan_wave_roll(tenths, lengths, FRAME, n_frames)


@settings(deadline=None, max_examples=80)
@given(clips, st.integers(6, 8), st.booleans(), seeds)
def test_rolls_equal_the_loop_over_steps(pairs, n_frames, channels, seed):
    plan = planned(pairs, n_frames)
    circles = [min(length // FRAME, n_frames) for _, length in pairs]
    frames = [
        int(tenths / 10 * circle + 0.5)
        for (tenths, _), circle in zip(pairs, circles, strict=True)
    ]
    assert plan.circle.tolist() == circles and plan.frames.tolist() == frames
    shape = (len(pairs), 2, 43) if channels else (len(pairs), 43)
    wavs = random_tensor(*shape, seed=seed)
    assert torch.equal(
        wave_roll(wavs, plan, FRAME),
        rct.rolled(
            wavs, [f * FRAME for f in frames], [c * FRAME for c in circles]
        ),
    )
    labels = random_tensor(len(pairs), 3, n_frames, seed=seed)
    assert torch.equal(
        wave_roll(labels, plan), rct.rolled(labels, frames, circles)
    )


@settings(deadline=None, max_examples=60)
@given(clips, st.data())
def test_a_sound_stays_under_its_label(pairs, data):
    """Each sample carries the number of its frame, and so do the labels."""
    plan = planned(pairs)
    frame = torch.arange(43) // FRAME
    wavs = frame.expand(len(pairs), 43)
    labels = torch.arange(8).expand(len(pairs), 8)
    moved = wave_roll(wavs, plan, FRAME)
    assert torch.equal(moved[:, :40], wave_roll(labels, plan)[:, frame[:40]])


@settings(deadline=None, max_examples=40)
@given(clips)
def test_padding_and_its_mask_stay(pairs):
    plan = planned(pairs)
    lengths = torch.tensor([length for _, length in pairs])
    sound = torch.arange(43) < lengths.unsqueeze(1)
    assert torch.equal(wave_roll(sound, plan, FRAME), sound)
    valid = frame_mask(count_valid(lengths, FRAME, 8), 8)
    assert torch.equal(wave_roll(valid, plan), valid)


def test_mels_of_a_rolled_waveform_are_rolled_mels():
    """Away from the seams, where windows reach over them."""
    wavs = random_tensor(1, 40960, seed=0).float()
    plan = plan_wave_roll(torch.tensor([3]), torch.tensor([40960]), 1024, 40)
    assert plan.frames.tolist() == [12]
    front_end = LogMel()
    mels, moved = (
        front_end.mel(wavs),
        front_end.mel(wave_roll(wavs, plan, 1024)),
    )
    torch.testing.assert_close(
        moved[..., 48 + 4 : 160 - 4], mels[..., 4 : 160 - 48 - 4]
    )


def test_published_clips_roll_by_tenths():
    tenths = torch.arange(6)
    plan = plan_wave_roll(tenths, torch.full((6,), 160000), 1024, 156)
    off = plan.frames * 1024 - tenths * 16000
    assert plan.frames.tolist() == [0, 16, 31, 47, 62, 78]
    assert off.abs().max() <= 512


def test_gradients_move_with_the_values():
    plan = planned([(3, 43), (5, 30)])
    values = random_tensor(2, 3, 8, seed=0).requires_grad_()
    weights = random_tensor(2, 3, 8, seed=1)
    (wave_roll(values, plan) * wave_roll(weights, plan)).sum().backward()
    assert torch.equal(values.grad, weights)


def test_nothing_waits_for_the_device():
    number = torch.empty(3, dtype=torch.long, device="meta")
    plan = plan_wave_roll(number, number, 1024, 8)
    values = torch.empty(3, 2, 8, device="meta")
    assert wave_roll(values, plan).is_meta


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        wave_roll(torch.zeros(3, 10), planned([(1, 10), (1, 10)]))

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.frame_shift import (
    FrameShiftPlan,
    draw_frame_shift,
    frame_shift,
)
from lgc_plugin.utils.time_axis import frame_mask
from oracles import augmentations
from strategies import random_tensor, seeds

poolings = st.integers(1, 5)


def drawn(n_clips, pooling, seed, **options):
    generator = torch.Generator().manual_seed(seed)
    return draw_frame_shift(n_clips, pooling, generator=generator, **options)


@settings(max_examples=60)
@given(
    st.integers(1, 5),
    st.integers(1, 20),
    poolings,
    st.integers(0, 4),
    st.lists(st.integers(1, 3), max_size=2),
    st.booleans(),
    seeds,
)
def test_shifts_equal_the_walk_over_steps(
    clips, frames, pooling, rest, shape, whole, seed
):
    plan = drawn(clips, pooling, seed, whole_frames=whole)
    circle = frames * pooling
    n_steps = circle + rest % pooling
    features = random_tensor(clips, *shape, n_steps, seed=seed)
    labels = random_tensor(clips, 2, frames, seed=seed)
    mel_shifts = (plan.frames * pooling + plan.rest).tolist()
    if pooling > 1:
        assert torch.equal(
            frame_shift(features, plan, pooling),
            augmentations.frame_shift(features, mel_shifts, circle),
        )
    assert torch.equal(
        frame_shift(labels, plan),
        augmentations.frame_shift(labels, plan.frames.tolist(), frames),
    )


@settings(max_examples=60)
@given(st.integers(2, 20), poolings, st.booleans(), st.data(), seeds)
def test_an_impulse_stays_under_its_label(frames, pooling, whole, data, seed):
    """Less than an output frame away, in the direction of the shift."""
    plan = drawn(3, pooling, seed, whole_frames=whole)
    step = data.draw(st.integers(0, frames * pooling - 1))
    features = torch.zeros(3, 2, frames * pooling)
    features[..., step] = 1
    labels = torch.zeros(3, 2, frames)
    labels[..., step // pooling] = 1
    steps = frame_shift(features, plan, pooling)[:, 0].argmax(dim=1)
    frame = frame_shift(labels, plan)[:, 0].argmax(dim=1)
    for clip in range(3):
        label_step = int(frame[clip]) * pooling + step % pooling
        ahead = (int(steps[clip]) - label_step) % (frames * pooling)
        assert ahead == int(plan.rest[clip]) % (frames * pooling)
    assert (plan.rest.abs() < pooling).all()
    assert (plan.rest * plan.frames >= 0).all()
    if whole:
        assert (plan.rest == 0).all()


@settings(max_examples=40)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), poolings, seeds)
def test_padding_moves_with_its_clip(lengths, pooling, seed):
    """Sound is where the shifted mask is True, and nowhere else."""
    plan = drawn(len(lengths), pooling, seed, whole_frames=True)
    valid = frame_mask(torch.tensor(lengths), 12)
    sound = valid.repeat_interleave(pooling, dim=1).unsqueeze(1).float()
    shifted = frame_shift(valid, plan)
    assert shifted.dtype == torch.bool
    assert shifted.sum(dim=1).tolist() == lengths
    moved = frame_shift(sound, plan, pooling).view(-1, 12, pooling)
    assert torch.equal(moved.bool().all(dim=-1), shifted)
    assert torch.equal(moved.bool().any(dim=-1), shifted)


@settings(max_examples=30)
@given(poolings, seeds)
def test_the_opposite_shift_leads_back(pooling, seed):
    plan = drawn(3, pooling, seed)
    back = FrameShiftPlan(-plan.frames, -plan.rest)
    values = random_tensor(3, 2, 23, seed=seed)
    there = frame_shift(values, plan, pooling)
    assert torch.equal(frame_shift(there, back, pooling), values)


def test_gradients_move_with_the_values():
    plan = drawn(4, 4, 0)
    values = random_tensor(4, 3, 30, seed=0).requires_grad_()
    weights = random_tensor(4, 3, 30, seed=1)
    (frame_shift(values, plan, pooling=4) * weights).sum().backward()
    back = FrameShiftPlan(-plan.frames, -plan.rest)
    assert torch.equal(values.grad, frame_shift(weights, back, pooling=4))


def test_shifts_are_normal_and_rounded():
    plan = drawn(20000, 4, 0)
    shift = plan.frames * 4 + plan.rest
    assert abs(float(shift.float().mean())) < 2
    assert abs(float(shift.float().std()) - 90) < 1.5
    # Rounded to the nearest: 0 is as likely as its neighbors, and every rest
    # as likely as any other.
    near = torch.tensor([(shift == s).sum() for s in (-2, -1, 0, 1, 2)])
    assert ((near > 55) & (near < 125)).all()
    rests = torch.bincount(plan.rest[shift > 0] % 4, minlength=4)
    assert ((rests > 2250) & (rests < 2750)).all()
    whole = drawn(20000, 4, 0, whole_frames=True)
    apart = (whole.frames * 4 - shift).abs()
    assert apart.max() <= 2


def test_a_shift_of_the_whole_circle_changes_nothing():
    values = random_tensor(2, 3, 626, seed=0)
    for frames in (0, 156, -312):
        plan = FrameShiftPlan(torch.tensor([frames] * 2), torch.zeros(2).long())
        assert torch.equal(frame_shift(values, plan, pooling=4), values)


def test_what_does_not_fit_is_refused():
    plan = draw_frame_shift(2, 4)
    with pytest.raises(ValueError, match="do not fit"):
        frame_shift(torch.zeros(3, 10), plan)
    with pytest.raises(ValueError, match="pooling"):
        draw_frame_shift(2, 0)
    with pytest.raises(ValueError, match="std"):
        draw_frame_shift(2, 4, std=-1.0)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
from lgc_plugin.losses.consistency import clip_consistency, frame_consistency
from strategies import masks, precisions, score_tensors

sizes = st.integers(1, 4)


@settings(max_examples=60)
@given(sizes, sizes, st.integers(1, 6), precisions, st.data())
def test_frames_equal_the_loop_over_cells(clips, classes, frames, dtype, data):
    shape = st.just(clips), st.just(classes), st.just(frames)
    student, target = (
        data.draw(score_tensors(*shape)).to(dtype).requires_grad_()
        for _ in range(2)
    )
    valid = data.draw(masks(clips, frames))
    loss = frame_consistency(student, target, valid)
    expected = oracles.consistency(student, target, valid)
    oracles.assert_exact(loss, expected)
    (slow,) = torch.autograd.grad(expected, student)
    (fast,) = torch.autograd.grad(loss, student)
    oracles.assert_exact(fast, slow)
    if valid is not None:
        assert (fast.transpose(1, 2)[~valid] == 0).all()


@settings(max_examples=30)
@given(sizes, sizes, precisions, st.data())
def test_clips_equal_the_loop_over_cells(clips, classes, dtype, data):
    student, target = (
        data.draw(score_tensors(st.just(clips), st.just(classes))).to(dtype)
        for _ in range(2)
    )
    loss = clip_consistency(student, target)
    oracles.assert_exact(loss, oracles.consistency(student, target))


def test_nothing_in_the_padding_matters():
    student, target = torch.rand(2, 3, 4), torch.rand(2, 3, 4)
    valid = torch.tensor([[True] * 4, [True, False, False, False]])
    loss = frame_consistency(student, target, valid)
    student[1, :, 1:], target[1, :, 1:] = 1e6, -1e6
    assert torch.equal(frame_consistency(student, target, valid), loss)


@pytest.mark.parametrize("consistency", [clip_consistency, frame_consistency])
def test_no_gradient_reaches_the_target(consistency):
    shape = (2, 3) if consistency is clip_consistency else (2, 3, 4)
    student, target = (torch.rand(shape).requires_grad_() for _ in range(2))
    consistency(student, target).backward()
    assert student.grad.abs().sum() > 0 and target.grad is None


def test_half_precision_is_not_squared_in_half_precision():
    student = torch.full((1, 1, 8), 2.0**-10, dtype=torch.float16)
    loss = frame_consistency(student, torch.zeros_like(student))
    assert loss.dtype == torch.float32 and loss.item() == 2.0**-20


@settings(max_examples=30)
@given(masks(4, 5), st.data())
def test_two_processes_mean_is_that_of_one(valid, data):
    """Each sums its own clips, and divides by the mean of both counts."""
    shape = st.just(4), st.just(2), st.just(5)
    student, target = (data.draw(score_tensors(*shape)) for _ in range(2))
    halves = slice(0, 1), slice(1, 4)
    cells = torch.ones(4, 5) if valid is None else valid
    mean_count = cells.sum() * 2 / 2  # frames, classes, processes

    def loss(clips, pool_count=None):
        mask = None if valid is None else valid[clips]
        return frame_consistency(
            student[clips], target[clips], mask, pool_count
        )

    shares = [loss(half, lambda own: mean_count) for half in halves]
    oracles.assert_exact(sum(shares) / 2, loss(slice(0, 4)))

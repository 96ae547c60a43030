import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.hard_mixup import HardMixupPlan, draw_hard_mixup
from lgc_plugin.losses.self_consistency import (
    augmentation_consistency,
    mixture_consistency,
    self_consistency,
)
from lgc_plugin.types import SEDOutput
from oracles import assert_exact, rct
from strategies import masks, precisions, score_tensors, seeds

LEVELS = [0.0, 0.04, 0.05, 0.5, 0.95, 0.96, 1.0]
kinds = st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=4)
sizes = st.integers(1, 3)


def plan_for(kind, seed):
    generator = torch.Generator().manual_seed(seed)
    return draw_hard_mixup(torch.tensor(kind), generator=generator)


def scores_like(data, kind, classes, frames, dtype):
    """Three versions' scores, (B, C, T') or, without frames, (B, C)."""
    shape = [st.just(len(kind)), st.just(classes)]
    shape += [] if frames is None else [st.just(frames)]
    return [
        data.draw(score_tensors(*shape, levels=LEVELS))
        .to(dtype)
        .requires_grad_()
        for _ in range(3)
    ]


@settings(deadline=None, max_examples=60)
@given(kinds, sizes, st.none() | sizes, precisions, st.data())
def test_augmentation_equals_the_loop_over_cells(
    kind, classes, frames, dtype, data
):
    target, augmented, _ = scores_like(data, kind, classes, frames, dtype)
    valid = None if frames is None else data.draw(masks(len(kind), frames))
    fast = augmentation_consistency(
        augmented, target, torch.tensor(kind), valid
    )
    slow = rct.augmentation_loss(augmented, target, kind, valid)
    assert_exact(fast, slow)
    # Both sides learn.
    for ours, theirs in zip(
        torch.autograd.grad(fast, [augmented, target]),
        torch.autograd.grad(slow, [augmented, target]),
        strict=True,
    ):
        assert_exact(ours, theirs)


@settings(deadline=None, max_examples=80)
@given(kinds, sizes, st.none() | sizes, precisions, st.data(), seeds)
def test_mixtures_equal_the_loop_over_cells(
    kind, classes, frames, dtype, data, seed
):
    scores, mixed, _ = scores_like(data, kind, classes, frames, dtype)
    valid = None if frames is None else data.draw(masks(len(kind), frames))
    plan = plan_for(kind, seed)
    fast = mixture_consistency(mixed, scores, plan, torch.tensor(kind), valid)
    slow = rct.mixture_loss(mixed, scores, rct.members_of(*plan), kind, valid)
    assert_exact(fast, slow)
    ours, none = torch.autograd.grad(fast, [mixed, scores], allow_unused=True)
    (theirs,) = torch.autograd.grad(slow, mixed)
    assert_exact(ours, theirs)
    # No gradient reaches what the thresholds have read.
    assert none is None


@settings(deadline=None, max_examples=30)
@given(kinds, st.data(), seeds)
def test_the_loss_is_half_of_four_terms(kind, data, seed):
    frames = scores_like(data, kind, 2, 3, torch.float64)
    clips = scores_like(data, kind, 2, None, torch.float64)
    rolled = data.draw(score_tensors(*map(st.just, frames[0].shape)))
    valid = data.draw(masks(len(kind), 3))
    plan = plan_for(kind, seed)
    mixtures = rct.members_of(*plan)
    versions = tuple(
        SEDOutput(frame, clip, torch.empty(0))
        for frame, clip in zip(frames, clips, strict=True)
    )
    terms = self_consistency(versions, rolled, plan, torch.tensor(kind), valid)
    augmentation = rct.augmentation_loss(
        frames[2], rolled, kind, valid
    ) + rct.augmentation_loss(clips[2], clips[0], kind, None)
    mixture = rct.mixture_loss(
        frames[1], frames[0], mixtures, kind, valid
    ) + rct.mixture_loss(clips[1], clips[0], mixtures, kind, None)
    assert_exact(terms.augmentation, augmentation)
    assert_exact(terms.mixture, mixture)
    assert_exact(terms.loss, (augmentation + mixture) / 2)


def test_the_expected_scores_cost_nothing():
    """Scores 0 and 1 that add up as sounds do, and turn as they do."""
    kind = torch.tensor([0, 0, 1, 1, 2, 2])
    plan = plan_for(kind.tolist(), 0)
    frame = (torch.rand(6, 4, 5) > 0.5).float()
    mixed = frame[plan.members].mul(plan.active[..., None, None]).amax(0)
    clips = frame.amax(2), mixed.amax(2)
    original = SEDOutput(frame, clips[0], frame)
    rolled = frame.roll(2, 2)
    versions = (
        original,
        SEDOutput(mixed, clips[1], frame),
        SEDOutput(rolled, clips[0], frame),
    )
    assert self_consistency(versions, rolled, plan, kind).loss == 0
    # The same scores, not rolled along, cost something.
    assert self_consistency(versions, frame, plan, kind).loss > 0


def test_nothing_in_the_padding_matters():
    kind = torch.tensor([2, 2, 0])
    plan = HardMixupPlan(
        torch.tensor([[0, 1, 2], [1, 0, 2]]),
        torch.tensor([[True] * 3, [True, True, False]]),
    )
    valid = torch.tensor([[1, 1, 0], [1, 0, 0], [1, 1, 1]]).bool()
    together = torch.tensor([[1, 1, 0], [1, 1, 0], [1, 1, 1]]).bool()

    def loss(scores, mixed):
        return mixture_consistency(mixed, scores, plan, kind, valid)

    # Sure of something or of nothing, in all combinations of the members.
    sure = torch.cartesian_prod(*[torch.tensor([0.0, 0.5, 1.0])] * 3)
    scores = sure.T.unsqueeze(2).repeat(1, 1, 3)
    mixed = torch.rand(scores.shape)
    before = loss(scores, mixed)
    for filling in (0.0, 0.5, 1.0):
        padded = scores.masked_fill(~valid.unsqueeze(1), filling)
        other = mixed.masked_fill(~together.unsqueeze(1), filling)
        assert torch.equal(loss(padded, other), before)


@pytest.mark.parametrize("kind", [[0, 0], [1, 1], [2, 2]])
def test_a_batch_of_one_kind_has_the_weight_of_that_kind(kind):
    ones, zeros = torch.ones(2, 3, 4), torch.zeros(2, 3, 4)
    loss = augmentation_consistency(ones, zeros, torch.tensor(kind))
    assert loss.item() == rct.WEIGHTS[kind[0]]


def test_without_any_cell_the_loss_and_its_gradient_are_zero():
    scores = torch.rand(2, 3, 4, requires_grad=True)
    kind, valid = torch.tensor([0, 1]), torch.zeros(2, 4).bool()
    plan = plan_for([0, 1], 0)
    loss = augmentation_consistency(
        scores, 0.5 * scores, kind, valid
    ) + mixture_consistency(scores, scores, plan, kind, valid)
    loss.backward()
    assert loss == 0 and (scores.grad == 0).all()


@settings(deadline=None, max_examples=20)
@given(masks(4, 5), st.data())
def test_two_processes_mean_is_that_of_one(valid, data):
    """Each sums its own clips, and divides by the mean of both counts."""
    shape = st.just(4), st.just(2), st.just(5)
    student, target = (data.draw(score_tensors(*shape)) for _ in range(2))
    kind = torch.tensor([0, 0, 1, 2])
    cells = torch.ones(4, 5) if valid is None else valid
    counts = torch.stack([2 * cells[kind == k].sum() for k in range(3)])

    def loss(clips, pool_count=None):
        return augmentation_consistency(
            student[clips],
            target[clips],
            kind[clips],
            None if valid is None else valid[clips],
            pool_count=pool_count,
        )

    halves = slice(0, 1), slice(1, 4)
    shares = [loss(half, lambda own: counts / 2) for half in halves]
    assert_exact(sum(shares) / 2, loss(slice(0, 4)))


def test_half_precision_is_not_squared_in_half_precision():
    small = torch.full((1, 1, 8), 2.0**-10, dtype=torch.float16)
    kind = torch.tensor([0])
    loss = augmentation_consistency(small, torch.zeros_like(small), kind)
    assert loss.dtype == torch.float32 and loss.item() == 2.0**-21


def test_autocast_changes_nothing():
    kind = torch.tensor([0, 0, 1])
    output = SEDOutput(torch.rand(3, 2, 4), torch.rand(3, 2), torch.empty(0))
    other = SEDOutput(torch.rand(3, 2, 4), torch.rand(3, 2), torch.empty(0))
    versions, plan = (output, other, other), plan_for([0, 0, 1], 0)
    expected = self_consistency(versions, output.frame, plan, kind)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        terms = self_consistency(versions, output.frame, plan, kind)
    assert all(term.dtype == torch.float32 for term in terms)
    assert all(map(torch.equal, terms, expected))


def test_nothing_waits_for_the_device():
    kind = torch.empty(6, dtype=torch.long, device="meta")
    frame, clip = (torch.empty(*s, device="meta") for s in ((6, 2, 4), (6, 2)))
    valid = torch.empty(6, 4, dtype=torch.bool, device="meta")
    output = SEDOutput(frame, clip, frame)
    terms = self_consistency(
        (output,) * 3, frame, draw_hard_mixup(kind), kind, valid
    )
    assert all(term.is_meta and term.ndim == 0 for term in terms)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

import oracles
from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
from strategies import precisions, score_tensors, seeds, unit_vectors

# At the thresholds 0.875 and 0.5, and at what makes a background of 0.875.
LEVELS = (0.0, 0.125, 0.25, 0.5, 0.75, 0.875, 0.9375, 1.0)
HIGH, LOW = 0.875, 0.5


def vectors(*shape, seed=0):
    return unit_vectors(*shape, seed=seed)


@st.composite
def frames_to_contrast(draw):
    """Arguments of the loss; classes without prototypes among them."""
    n_frames, n_classes = draw(st.integers(0, 8)), draw(st.integers(1, 4))
    n_prototypes, seed = draw(st.integers(1, 3)), draw(seeds)
    dtype = draw(precisions)
    shape = st.just(n_frames), st.just(n_classes)
    student, teacher = (
        draw(score_tensors(*shape, levels=LEVELS)).to(dtype) for _ in range(2)
    )
    frames = vectors(n_frames, 5, seed=seed).to(dtype)
    prototypes = vectors(n_classes + 1, n_prototypes, 5, seed=seed + 1)
    generator = torch.Generator().manual_seed(seed)
    candidates, active = None, None
    if draw(st.booleans()):
        candidates = torch.rand(n_frames, generator=generator) < 0.7
    if draw(st.booleans()):
        shape = (n_classes + 1, n_prototypes)
        active = torch.rand(shape, generator=generator) < 0.6
    return frames, student, teacher, prototypes.to(dtype), active, candidates


@settings(max_examples=80)
@given(frames_to_contrast(), st.sampled_from([0.1, 0.5]))
def test_loss_equals_the_loop_over_anchors(arguments, temperature):
    frames, student, teacher, prototypes, active, candidates = arguments
    frames.requires_grad_()
    terms = PrototypeContrastLoss(temperature, HIGH, LOW).terms(*arguments)
    expected, n_anchors = oracles.contrast_loss(
        frames,
        student,
        teacher,
        prototypes,
        temperature,
        HIGH,
        LOW,
        None if candidates is None else candidates.tolist(),
        active,
    )
    oracles.assert_exact(terms.loss, expected)
    assert terms.n_anchors.item() == n_anchors
    (fast,) = torch.autograd.grad(terms.loss, frames)
    (slow,) = torch.autograd.grad(expected, frames)
    oracles.assert_exact(fast, slow)
    assert n_anchors or (terms.loss == 0 and (fast == 0).all())


@settings(max_examples=60)
@given(frames_to_contrast())
def test_anchors_equal_the_definition(arguments):
    _, student, teacher, _, _, candidates = arguments
    anchors, positive = PrototypeContrastLoss(0.1, HIGH, LOW).anchors(
        student, teacher, candidates
    )
    for i in range(len(student)):
        expected, classes = oracles.anchor(
            student[i].tolist(), teacher[i].tolist(), HIGH, LOW
        )
        may_be = candidates is None or bool(candidates[i])
        assert bool(anchors[i]) == (expected and may_be)
        assert positive[i].nonzero().flatten().tolist() == classes


def test_several_positives_of_a_frame_share_its_loss():
    frames, prototypes = vectors(1, 5), vectors(4, 2, 5)
    student = torch.tensor([[0.1, 0.9, 0.1]], dtype=torch.float64)
    loss = PrototypeContrastLoss()

    def of(*teacher):
        scores = torch.tensor([teacher], dtype=torch.float64)
        return loss(frames, student, scores, prototypes)

    # The student knows of the second: it is no reason for an anchor, but a
    # positive class of one.
    first, third = of(0.95, 0.0, 0.0), of(0.0, 0.0, 0.95)
    assert of(0.0, 0.95, 0.0) == 0
    cosines = (prototypes @ frames[0]).amax(1)
    second = -(cosines / 0.1).log_softmax(0)[1]
    expected = (first + second + third) / 3
    oracles.assert_exact(of(0.95, 0.95, 0.95), expected)


def test_half_precision_embeddings_are_compared_in_float32():
    frames, prototypes = vectors(6, 64).bfloat16(), vectors(3, 2, 64).float()
    student, teacher = torch.full((6, 2), 0.1), torch.full((6, 2), 0.95)
    loss = PrototypeContrastLoss()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(frames, student, teacher, prototypes)
    assert torch.equal(
        value, loss(frames.float(), student, teacher, prototypes)
    )


def test_without_anchors_the_loss_is_exactly_zero():
    frames = vectors(4, 5).requires_grad_()
    sure = torch.full((4, 2), 0.99, dtype=torch.float64)
    value = PrototypeContrastLoss()(frames, sure, sure, vectors(3, 2, 5))
    value.backward()
    assert value.item() == 0.0 and (frames.grad == 0).all()


def test_all_background_batch_pulls_to_the_background():
    frames = vectors(4, 5).requires_grad_()
    quiet = torch.zeros(4, 2, dtype=torch.float64)
    loud = torch.full((4, 2), 0.8, dtype=torch.float64)
    prototypes = vectors(3, 2, 5)
    terms = PrototypeContrastLoss().terms(frames, loud, quiet, prototypes)
    assert terms.n_anchors == 4
    terms.loss.backward()
    moved = normalize(frames.detach() - 0.01 * frames.grad, dim=-1)
    before = (frames @ prototypes[2].T).amax(1)
    after = (moved @ prototypes[2].T).amax(1)
    assert (after > before).all()


def test_inactive_prototypes_have_no_say():
    frames = vectors(6, 5)
    student = torch.full((6, 2), 0.1, dtype=torch.float64)
    teacher = torch.full((6, 2), 0.95, dtype=torch.float64)
    prototypes, active = vectors(3, 2, 5), torch.ones(3, 2, dtype=torch.bool)
    active[:, 1] = False
    loss = PrototypeContrastLoss()
    half = loss(frames, student, teacher, prototypes, active)
    alone = loss(frames, student, teacher, prototypes[:, :1])
    assert half.item() == pytest.approx(alone.item(), abs=1e-12)


def test_class_without_prototypes_is_left_out():
    frames = vectors(3, 5).requires_grad_()
    student = torch.full((3, 2), 0.1, dtype=torch.float64)
    teacher = torch.tensor([[0.95, 0.95]] * 2 + [[0.95, 0.0]]).double()
    active = torch.ones(3, 2, dtype=torch.bool)
    active[0] = False
    terms = PrototypeContrastLoss().terms(
        frames, student, teacher, vectors(3, 2, 5), active
    )
    # The third frame has no other class, so that nothing is known of it.
    assert terms.n_anchors == 2
    terms.loss.backward()
    assert torch.isfinite(frames.grad).all()
    assert (frames.grad[2] == 0).all()


def test_scores_and_prototypes_get_no_gradient():
    frames = vectors(3, 5).requires_grad_()
    student = torch.full((3, 2), 0.1).double().requires_grad_()
    teacher = torch.full((3, 2), 0.95).double().requires_grad_()
    prototypes = vectors(3, 2, 5).requires_grad_()
    PrototypeContrastLoss()(frames, student, teacher, prototypes).backward()
    assert frames.grad is not None
    assert student.grad is teacher.grad is prototypes.grad is None


def test_two_processes_mean_is_that_of_one():
    """Each has its own anchors and divides by the mean of both counts."""
    frames, prototypes = vectors(9, 5), vectors(3, 2, 5)
    student = torch.zeros(9, 2, dtype=torch.float64)
    teacher = torch.tensor([[0.95, 0.0], [0.6, 0.6], [0.95, 0.95]] * 3).double()
    loss = PrototypeContrastLoss()
    whole = loss.terms(frames, student, teacher, prototypes)
    shares = [
        loss.terms(
            frames[part],
            student[part],
            teacher[part],
            prototypes,
            pool_count=lambda own: whole.n_anchors / 2,
        ).loss
        for part in (slice(0, 2), slice(2, 9))
    ]
    oracles.assert_exact(sum(shares) / 2, whole.loss)


def test_temperature_is_checked():
    with pytest.raises(ValueError, match="temperature"):
        PrototypeContrastLoss(temperature=0.0)

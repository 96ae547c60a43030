import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

import oracles
from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
from strategies import score_tensors, seeds

LEVELS = (0.0, 0.05, 0.3, 0.5, 0.9, 0.95, 1.0)


def vectors(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(*shape, generator=generator, dtype=torch.float64)
    return normalize(values, dim=-1)


@settings(deadline=None, max_examples=80)
@given(
    st.integers(0, 8), st.integers(1, 4), st.integers(1, 3), seeds, st.data()
)
def test_loss_equals_the_loop_over_anchors(
    n_frames, n_classes, n_prototypes, seed, data
):
    shape = st.just(n_frames), st.just(n_classes)
    student = data.draw(score_tensors(*shape, levels=LEVELS))
    teacher = data.draw(score_tensors(*shape, levels=LEVELS))
    frames = vectors(n_frames, 5, seed=seed).requires_grad_()
    prototypes = vectors(n_classes + 1, n_prototypes, 5, seed=seed + 1)
    candidates = torch.rand(n_frames) < 0.7
    loss = PrototypeContrastLoss(0.1, 0.9, 0.5)
    terms = loss.terms(
        frames, student, teacher, prototypes, candidates=candidates
    )
    expected, n_anchors = oracles.contrast_loss(
        frames.detach(),
        student,
        teacher,
        prototypes,
        0.1,
        0.9,
        0.5,
        candidates.tolist(),
    )
    assert terms.loss.item() == pytest.approx(expected, abs=1e-10)
    assert terms.n_anchors.item() == n_anchors
    terms.loss.backward()
    assert torch.isfinite(frames.grad).all()
    assert n_anchors or (frames.grad == 0).all()


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


def test_temperature_is_checked():
    with pytest.raises(ValueError, match="temperature"):
        PrototypeContrastLoss(temperature=0.0)

"""The whole module, against slow pieces composed clip by clip."""

import pytest
import torch
from hypothesis import given, settings

import oracles
from lgc_plugin.types import LabelKind
from lgc_scenes import (
    DECAY,
    HIGH,
    MOMENTUM,
    RAMP_STEPS,
    WEIGHTS,
    build,
    exact_copy,
    move,
    run_fast,
    run_slow,
    scenes,
)
from strategies import random_tensor, seeds

# The same ones in every run: in float32, a score would now and then fall on
# the other side of a threshold by rounding alone.
SAME_SCENES = settings(derandomize=True)


@settings(SAME_SCENES, max_examples=100)
@given(scenes(), seeds)
def test_terms_and_gradients_equal_the_loops(scene, cut_seed):
    """L_MT, L_CLC, L_PGC, their sum, and what each parameter gets of it."""
    student, lgc = build(scene)
    slow_student = exact_copy(student, scene)
    terms, cut = run_fast(scene, student, lgc, cut_seed)
    expected = run_slow(scene, slow_student, lgc, cut)
    assert int(terms.n_anchors) == expected.n_anchors
    oracles.assert_exact(terms.total, expected.total)
    names = "mean_teacher", "cutmix", "contrast"
    for name, weight in zip(names, scene.weights, strict=True):
        # A weight of 0 skips the term: it is reported as 0.
        slow = getattr(expected, name) if weight > 0 else 0.0
        oracles.assert_exact(getattr(terms, name), slow)
    if expected.n_anchors == 0:
        assert terms.contrast == 0
    if not any(scene.weights):
        assert not terms.total.requires_grad
        return
    terms.total.backward()
    expected.total.backward()
    for fast, slow in zip(
        student.parameters(), slow_student.parameters(), strict=True
    ):
        if fast.grad is None:  # what no term reads
            assert slow.grad is None or (slow.grad == 0).all()
        else:
            oracles.assert_exact(fast.grad, slow.grad)


def labeled_frames(scene, teacher):
    """(N, D) embeddings and (N, C) labels of all frames but padding."""
    scores, _, embedding = oracles.of_each(
        exact_copy(teacher, scene),
        oracles.levels,
        oracles.exact(scene.features),
        scene.valid,
        scene.pooling,
    )
    frames, labels = [], []
    for clip, kind in enumerate(scene.kind.tolist()):
        for t in range(scores.shape[-1]):
            if scene.valid is not None and not scene.valid[clip, t]:
                continue
            frames.append(embedding[clip, t])
            labels.append(
                oracles.frame_labels(
                    clip,
                    t,
                    kind == LabelKind.STRONG,
                    scene.frame_labels,
                    scores,
                )
            )
    return torch.stack(frames).detach(), torch.tensor(labels).double()


@settings(SAME_SCENES, max_examples=30)
@given(scenes())
def test_teacher_and_prototypes_move_as_defined(scene):
    """Three steps: of one batch, of two, and one that was skipped."""
    scene = scene._replace(initialized=True, weights=WEIGHTS)
    student, lgc = build(scene, steps=0)
    states = []
    prototypes = oracles.exact(lgc.bank.prototypes)
    active = lgc.bank.active.clone()
    for step, batches in enumerate([1, 2, 1]):
        assert lgc.ramp == pytest.approx(
            oracles.ramp(len(states), RAMP_STEPS), abs=1e-12
        )
        frames, labels = [], []
        for number in range(batches):
            noise = random_tensor(*scene.features.shape, seed=number)
            features = scene.features * (10**noise).to(scene.features)
            batch = scene._replace(features=features)
            run_fast(batch, student, lgc)
            of_batch = labeled_frames(batch, lgc.teacher.network)
            frames.append(of_batch[0]), labels.append(of_batch[1])
        if step == 2:
            lgc.skip_step()
            continue
        prototypes, active = oracles.bank_update(
            prototypes,
            active,
            torch.cat(frames),
            torch.cat(labels),
            MOMENTUM,
            HIGH,
        )
        move(student, scene.seed + 10 * step)
        states.append(oracles.exact(as_vector(student)))
        lgc.update_teacher(student)
    oracles.assert_exact(lgc.bank.prototypes, prototypes)
    assert torch.equal(lgc.bank.active, active)
    teacher = as_vector(lgc.teacher.network)
    expected = [
        oracles.moving_average(list(of_parameter), DECAY)
        for of_parameter in torch.stack(states, dim=1).tolist()
    ]
    oracles.assert_exact(teacher, torch.tensor(expected, dtype=torch.float64))


def as_vector(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


@settings(SAME_SCENES, max_examples=30)
@given(scenes())
def test_prototypes_begin_with_the_frames_that_would_move_them(scene):
    """Few enough of a class, and it has one prototype for each.

    The training set is here one clip after another.
    """
    scene = scene._replace(initialized=False, n_prototypes=30)
    student, lgc = build(scene)
    clips = [slice(i, i + 1) for i in range(len(scene.kind))]
    lgc.init_prototypes(map(scene.batch.select, clips))
    frames, labels = labeled_frames(scene, lgc.teacher.network)
    for c in range(len(lgc.bank.prototypes)):
        expected = oracles.members(frames, labels, c, HIGH)
        assert int(lgc.bank.active[c].sum()) == len(expected)
        initialized = lgc.bank.prototypes[c][lgc.bank.active[c]]
        oracles.assert_same_set(initialized, expected)

"""The whole module at its edges: no anchors, padding, few frames; gradients."""

import pytest
import torch

import oracles
from lgc_plugin.lgc import LGC
from lgc_plugin.losses.sct import ShiftConsistency
from lgc_plugin.losses.supervised import supervised_losses
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.types import LabelKind
from lgc_scenes import (
    FRONT_END,
    HIGH,
    LOW,
    build,
    exact_copy,
    run_fast,
    run_slow,
    scene_of,
)
from oracles.lgc import taken_frames
from strategies import default_precision, random_tensor, unit_vectors


def make_all_anchors(lgc):
    """Every frame that may be an anchor is one."""
    lgc.contrast.pos_threshold, lgc.contrast.neg_threshold = -1.0, 2.0


def with_supervision(scene, student, lgc):
    """The whole loss of a training step, and its terms."""
    predictions = lgc.run(student, scene.batch)
    losses = supervised_losses(
        predictions.frame,
        predictions.clip,
        scene.frame_labels,
        scene.frame_labels.amax(-1),
        scene.kind,
        scene.valid,
    )
    terms = run_fast(scene, student, lgc)[0]
    return sum(losses) + terms.total, terms


def test_without_anchors_the_contrast_and_its_gradients_are_exactly_zero():
    """All clips strong: no frame may be an anchor, whatever the scores."""
    scene = scene_of([LabelKind.STRONG] * 3)
    student, lgc = build(scene)
    terms, _ = run_fast(scene, student, lgc)
    assert terms.n_anchors == 0 and terms.contrast == 0
    gradients = torch.autograd.grad(
        terms.contrast, student.parameters(), allow_unused=True
    )
    for gradient in gradients:
        assert gradient is None or (gradient == 0).all()
    assert (gradients[-1] == 0).all()  # the projection is still part of it


@pytest.mark.parametrize("kind", [LabelKind.WEAK, LabelKind.NONE])
def test_anchors_come_with_the_frames_of_clips_without_strong_labels(kind):
    """A strong clip has anchors, but only in what CutMix gave it."""
    scene = scene_of([LabelKind.STRONG, kind] * 2)
    student, lgc = build(scene)
    make_all_anchors(lgc)
    terms, cut = run_fast(scene, student, lgc)
    expected = sum(
        int(scene.kind[cut.partners[i] if 0 <= t - start < length else i])
        != LabelKind.STRONG
        for i, (start, length) in enumerate(
            zip(cut.starts, cut.lengths, strict=True)
        )
        for t in range(6)
    )
    assert terms.n_anchors == expected


def test_a_batch_of_background_moves_only_the_background():
    scene = scene_of([LabelKind.STRONG] * 2)
    scene = scene._replace(frame_labels=torch.zeros_like(scene.frame_labels))
    student, lgc = build(scene)
    lgc.bank.active.fill_(True)
    before = lgc.bank.prototypes.clone()
    run_fast(scene, student, lgc)
    lgc.update_teacher(student)
    changed = (lgc.bank.prototypes != before).any(dim=2).any(dim=1)
    assert changed.tolist() == [False, False, False, True]


def test_nothing_in_the_padding_matters():
    """No target, no anchor, no background frame, nothing in the range."""
    kind = [LabelKind.STRONG, LabelKind.WEAK, LabelKind.NONE]
    lengths = torch.tensor([[2], [3], [5]])
    scene = scene_of(kind, torch.arange(6) < lengths)
    results = []
    for noise in (0.0, 1e3):
        features, labels = scene.features.clone(), scene.frame_labels.clone()
        for clip, (length,) in enumerate(lengths.tolist()):
            features[clip, :, 2 * length :] *= noise
            labels[clip, :, length:] = noise > 0
        loud = scene._replace(features=features, frame_labels=labels)
        student, lgc = build(loud)
        lgc.terms = {"sct": ShiftConsistency(std=4.0)}
        make_all_anchors(lgc)
        predictions = lgc.run(student, loud.batch)
        loss = sum(
            supervised_losses(
                predictions.frame,
                predictions.clip,
                labels,
                scene.frame_labels[..., 0],
                scene.kind,
                scene.valid,
            )
        )
        terms, _ = run_fast(loud, student, lgc)
        (loss + terms.total).backward()
        gradients = [p.grad for p in student.parameters()]
        lgc.update_teacher(student)
        values = terms.scalars().values()
        results.append([*values, loss, *gradients, lgc.bank.prototypes])
    assert results[0][4] > 0  # anchors
    for silent, noisy in zip(*results, strict=True):
        assert torch.equal(silent, noisy)


def test_few_output_frames_are_cut_where_the_features_are():
    """15 mel frames over a pooling of 4 are 3 output frames, not of 5 each."""
    kind = [LabelKind.WEAK, LabelKind.NONE, LabelKind.NONE]
    scene = scene_of(kind, torch.tensor([[True, True, False]] * 3))
    features = 10 ** random_tensor(3, 3, 15, seed=0)
    scene = scene._replace(features=features, frame_labels=None, pooling=4)
    student, lgc = build(scene)
    terms, cut = run_fast(scene, student, lgc, cut_seed=1)
    assert any(taken_frames(cut, scene.valid))
    expected = run_slow(scene, exact_copy(student, scene), lgc, cut)
    oracles.assert_exact(terms.cutmix, expected.cutmix)


def crnn(scene):
    with default_precision(scene.features.dtype):
        student = CRNN(3, 3, (2, 2), ((2, 1), (1, 3)), rnn_size=3, rnn_layers=2)
        lgc = LGC(student, 3, FRONT_END, pos_threshold=HIGH, neg_threshold=LOW)
    return student, lgc


def test_every_student_parameter_learns_and_nothing_else_does():
    """Even if someone lets the teacher's parameters require gradients."""
    torch.manual_seed(0)
    kind = [LabelKind.STRONG, LabelKind.WEAK, LabelKind.NONE, LabelKind.NONE]
    scene = scene_of(kind)
    student, lgc = crnn(scene)
    lgc.bank.prototypes.copy_(unit_vectors(4, 3, 128, seed=0))
    lgc.bank.active.fill_(True)
    lgc.bank.initialized = True
    make_all_anchors(lgc)
    lgc.teacher.network.requires_grad_(True)
    lgc.bank.prototypes.requires_grad_(True)
    loss, terms = with_supervision(scene, student, lgc)
    assert terms.n_anchors > 0
    loss.backward()
    for name, parameter in student.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        # What batch normalization subtracts again has none but rounding.
        if not name.endswith("conv.bias"):
            assert parameter.grad.abs().sum() > 1e-9, name
    assert all(p.grad is None for p in lgc.teacher.parameters())
    assert lgc.bank.prototypes.grad is None

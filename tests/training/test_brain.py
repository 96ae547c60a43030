import math
from types import SimpleNamespace

import pytest
import torch

import split_batches
from lgc_plugin.augment import FrameShift, Mixup
from lgc_plugin.data.batch_loaders import collate_clips
from lgc_plugin.types import LabelKind
from split_batches import ENCODER

KINDS = (LabelKind.STRONG, LabelKind.WEAK, LabelKind.NONE)


def make_brain(augmentations=None, **options):
    brain = split_batches.make_brain(batch_norm=True, **options)
    brain.hparams.augmentations = augmentations or [Mixup()]
    brain.modules.lgc.rampup_steps = 4
    return brain


def make_batch(n_samples=16000):
    return collate_clips(
        [
            {
                "id": str(int(kind)),
                "wav": torch.randn(16000),
                "n_samples": n_samples,
                "frame_labels": ENCODER.encode([]),
                "clip_labels": ENCODER.encode_clip(["Cat"]),
                "label_kind": int(kind),
            }
            for kind in KINDS
        ]
    )


def fit(brain, batch):
    brain.step += 1
    return brain.fit_batch(batch)


def test_optimizer_holds_the_student_only():
    brain = make_brain()
    held = {id(p) for g in brain.optimizer.param_groups for p in g["params"]}
    assert held == {id(p) for p in brain.modules.model.parameters()}


def test_learning_rate_follows_the_ramp():
    brain = make_brain()
    seen = []
    for _ in range(6):
        fit(brain, make_batch())
        seen.append(brain.optimizer.param_groups[0]["lr"])
    expected = [
        0.01 * math.exp(-5 * (1 - min(n, 4) / 4) ** 2) for n in range(6)
    ]
    assert seen == pytest.approx(expected)


def test_teacher_steps_with_the_optimizer_under_accumulation():
    brain = make_brain(grad_accumulation_factor=2)
    steps = []
    for _ in range(4):
        fit(brain, make_batch())
        steps.append((brain.optimizer_step, brain.modules.lgc.step))
    assert steps == [(0, 0), (1, 1), (1, 1), (2, 2)]


def test_a_step_without_finite_gradients_moves_nothing():
    brain = make_brain()
    fit(brain, make_batch())
    before = [p.clone() for p in brain.modules.parameters()]
    batch = make_batch()
    batch.wavs[0, 0] = math.nan
    fit(brain, batch)
    for old, new in zip(before, brain.modules.parameters(), strict=True):
        assert torch.equal(old, new)
    assert brain.modules.lgc.step == brain.optimizer_step == 1


def test_patience_with_such_steps_ends():
    brain = make_brain(nonfinite_patience=2)
    batch = make_batch()
    batch.wavs[:] = math.nan
    fit(brain, batch)
    fit(brain, batch)
    with pytest.raises(ValueError, match="3 times"):
        fit(brain, batch)


@pytest.mark.parametrize(
    ("limit", "clipped"), [(1e-4, True), (0.0, False), (-1.0, False)]
)
def test_gradients_are_clipped_only_by_a_positive_norm(limit, clipped):
    brain = make_brain(max_grad_norm=limit)
    norms = []
    brain.optimizer.register_step_pre_hook(
        lambda optimizer, *_: norms.append(
            torch.nn.utils.get_total_norm(
                p.grad
                for p in optimizer.param_groups[0]["params"]
                if p.grad is not None
            ).item()
        )
    )
    fit(brain, make_batch())
    assert (norms[0] <= 1.001e-4) == clipped


def test_padding_is_masked_only_where_there_is_some():
    brain = make_brain()
    assert brain.prepare(make_batch()).valid is None
    clips = brain.prepare(make_batch(n_samples=8000))
    assert clips.valid.sum(1).tolist() == [4, 4, 4]


def test_debugging_reaches_the_prototypes():
    assert make_brain(debug=True).modules.lgc.contrast_start_epoch == 1


def test_nothing_to_test_is_an_error_when_only_testing(tmp_path):
    brain = make_brain()
    brain.checkpointer = SimpleNamespace(
        recover_if_possible=lambda **_: None, checkpoints_dir=tmp_path
    )
    brain.on_evaluate_start(max_key="x")
    brain.test_only = True
    with pytest.raises(FileNotFoundError, match="no checkpoint to test"):
        brain.on_evaluate_start(max_key="x")


def test_clips_are_augmented_in_training_only():
    """Then their labels and mask have moved along with them."""
    brain = make_brain([FrameShift(std=20.0), Mixup()])
    batch = make_batch(n_samples=8000)
    batch.frame_labels[:, :, :4] = 1
    plain = brain.prepare(batch)
    assert plain.valid[:, :4].all() and not plain.valid[:, 4:].any()
    shifted = brain.prepare(batch, augment=True)
    assert not torch.equal(shifted.valid, plain.valid)
    assert torch.equal(shifted.frame_labels[:, 0] > 0, shifted.valid)
    assert plain.n_unlabeled == shifted.n_unlabeled == 1

"""Training steps with an encoder in the loop, frozen or trained."""

import copy

import pytest
import torch

from host_reads import Readers
from lgc_plugin.augment import FrameShift, RandomVersions, TimeMask
from lgc_plugin.losses.ict import InterpolationConsistency
from lgc_plugin.losses.rct import RandomConsistency
from lgc_plugin.losses.sct import ShiftConsistency
from lgc_plugin.training.device_values import AsyncScalar
from split_batches import (
    ENCODER,
    fit,
    give_prototypes,
    make_brain,
    make_items,
    means_of,
    state_of,
)
from tiny_encoder import LayeredEncoder


def whole_batch(step, padding=False):
    return [i for half in (0, 1) for i in make_items(step, half, padding)]


def loop_brain(trained=0, encoder=None, **options):
    return make_brain(
        thresholds=(0.4, 0.9),
        frame_encoder=encoder or LayeredEncoder(),
        in_loop={"trainable_layers": trained},
        **options,
    )


@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("trained", [0, 2])
def test_a_step_reads_nothing_on_the_host(monkeypatch, padding, trained):
    brain = loop_brain(trained)
    give_prototypes(brain)
    terms = {"ict": InterpolationConsistency(), "sct": ShiftConsistency()}
    brain.modules.lgc.terms = terms
    steps = [FrameShift(20.0), TimeMask(ratio=(0.2, 0.4))]
    brain.hparams.augmentations = steps + brain.hparams.augmentations
    monkeypatch.setattr(AsyncScalar, "offer", lambda self, value: self.value)
    items = whole_batch(0, padding)
    with Readers() as readers:
        fit(brain, items)
    assert readers.seen == []
    means = means_of(brain)
    assert means["ict"] > 0 and means["sct"] > 0 and means["n_anchors"] > 0


@pytest.mark.parametrize("padding", [False, True])
def test_frozen_without_augmentation_it_is_embeddings_made_before(padding):
    """Each pass of the whole training is one over clips as they are."""
    states = []
    for in_loop in (None, {}):
        brain = make_brain(frame_encoder=LayeredEncoder(), in_loop=in_loop)
        brain.modules.lgc.cutmix_weight = brain.modules.lgc.contrast_weight = 0
        brain.hparams.augmentations = []
        for step in range(4):
            fit(brain, whole_batch(step, padding))
        states.append(state_of(brain))
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        assert torch.equal(states[1][name], value), name


@pytest.mark.parametrize("trained, passes", [(0, 2), (1, 3)])
def test_a_frozen_encoder_runs_once_for_student_and_teacher(trained, passes):
    encoder = LayeredEncoder()
    brain = loop_brain(trained, encoder)
    runs = []
    teachers = brain.modules.lgc.teacher.network.encoder.whole
    for each in {encoder, teachers}:
        each.register_forward_pre_hook(lambda *_: runs.append(1))
    fit(brain, whole_batch(0))
    assert len(runs) == passes


def test_versions_of_a_batch_are_made_before_the_encoder():
    encoder = LayeredEncoder()
    brain = loop_brain(0, encoder)
    brain.modules.lgc.terms = {"rct": RandomConsistency()}
    brain.hparams.augmentations = []
    brain.hparams.wav_augmentations = [
        RandomVersions(frame_samples=ENCODER.frame_samples)
    ]
    given_wavs = []
    encoder.register_forward_pre_hook(
        lambda _, given: given_wavs.append(given[0])
    )
    fit(brain, whole_batch(1, padding=True))
    assert [len(wavs) for wavs in given_wavs] == [30, 10]
    assert not torch.equal(given_wavs[0][20:], given_wavs[0][:10])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_trained_layers_learn_and_the_teacher_averages_them(precision):
    encoder = LayeredEncoder()
    brain = loop_brain(1, encoder, precision=precision)
    before = copy.deepcopy(encoder)
    average = copy.deepcopy(encoder.blocks[1])
    for step in range(5):
        fit(brain, whole_batch(step))
        rate = max(1 / (step + 1), 0.1)
        for mine, theirs in zip(
            average.parameters(), encoder.blocks[1].parameters(), strict=True
        ):
            mine.data = rate * theirs.data + (1 - rate) * mine.data
    teacher = brain.modules.lgc.teacher.network.encoder.whole
    for name, old in before.named_parameters():
        new, of_teacher = (
            encoder.get_parameter(name),
            teacher.get_parameter(name),
        )
        assert new.dtype == of_teacher.dtype == torch.float32
        if name.startswith("blocks.1"):
            expected = average.get_parameter(name.removeprefix("blocks.1."))
            torch.testing.assert_close(of_teacher, expected)
            assert not torch.equal(new, old)
        else:
            assert torch.equal(new, old) and of_teacher is new, name


def test_a_skipped_step_moves_nothing():
    encoder = LayeredEncoder()
    brain = loop_brain(2, encoder)
    fit(brain, whole_batch(0))
    before = state_of(brain)
    items = whole_batch(1)
    items[0]["wav"] = items[0]["wav"] * torch.nan
    fit(brain, items)
    assert not brain.step_taken
    for name, value in state_of(brain).items():
        assert torch.equal(value, before[name]), name

"""Training steps with augmentations and further terms at work."""

import pytest
import torch

from host_reads import Readers
from lgc_plugin.augment import (
    AddNoise,
    FilterAugment,
    FrameShift,
    FrequencyWarp,
    RandomVersions,
    TimeMask,
)
from lgc_plugin.augment.mixup import MixupPlan
from lgc_plugin.data.batch_loaders import collate_clips
from lgc_plugin.losses import ict as interpolation
from lgc_plugin.losses.ict import InterpolationConsistency
from lgc_plugin.losses.rct import RandomConsistency
from lgc_plugin.losses.sct import ShiftConsistency
from lgc_plugin.training.device_values import AsyncScalar
from split_batches import (
    ENCODER,
    SplitDraws,
    fit,
    give_prototypes,
    make_brain,
    make_items,
    means_of,
    state_of,
)


def whole_batch(step, padding=False):
    return [i for half in (0, 1) for i in make_items(step, half, padding)]


def switch_on(brain, std=20.0):
    brain.modules.lgc.terms = {
        "ict": InterpolationConsistency(),
        "sct": ShiftConsistency(std=std),
    }


@pytest.mark.parametrize("padding", [False, True])
def test_with_everything_on_a_step_reads_nothing_more(monkeypatch, padding):
    brain = make_brain(thresholds=(0.4, 0.9), batch_norm=True)
    give_prototypes(brain)
    switch_on(brain)
    steps = [FrameShift(20.0), TimeMask(ratio=(0.2, 0.4))]
    brain.hparams.augmentations = steps + brain.hparams.augmentations
    brain.modules.lgc._augment = [
        FrequencyWarp((0.6, 1.0)),
        FilterAugment("step", n_mels=8, min_bandwidth=2),
        AddNoise((20.0, 40.0)),
    ]
    # On a CPU the values are read at once, which costs nothing there.
    monkeypatch.setattr(AsyncScalar, "offer", lambda self, value: self.value)
    items = whole_batch(0, padding)
    with Readers() as readers:
        fit(brain, items)
    assert readers.seen == []
    means = means_of(brain)
    assert brain.modules.lgc.step == 1
    assert means["ict"] > 0 and means["sct"] > 0 and means["n_anchors"] > 0


def with_versions(**options):
    """A brain of which random consistency is part."""
    brain = make_brain(thresholds=(0.4, 0.9), batch_norm=True)
    brain.modules.lgc.terms = {"rct": RandomConsistency()}
    brain.hparams.augmentations = []
    brain.hparams.wav_augmentations = [
        RandomVersions(frame_samples=ENCODER.frame_samples, **options)
    ]
    return brain


@pytest.mark.parametrize("padding", [False, True])
def test_of_three_versions_sound_and_labels_agree(padding):
    brain = with_versions(changes=["time_shift"])
    batch = collate_clips(whole_batch(0, padding))
    plain, clips = brain.prepare(batch), brain.prepare(batch, augment=True)
    assert len(clips) == len(clips.features) == len(clips.frame_labels) == 30
    assert clips.n_unlabeled == plain.n_unlabeled == 4
    for name in ("frame_labels", "clip_labels", "label_kind"):
        assert torch.equal(getattr(clips, name)[:10], getattr(plain, name))
    # Some processors round otherwise where a batch has another size.
    torch.testing.assert_close(clips.features[:10], plain.features)
    plan, pooling = clips.plan.change.roll, ENCODER.pooling
    assert plan.frames.any()
    for clip, (frames, circle) in enumerate(zip(*plan, strict=True)):
        steps = [(t - frames) % circle for t in range(int(circle))]
        assert torch.equal(
            clips.frame_labels[20 + clip][:, : len(steps)],
            plain.frame_labels[clip][:, steps],
        )
        # Mel frames turn along, but for those whose window meets an end of
        # the clip, before or after.
        end = int(circle) * pooling
        rolled = [(m, (m + int(frames) * pooling) % end) for m in range(end)]
        inner = [
            pair for pair in rolled if all(2 <= m <= end - 2 for m in pair)
        ]
        before, after = map(list, zip(*inner, strict=True))
        torch.testing.assert_close(
            clips.features[20 + clip][:, after], plain.features[clip][:, before]
        )
    members, active = clips.plan.mixture
    assert (active.sum(dim=0) > 1).sum() >= 4
    for clip in range(10):
        among = members[:, clip][active[:, clip]]
        assert (plain.label_kind[among] == plain.label_kind[clip]).all()
        expected = plain.clip_labels[among].amax(dim=0)
        assert torch.equal(clips.clip_labels[10 + clip], expected)
        if padding:
            sound = plain.valid[among].any(dim=0)
            assert torch.equal(clips.valid[10 + clip], sound)
    assert (clips.valid is not None) == padding


@pytest.mark.parametrize("padding", [False, True])
def test_versions_are_drawn_on_the_host_before_the_clips_move(
    monkeypatch, padding
):
    """What is read is drawn there, of the kinds there."""
    brain = with_versions()
    give_prototypes(brain)
    monkeypatch.setattr(AsyncScalar, "offer", lambda self, value: self.value)
    items = whole_batch(0, padding)
    with Readers() as readers:
        fit(brain, items)
    assert set(readers.seen) <= {"below"}
    means = means_of(brain)
    assert brain.modules.lgc.step == 1
    assert means["rct"] > 0 and means["n_anchors"] > 0


def test_versions_are_made_in_training_only():
    clips = with_versions().prepare(collate_clips(whole_batch(0)))
    assert len(clips.features) == 10
    assert (clips.n_versions, clips.plan) == (1, None)


def test_two_accumulated_halves_are_one_batch(monkeypatch):
    """Of the further terms too; unlabeled clips are mixed in pairs."""

    def in_pairs(kind, *_, **__):
        order = torch.arange(len(kind)).view(-1, 2).flip(1).flatten()
        return MixupPlan(order, torch.full((len(kind),), 0.3))

    monkeypatch.setattr(interpolation, "draw_mixup", in_pairs)
    split = SplitDraws(alike=True)
    split.install(monkeypatch.setattr)
    brains = [make_brain(grad_accumulation_factor=n) for n in (1, 2)]
    untaught = make_brain()
    for brain in (*brains, untaught):
        brain.modules.lgc.rampup_steps = 1
    for brain in brains:
        switch_on(brain, std=0.0)
        for split.step in range(5):
            if brain.grad_accumulation_factor == 1:
                split.halves = [0, 1]
                fit(brain, whole_batch(split.step))
                continue
            for half in (0, 1):
                split.halves = [half]
                fit(brain, make_items(split.step, half, False))
    assert [b.modules.lgc.step for b in brains] == [5, 5]
    whole, halves = map(state_of, brains)
    for name, value in whole.items():
        # Adam makes much of the rounding of a gradient near 0, which differs
        # between processors.
        torch.testing.assert_close(
            halves[name], value, atol=1e-4, rtol=0, msg=name
        )
    split.halves = [0, 1]
    for split.step in range(5):
        fit(untaught, whole_batch(split.step))
    moved = [
        (whole[n] - v).abs().max()
        for n, v in state_of(untaught).items()
        if v.is_floating_point()
    ]
    assert max(moved) > 1e-3  # the terms were at work

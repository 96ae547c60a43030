"""Training steps with augmentations and further terms at work."""

import pytest
import torch
from speechbrain.dataio.batch import PaddedBatch

from host_reads import Readers
from lgc_plugin.augment.labeled import LabeledAugmentation
from lgc_plugin.augment.mixup import MixupPlan
from lgc_plugin.augment.views import Views
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
    """From its device: still only the lengths of the clips."""
    brain = make_brain(thresholds=(0.4, 0.9), batch_norm=True)
    give_prototypes(brain)
    switch_on(brain)
    brain.hparams.augment_clips = LabeledAugmentation(20.0, True, (0.2, 0.4))
    brain.modules.lgc._augment = Views(
        8,
        filter_augment="step",
        filter_min_bandwidth=2,
        frequency_warp=(0.6, 1.0),
        noise_snr=(20.0, 40.0),
    )
    # On a CPU the values are read at once, which costs nothing there.
    monkeypatch.setattr(AsyncScalar, "offer", lambda self, value: self.value)
    items = whole_batch(0, padding)
    with Readers() as readers:
        fit(brain, items)
    assert readers.seen == ["clips_on_device"]
    means = brain._means.read()
    assert brain.modules.lgc.step == 1
    assert means["ict"] > 0 and means["sct"] > 0 and means["n_anchors"] > 0


def with_versions(**options):
    """A brain of which random consistency is part."""
    brain = make_brain(thresholds=(0.4, 0.9), batch_norm=True)
    random = RandomConsistency(**options)
    brain.modules.lgc.terms = {"rct": random}
    brain.hparams.mixup_probability = 0.0
    brain.hparams.rct = random
    brain._random = brain._random_consistency()
    return brain


@pytest.mark.parametrize("padding", [False, True])
def test_of_three_versions_sound_and_labels_agree(padding):
    brain = with_versions(changes=["time_shift"])
    batch = PaddedBatch(whole_batch(0, padding))
    plain = brain.prepare(batch, mix=False)
    clips = brain.prepare(PaddedBatch(whole_batch(0, padding)), mix=True)
    assert len(clips.mels) == len(clips.frame_labels) == 30
    assert clips.n_unlabeled == plain.n_unlabeled == 4
    for name in ("frame_labels", "clip_labels", "label_kind"):
        assert torch.equal(getattr(clips, name)[:10], getattr(plain, name))
    # Some processors round otherwise where a batch has another size.
    torch.testing.assert_close(clips.mels[:10], plain.mels)
    plan, pooling = clips.versions.change.roll, ENCODER.pooling
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
        turned = [(m, (m + int(frames) * pooling) % end) for m in range(end)]
        inner = [
            pair for pair in turned if all(2 <= m <= end - 2 for m in pair)
        ]
        before, after = map(list, zip(*inner, strict=True))
        torch.testing.assert_close(
            clips.mels[20 + clip][:, after], plain.mels[clip][:, before]
        )
    members, active = clips.versions.mixture
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
    """What is read is drawn there, or of the lengths and kinds there."""
    brain = with_versions()
    give_prototypes(brain)
    monkeypatch.setattr(AsyncScalar, "offer", lambda self, value: self.value)
    items = whole_batch(0, padding)
    with Readers() as readers:
        fit(brain, items)
    assert set(readers.seen) <= {"clips_on_device", "below"}
    means = brain._means.read()
    assert brain.modules.lgc.step == 1
    assert means["rct"] > 0 and means["n_anchors"] > 0


def test_versions_that_are_off_change_nothing():
    """Not even what is drawn; validation hears clips as they are."""
    brain = with_versions(weight=0.0)
    assert brain._random is None
    active = with_versions()
    clips = active.prepare(PaddedBatch(whole_batch(0)), mix=False)
    assert len(clips.mels) == 10 and clips.versions is None


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
    assert max(moved) > 1e-3  # the terms have had their say

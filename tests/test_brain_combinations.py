"""Training steps with augmentations and further terms at work."""

import pytest
import torch

from lgc_plugin.augment.labelled import LabelledAugmentation
from lgc_plugin.augment.mixup import MixupPlan
from lgc_plugin.augment.views import Views
from lgc_plugin.device_values import LaggingValue
from lgc_plugin.terms import interpolation
from lgc_plugin.terms.interpolation import InterpolationConsistency
from lgc_plugin.terms.shift import ShiftConsistency
from split_batches import (
    SplitDraws,
    fit,
    give_prototypes,
    make_brain,
    make_items,
    state_of,
)
from test_device_brain import Readers


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
    brain.hparams.augment_clips = LabelledAugmentation(20.0, True, (0.2, 0.4))
    brain.modules.lgc._augment = Views(
        8,
        filter_augment="step",
        filter_min_bandwidth=2,
        frequency_warp=(0.6, 1.0),
        noise_snr=(20.0, 40.0),
    )
    # On a CPU the values are read at once, which costs nothing there.
    monkeypatch.setattr(LaggingValue, "offer", lambda self, value: self.value)
    items = whole_batch(0, padding)
    with Readers() as readers:
        fit(brain, items)
    assert readers.seen == ["clips_on_device"]
    means = brain._means.read()
    assert brain.modules.lgc.step == 1
    assert means["ict"] > 0 and means["sct"] > 0 and means["n_anchors"] > 0


def test_two_accumulated_halves_are_one_batch(monkeypatch):
    """Of the further terms too; unlabelled clips are mixed in pairs."""

    def in_pairs(kind, *_, **__):
        order = torch.arange(len(kind)).view(-1, 2).flip(1).flatten()
        return MixupPlan(order, torch.full((len(kind),), 0.3))

    monkeypatch.setattr(interpolation, "draw_mixup", in_pairs)
    split = SplitDraws(alike=True)
    split.install(monkeypatch.setattr)
    brains = [make_brain(grad_accumulation_factor=n) for n in (1, 2)]
    untaught = make_brain()
    for brain in (*brains, untaught):
        brain.modules.lgc.ramp_steps = 1
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
        torch.testing.assert_close(
            halves[name], value, atol=1e-5, rtol=0, msg=name
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

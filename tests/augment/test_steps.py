"""Augmentations as steps of a batch: frame shift, time mask, mixup, views."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
from lgc_plugin.augment import (
    AddNoise,
    FilterAugment,
    FrameShift,
    FrequencyWarp,
    Mixup,
    TimeMask,
)
from lgc_plugin.augment.filter_augment import draw_filter
from lgc_plugin.augment.frequency_warp import draw_frequency_warp
from lgc_plugin.augment.mixup import draw_mixup
from lgc_plugin.augment.noise import draw_noise
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import LabelKind, SEDBatch
from lgc_plugin.utils.time_axis import frame_mask, upsample_mask
from oracles import augmentations
from strategies import random_tensor, seeds

KIND = torch.tensor([LabelKind.STRONG, LabelKind.WEAK, LabelKind.NONE] * 4)
POOLING, MELS, STEPS = 4, 40, 20
VIEWS = {
    "warp": FrequencyWarp((0.6, 1.0)),
    "filter": FilterAugment("linear", n_mels=MELS),
    "noise": AddNoise((0.0, 10.0)),
}
OFF = [
    FrameShift(0.0),
    TimeMask(False),
    Mixup(probability=0.0),
    FrequencyWarp(None),
    FilterAugment(None),
    AddNoise(None),
]


def batch_of(features, labels, valid=None):
    return SEDBatch(KIND, features, labels, valid=valid, time_pooling=POOLING)


def lengths_of(length):
    """The mask of a batch in which every second clip has this length."""
    lengths = torch.full((len(KIND),), 50)
    lengths[::2] = length
    return frame_mask(lengths, 50)


def audible_labels(seed=0, valid=None):
    """Two classes, and mels that are loud where, and as, their labels are."""
    generator = torch.Generator().manual_seed(seed)
    shape = len(KIND), 2, 50
    labels = torch.randint(0, 2, shape, generator=generator).float()
    if valid is not None:
        labels[~valid.unsqueeze(1).expand_as(labels)] = 0
    return batch_of(labels.repeat_interleave(POOLING, dim=-1), labels, valid)


@settings(deadline=None, max_examples=30)
@given(seeds, st.booleans(), st.integers(1, 50))
def test_with_padding_sounds_labels_and_mask_stay_together(seed, mask, length):
    valid = lengths_of(length)
    torch.manual_seed(seed)
    changed = FrameShift(std=90.0)(audible_labels(seed, valid))
    changed = TimeMask(mask, fill="zero")(changed)
    labels = changed.frame_labels
    expected = labels.repeat_interleave(POOLING, dim=-1)
    assert torch.equal(changed.features, expected)
    assert torch.equal(changed.valid.sum(1), valid.sum(1))
    silent = ~changed.valid.unsqueeze(1).expand_as(labels)
    assert (labels[silent] == 0).all()
    if length < 50:
        assert not torch.equal(changed.valid, valid)


def test_without_padding_shifts_are_single_mel_frames():
    """As published: sounds run ahead of labels by less than a frame."""
    step = torch.zeros(len(KIND), 1, 200)
    step[..., 100] = 1
    labels = torch.zeros(len(KIND), 1, 50)
    labels[..., 25] = 1
    torch.manual_seed(0)
    changed = FrameShift(std=10.0)(batch_of(step, labels))
    places = changed.frame_labels.argmax(-1)
    ahead = changed.features.argmax(-1) - POOLING * places
    assert changed.valid is None
    assert ahead.abs().max() < POOLING and ahead.unique().numel() > 2


def test_only_strong_clips_fall_silent():
    mels, labels = torch.ones(len(KIND), 3, 200), torch.ones(len(KIND), 2, 50)
    changed = TimeMask(ratio=(0.2, 0.4))(batch_of(mels, labels))
    silence = (changed.frame_labels[:, 0] == 0).sum(1)
    strong = KIND == LabelKind.STRONG
    assert (silence[~strong] == 0).all()
    assert (silence[strong] >= 10).all() and (silence[strong] <= 20).all()
    assert silence[strong].unique().numel() > 1


@settings(deadline=None, max_examples=30)
@given(seeds, st.one_of(st.none(), st.integers(20, 50)))
def test_a_masked_clip_is_unchanged_outside_its_mask(seed, length):
    """Levels scaled per clip: 0 in the mask, elsewhere what they were."""
    mels = random_tensor(len(KIND), 3, 203, seed=seed).abs().float() + 0.1
    mels[:, 0, ::7] = 9.0  # the loudest, also outside of any mask
    labels, valid, steps = torch.ones(len(KIND), 2, 50), None, None
    if length is not None:
        valid = lengths_of(length)
        steps = upsample_mask(valid, 203, POOLING)
        mels = mels * steps.unsqueeze(1)  # padding is silent
    torch.manual_seed(seed)
    changed = TimeMask()(batch_of(mels, labels, valid))
    inside = changed.frame_labels[:, :1] == 0
    inside = upsample_mask(inside[:, 0], 203, POOLING)
    inside[:, 200:] = False  # no label stands for these
    # The quietest step may have been in the mask; as quiet as it is the mask.
    levels = LogMel(n_mels=3).normalize
    torch.testing.assert_close(
        levels(changed.features, steps),
        levels(mels, steps).masked_fill(inside.unsqueeze(1), 0),
    )


def test_zeros_as_published_press_levels_together():
    mels, labels = torch.rand(len(KIND), 3, 200) + 1, torch.ones(12, 2, 50)
    changed = TimeMask(fill="zero")(batch_of(mels, labels))
    inside = changed.frame_labels[:, :1].repeat_interleave(POOLING, -1) == 0
    assert inside.any()
    assert torch.equal(changed.features, mels.masked_fill(inside, 0))


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_mixup_mixes_features_and_labels_by_one_plan(seed):
    batch = audible_labels(seed)
    torch.manual_seed(seed)
    mixed = Mixup(alpha=0.7, probability=1.0)(batch)
    torch.manual_seed(seed)
    plan = draw_mixup(KIND, 0.7, 1.0)
    numbers = plan.weight.tolist(), plan.permutation.tolist()
    for name in ("features", "frame_labels"):
        expected = oracles.mixup(getattr(batch, name), *numbers)
        oracles.assert_exact(getattr(mixed, name), expected)
    assert not torch.equal(mixed.features, batch.features)


def test_what_is_off_draws_nothing_and_changes_nothing():
    batch, before = audible_labels(), torch.get_rng_state()
    assert all(step(batch) is batch for step in OFF)
    FrameShift(90.0), TimeMask(), Mixup()  # neither does making one
    FilterAugment(), FrequencyWarp(), AddNoise()
    assert torch.equal(torch.get_rng_state(), before)


def magnitudes():
    """Three clips of other lengths, without pooling."""
    mels = random_tensor(3, MELS, STEPS, seed=0).abs() + 0.1
    valid = frame_mask(torch.tensor([STEPS, 12, 5]), STEPS)
    return SEDBatch(KIND[:3], mels, valid=valid, time_pooling=1)


@pytest.mark.parametrize("on", [*([x] for x in VIEWS), [*VIEWS]], ids="+".join)
def test_views_are_the_draws_applied_number_by_number(on):
    batch = view = magnitudes()
    torch.manual_seed(3)
    for name in on:
        view = VIEWS[name](view)
    torch.manual_seed(3)
    expected = batch.features
    if "warp" in on:
        start, height = draw_frequency_warp(3, MELS)
        expected = augmentations.frequency_warp(
            expected, start.tolist(), height.tolist()
        )
    if "filter" in on:
        plan = draw_filter(3, MELS)
        expected = augmentations.filtered(expected, plan.decibels)
    if "noise" in on:
        noise, snr = draw_noise((3, MELS, STEPS), (0.0, 10.0))
        expected = augmentations.noisy(
            expected, noise.double(), snr.tolist(), [STEPS, 12, 5]
        ).abs()
    assert not torch.equal(view.features, batch.features)
    torch.testing.assert_close(view.features, expected, rtol=1e-5, atol=1e-6)
    assert torch.equal(view.valid, batch.valid)


@pytest.mark.parametrize("name", VIEWS)
def test_every_call_is_another_view(name):
    first, second = (VIEWS[name](magnitudes()).features for _ in range(2))
    assert not torch.equal(first, second)


@pytest.mark.parametrize(
    ("step", "options", "message"),
    [
        (FrameShift, {"std": -1.0}, "std"),
        (TimeMask, {"ratio": (0.5, 1.5)}, "ratio_range"),
        (TimeMask, {"fill": "noise"}, "time_mask_fill"),
        (FilterAugment, {"kind": "square"}, "linear or step"),
        (FilterAugment, {"n_bands": (5, 3)}, "rise"),
        (FilterAugment, {"n_mels": MELS, "min_bandwidth": 9}, "do not fit"),
        (FrequencyWarp, {"ratio": (0.6, 1.2)}, "height_range"),
        (AddNoise, {"snr": (30.0, 20.0)}, "snr_range"),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(step, options, message):
    with pytest.raises(ValueError, match=message):
        step(**options)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.frame_shift import FrameShiftPlan, frame_shift
from lgc_plugin.augment.labeled import LabeledAugmentation, shift_with_mask
from lgc_plugin.models.features import LogMel
from lgc_plugin.models.valid_frames import upsample_mask
from lgc_plugin.types import LabelKind
from strategies import random_tensor, seeds

KIND = torch.tensor([LabelKind.STRONG, LabelKind.WEAK, LabelKind.NONE] * 4)
POOLING = 4


def sounding_labels(seed=0, n_frames=50):
    """Two classes, and mels that sound where, and what, their labels say."""
    generator = torch.Generator().manual_seed(seed)
    shape = len(KIND), 2, n_frames
    labels = torch.randint(0, 2, shape, generator=generator).float()
    return labels.repeat_interleave(POOLING, dim=-1), labels


@settings(deadline=None, max_examples=30)
@given(seeds, st.booleans(), st.integers(1, 50))
def test_with_padding_sounds_labels_and_mask_stay_together(seed, mask, length):
    mels, labels = sounding_labels(seed)
    valid = torch.ones(len(KIND), 50, dtype=torch.bool)
    valid[::2, length:] = False
    labels[~valid.unsqueeze(1).expand_as(labels)] = 0
    mels = mels * labels.repeat_interleave(POOLING, dim=-1)
    augment = LabeledAugmentation(
        frame_shift_std=90.0, time_mask=mask, time_mask_fill="zero"
    )
    torch.manual_seed(seed)
    changed = augment(mels, labels, KIND, POOLING, valid)
    expected = changed.frame_labels.repeat_interleave(POOLING, dim=-1)
    assert torch.equal(changed.mels, expected)
    assert torch.equal(changed.valid.sum(1), valid.sum(1))
    silent = ~changed.valid.unsqueeze(1).expand_as(labels)
    assert (changed.frame_labels[silent] == 0).all()
    if length < 50:
        assert not torch.equal(changed.valid, valid)


def test_without_padding_shifts_are_single_mel_frames():
    """As published: sounds run ahead of labels by less than a frame."""
    step = torch.zeros(len(KIND), 1, 200)
    step[..., 100] = 1
    labels = torch.zeros(len(KIND), 1, 50)
    labels[..., 25] = 1
    torch.manual_seed(0)
    augment = LabeledAugmentation(frame_shift_std=10.0)
    changed = augment(step, labels, KIND, POOLING)
    ahead = changed.mels.argmax(-1) - POOLING * changed.frame_labels.argmax(-1)
    assert changed.valid is None
    assert ahead.abs().max() < POOLING and ahead.unique().numel() > 2


def test_only_strong_clips_fall_silent():
    mels, labels = torch.ones(len(KIND), 3, 200), torch.ones(len(KIND), 2, 50)
    augment = LabeledAugmentation(time_mask=True, time_mask_ratio=(0.2, 0.4))
    changed = augment(mels, labels, KIND, POOLING)
    silence = (changed.frame_labels[:, 0] == 0).sum(1)
    strong = KIND == LabelKind.STRONG
    assert (silence[~strong] == 0).all()
    assert (silence[strong] >= 10).all() and (silence[strong] <= 20).all()
    assert silence[strong].unique().numel() > 1


@settings(deadline=None, max_examples=30)
@given(seeds, st.one_of(st.none(), st.integers(20, 50)))
def test_a_masked_clip_sounds_as_before_where_it_still_sounds(seed, length):
    """Levels scaled per clip: 0 in the mask, elsewhere what they were."""
    mels = random_tensor(len(KIND), 3, 203, seed=seed).abs().float() + 0.1
    mels[:, 0, ::7] = 9.0  # the loudest, also outside of any mask
    labels, valid, steps = torch.ones(len(KIND), 2, 50), None, None
    if length is not None:
        valid = torch.ones(len(KIND), 50, dtype=torch.bool)
        valid[::2, length:] = False
        steps = upsample_mask(valid, 203, POOLING)
        mels = mels * steps.unsqueeze(1)  # padding is silent
    augment = LabeledAugmentation(time_mask=True)
    torch.manual_seed(seed)
    changed = augment(mels, labels, KIND, POOLING, valid)
    inside = changed.frame_labels[:, :1] == 0
    inside = upsample_mask(inside[:, 0], 203, POOLING)
    inside[:, 200:] = False  # no label stands for these
    # The quietest step may have been in the mask; as quiet as it is the mask.
    levels = LogMel(n_mels=3).normalize
    torch.testing.assert_close(
        levels(changed.mels, steps),
        levels(mels, steps).masked_fill(inside.unsqueeze(1), 0),
    )


def test_zeros_as_published_press_levels_together():
    mels, labels = torch.rand(len(KIND), 3, 200) + 1, torch.ones(12, 2, 50)
    augment = LabeledAugmentation(time_mask=True, time_mask_fill="zero")
    changed = augment(mels, labels, KIND, POOLING)
    inside = changed.frame_labels[:, :1].repeat_interleave(POOLING, -1) == 0
    assert inside.any()
    assert torch.equal(changed.mels, mels.masked_fill(inside, 0))


def test_what_is_off_draws_nothing_and_changes_nothing():
    mels, labels = sounding_labels()
    before = torch.get_rng_state()
    changed = LabeledAugmentation()(mels, labels, KIND, POOLING)
    assert changed.mels is mels and changed.frame_labels is labels
    LabeledAugmentation(90.0, time_mask=True)  # neither does making one
    assert torch.equal(torch.get_rng_state(), before)


def test_no_step_behind_the_circle_becomes_a_sound_of_its_own():
    """The range of levels over the valid steps is what it was."""
    features = random_tensor(3, 2, 15, seed=0).abs() + 1
    valid = torch.arange(3) < torch.tensor([[3], [2], [1]])
    features[1, :, 8:] = 0
    features[2, :, 4:] = 0
    for frames in range(-3, 4):
        plan = FrameShiftPlan(
            torch.full((3,), frames), torch.zeros(3, dtype=torch.long)
        )
        moved, mask = shift_with_mask(features, plan, 4, valid)
        assert torch.equal(
            moved[..., :12], frame_shift(features, plan, 4)[..., :12]
        )
        for clip in range(3):
            heard = moved[clip][:, upsample_mask(mask, 15, 4)[clip]]
            before = features[clip][:, upsample_mask(valid, 15, 4)[clip]]
            assert heard.min() == before.min() and heard.max() == before.max()


@pytest.mark.parametrize(
    "options",
    [
        {"frame_shift_std": -1.0},
        {"time_mask_ratio": (0.5, 1.5)},
        {"time_mask_fill": "noise"},
    ],
)
def test_numbers_that_cannot_be_right_are_refused(options):
    with pytest.raises(ValueError):
        LabeledAugmentation(**options)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.frequency_warp import (
    FrequencyWarpPlan,
    draw_frequency_warp,
    frequency_warp,
)
from oracles import assert_exact, augmentations
from strategies import precisions, random_tensor, seeds


@settings(max_examples=60)
@given(
    st.integers(1, 5),
    st.integers(1, 40),
    st.integers(1, 4),
    st.sampled_from([(0.6, 1.0), (0.01, 1.0), (1.0, 1.0), (0.3, 0.3)]),
    precisions,
    seeds,
)
def test_crops_are_stretched_as_by_resizing(
    clips, n_mels, frames, height_range, dtype, seed
):
    generator = torch.Generator().manual_seed(seed)
    plan = draw_frequency_warp(clips, n_mels, height_range, generator=generator)
    low, high = height_range
    assert (plan.height >= max(int(low * n_mels), 1)).all()
    assert (plan.height <= max(high * n_mels, 1)).all()
    assert (plan.start >= 0).all()
    assert (plan.start + plan.height <= n_mels).all()
    mels = random_tensor(clips, n_mels, frames, seed=seed).to(dtype)
    expected = augmentations.frequency_warp(
        mels.double(), plan.start.tolist(), plan.height.tolist()
    )
    assert_exact(frequency_warp(mels, plan), expected)


@settings(max_examples=40)
@given(st.integers(2, 40), seeds)
def test_a_ramp_stays_a_ramp_between_the_bins_kept(n_mels, seed):
    generator = torch.Generator().manual_seed(seed)
    plan = draw_frequency_warp(3, n_mels, (0.1, 1.0), generator=generator)
    ramp = torch.arange(n_mels, dtype=torch.float64).view(1, -1, 1)
    warped = frequency_warp(ramp.expand(3, -1, 2), plan)
    for clip, start, height in zip(warped, *plan, strict=True):
        expected = torch.linspace(
            int(start), int(start + height) - 1, n_mels, dtype=torch.float64
        )
        torch.testing.assert_close(clip, expected[:, None].expand(-1, 2))


@settings(max_examples=30)
@given(st.integers(1, 130), st.integers(1, 4), seeds)
def test_a_crop_of_all_bins_changes_nothing(n_mels, frames, seed):
    plan = draw_frequency_warp(2, n_mels, (1.0, 1.0))
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        mels = random_tensor(2, n_mels, frames, seed=seed).to(dtype)
        assert torch.equal(frequency_warp(mels, plan), mels)


def test_frames_and_further_dimensions_do_not_touch():
    """A channel dimension, and a clip whose frames all differ."""
    plan = draw_frequency_warp(2, 20, (0.5, 0.5))
    mels = random_tensor(2, 3, 20, 4, seed=0)
    together = frequency_warp(mels, plan)
    for channel in range(3):
        for frame in range(4):
            alone = mels[:, channel, :, frame : frame + 1]
            torch.testing.assert_close(
                frequency_warp(alone, plan)[..., 0],
                together[:, channel, :, frame],
            )


def test_heights_and_starts_are_uniform():
    generator = torch.Generator().manual_seed(0)
    plan = draw_frequency_warp(20000, 100, generator=generator)
    # 40 heights from 60 to 99: each about 500 times.
    counts = torch.bincount(plan.height, minlength=101)
    assert counts[60:100].sum() == 20000
    assert ((counts[60:100] > 400) & (counts[60:100] < 600)).all()
    # From 0 to 100 - height, both of them as often as those between.
    of_ninety = plan.start[plan.height == 90]
    starts = torch.bincount(of_ninety, minlength=11)
    assert len(starts) == 11
    assert (starts > len(of_ninety) / 11 * 0.5).all()


def test_gradients_go_to_the_bins_kept():
    plan = FrequencyWarpPlan(torch.tensor([2]), torch.tensor([3]))
    mels = random_tensor(1, 8, 2, seed=0).requires_grad_()
    frequency_warp(mels, plan).sum().backward()
    kept = mels.grad[0, :, 0] > 0
    assert kept.tolist() == [False] * 2 + [True] * 3 + [False] * 3
    # What is interpolated are means: the weights of each are 1.
    torch.testing.assert_close(
        mels.grad.sum(dim=1), torch.full((1, 2), 8.0).double()
    )


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        frequency_warp(torch.zeros(3, 8, 2), draw_frequency_warp(2, 8))
    for height_range in [(0.0, 1.0), (0.5, 1.1), (0.8, 0.6)]:
        with pytest.raises(ValueError, match="height_range"):
            draw_frequency_warp(2, 8, height_range)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.noise import (
    add_noise,
    add_noise_to_mels,
    draw_noise,
)
from lgc_plugin.utils.time_axis import frame_mask
from oracles import assert_exact, augmentations
from strategies import precisions, random_tensor, seeds


def drawn(shape, seed, **options):
    generator = torch.Generator().manual_seed(seed)
    return draw_noise(shape, generator=generator, **options)


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.lists(st.integers(1, 3), max_size=1),
    st.sampled_from([(20.0, 40.0), (-10.0, 0.0), (0.0, 0.0)]),
    precisions,
    seeds,
)
def test_noise_is_added_as_loud_as_planned(
    lengths, shape, snr_range, dtype, seed
):
    n_steps = 30
    plan = drawn((len(lengths), *shape, n_steps), seed, snr_range=snr_range)
    assert (plan.snr >= snr_range[0]).all()
    assert (plan.snr <= snr_range[1]).all()
    valid = frame_mask(torch.tensor(lengths), n_steps)
    values = random_tensor(len(lengths), *shape, n_steps, seed=seed).to(dtype)
    expected = augmentations.noisy(
        values.double(), plan.noise.double(), plan.snr.tolist(), lengths
    )
    assert_exact(add_noise(values, plan, valid), expected)


def test_the_ratio_is_that_of_the_sound_alone():
    """A short clip, and one whose sound is far from 0 on average."""
    valid = frame_mask(torch.tensor([16000, 4000, 4000]), 16000)
    wavs = random_tensor(3, 16000, seed=0) * valid
    wavs[2] = (wavs[2] + 2.0) * valid[2]
    plan = drawn((3, 16000), 0, snr_range=(20.0, 20.0))
    noisy = add_noise(wavs, plan, valid)
    assert (noisy[~valid] == 0).all()
    noise = noisy - wavs
    ratio = wavs.square().sum(dim=1) / noise.square().sum(dim=1)
    torch.testing.assert_close(
        10 * ratio.log10(), torch.full((3,), 20.0).double()
    )


def test_silence_stays_silent():
    plan = drawn((2, 100), 0)
    assert (add_noise(torch.zeros(2, 100), plan) == 0).all()
    # Nor is there anything to make louder in noise that is silent.
    quiet = plan._replace(noise=torch.zeros(2, 100))
    values = random_tensor(2, 100, seed=0)
    assert torch.equal(add_noise(values, quiet), values)


def test_infinite_ratios_change_nothing_and_gradients_pass():
    values = random_tensor(2, 50, seed=0)
    values[1] = 0.0
    values.requires_grad_()
    plan = drawn((2, 50), 0)
    far = plan._replace(snr=torch.full((2,), torch.inf))
    assert torch.equal(add_noise(values, far), values)
    weights = random_tensor(2, 50, seed=1)
    (add_noise(values, plan) * weights).sum().backward()
    assert torch.equal(values.grad, weights)


def test_whole_numbers_become_what_the_front_end_makes_of_them():
    wavs = torch.randint(-(2**15), 2**15, (2, 500), dtype=torch.int16)
    plan = drawn((2, 500), 0)
    assert torch.equal(
        add_noise(wavs, plan), add_noise(wavs.float() / 32768.0, plan)
    )


@settings(max_examples=30)
@given(st.lists(st.integers(1, 8), min_size=1, max_size=3), seeds)
def test_magnitudes_stay_magnitudes(lengths, seed):
    mels = random_tensor(len(lengths), 5, 8, seed=seed).abs()
    valid = frame_mask(torch.tensor(lengths), 8)
    plan = drawn(mels.shape, seed, snr_range=(-20.0, 0.0))
    noisy = add_noise_to_mels(mels, plan, valid)
    expected = augmentations.noisy(
        mels, plan.noise.double(), plan.snr.tolist(), lengths
    )
    assert (noisy >= 0).all()
    assert_exact(noisy, expected.abs())
    padding = ~valid.unsqueeze(1).expand_as(mels)
    assert torch.equal(noisy[padding], mels[padding])


def test_noise_is_white_and_ratios_are_uniform():
    plan = drawn((20000, 2), 0)
    assert abs(float(plan.noise.mean())) < 0.02
    assert abs(float(plan.noise.std()) - 1) < 0.02
    assert abs(float(torch.corrcoef(plan.noise.T)[0, 1])) < 0.03
    deciles = torch.histc(plan.snr, 10, 20, 40)
    assert ((deciles > 1750) & (deciles < 2250)).all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit noise"):
        add_noise(torch.zeros(2, 9), draw_noise((2, 10)))
    with pytest.raises(ValueError, match="snr_range"):
        draw_noise((2, 10), (40.0, 20.0))

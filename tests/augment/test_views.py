import pytest
import torch

from lgc_plugin.augment.filter_augment import draw_filter
from lgc_plugin.augment.frequency_warp import draw_frequency_warp
from lgc_plugin.augment.noise import draw_noise
from lgc_plugin.augment.views import Views
from oracles import augmentations
from strategies import random_tensor

CLIPS, MELS, STEPS = 3, 40, 20
ALL = {
    "frequency_warp": (0.6, 1.0),
    "filter_augment": "linear",
    "noise_snr": (0.0, 10.0),
}


def magnitudes():
    return random_tensor(CLIPS, MELS, STEPS, seed=0).abs() + 0.1


@pytest.mark.parametrize("on", [*([x] for x in ALL), [*ALL]], ids="+".join)
def test_views_are_warped_then_filtered_then_noisy(on):
    """The draws repeated in this order, and applied number by number."""
    mels, lengths = magnitudes(), [STEPS, 12, 5]
    valid = torch.arange(STEPS) < torch.tensor(lengths).unsqueeze(1)
    view = Views(MELS, **{name: ALL[name] for name in on})
    torch.manual_seed(3)
    result = view(mels, valid)
    torch.manual_seed(3)
    expected = mels
    if "frequency_warp" in on:
        start, height = draw_frequency_warp(CLIPS, MELS)
        expected = augmentations.frequency_warp(
            expected, start.tolist(), height.tolist()
        )
    if "filter_augment" in on:
        plan = draw_filter(CLIPS, MELS)
        expected = augmentations.filtered(expected, plan.decibels)
    if "noise_snr" in on:
        noise, snr = draw_noise((CLIPS, MELS, STEPS), (0.0, 10.0))
        expected = augmentations.noisy(
            expected, noise.double(), snr.tolist(), lengths
        ).abs()
    assert not torch.equal(result, mels)
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-6)


def test_every_call_is_another_view():
    view = Views(MELS, **ALL)
    assert not torch.equal(view(magnitudes()), view(magnitudes()))


def test_what_is_off_draws_nothing_and_changes_nothing():
    mels, before = magnitudes(), torch.get_rng_state()
    assert Views(MELS)(mels) is mels
    Views(MELS, **ALL)  # neither does making one
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filter_augment": "square"}, "linear or step"),
        ({"filter_augment": "linear", "filter_n_bands": (5, 3)}, "rise"),
        ({"filter_augment": "linear", "filter_min_bandwidth": 9}, "do not fit"),
        ({"frequency_warp": (0.6, 1.2)}, "height_range"),
        ({"noise_snr": (30.0, 20.0)}, "snr_range"),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Views(MELS, **options)

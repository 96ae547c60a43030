"""What every augmentation with a plan promises."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch

from lgc_plugin.augment.cutmix import cutmix, draw_cutmix
from lgc_plugin.augment.filter_augment import draw_filter, filter_augment
from lgc_plugin.augment.frame_shift import draw_frame_shift, frame_shift
from lgc_plugin.augment.frequency_warp import (
    draw_frequency_warp,
    frequency_warp,
)
from lgc_plugin.augment.noise import add_noise, add_noise_to_mels, draw_noise
from lgc_plugin.augment.time_mask import draw_time_mask, time_mask
from lgc_plugin.types import LabelKind
from strategies import random_tensor

CLIPS, MELS, STEPS, POOLING = 4, 32, 82, 4
FRAMES = STEPS // POOLING


class Case(NamedTuple):
    """How to draw on a device, with a generator, and how to apply."""

    draw: Callable
    apply: Callable


def _draw_time_mask(device, generator):
    kind = torch.full((CLIPS,), int(LabelKind.STRONG), device=device)
    return draw_time_mask(kind, FRAMES, generator=generator)


def _drawing(draw, *arguments, **options):
    return lambda device, generator: draw(
        *arguments, **options, device=device, generator=generator
    )


CASES = {
    "cutmix": Case(
        _drawing(draw_cutmix, CLIPS, FRAMES),
        lambda values, plan: cutmix(values, plan, POOLING),
    ),
    "frame shift": Case(
        _drawing(draw_frame_shift, CLIPS, POOLING),
        lambda values, plan: frame_shift(values, plan, POOLING),
    ),
    "whole frames": Case(
        _drawing(draw_frame_shift, CLIPS, POOLING, whole_frames=True),
        lambda values, plan: frame_shift(values, plan, POOLING),
    ),
    "time_mask": Case(
        _draw_time_mask, lambda values, plan: time_mask(values, plan, POOLING)
    ),
    "linear filter": Case(_drawing(draw_filter, CLIPS, MELS), filter_augment),
    "step filter": Case(
        _drawing(draw_filter, CLIPS, MELS, "step"), filter_augment
    ),
    "frequency warp": Case(
        _drawing(draw_frequency_warp, CLIPS, MELS), frequency_warp
    ),
    "noise": Case(_drawing(draw_noise, (CLIPS, MELS, STEPS)), add_noise),
    "mel noise": Case(
        _drawing(draw_noise, (CLIPS, MELS, STEPS)), add_noise_to_mels
    ),
}
all_cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def seeded(case, seed):
    return case.draw("cpu", torch.Generator().manual_seed(seed))


@all_cases
def test_the_generator_alone_decides_the_draws(case):
    before = torch.get_rng_state()
    once, again = seeded(case, 3), seeded(case, 3)
    assert all(map(torch.equal, once, again))
    assert not all(map(torch.equal, once, seeded(case, 4)))
    assert torch.equal(torch.get_rng_state(), before)


@all_cases
def test_nothing_waits_for_the_device(case):
    """Tensors without numbers: reading one is an error."""
    plan = case.draw("meta", None)
    assert all(tensor.is_meta for tensor in plan)
    values = torch.empty(CLIPS, MELS, STEPS, device="meta")
    result = case.apply(values, plan)
    assert result.is_meta and result.shape == values.shape


@all_cases
def test_inputs_stay_as_they_are(case):
    plan = seeded(case, 0)
    values = random_tensor(CLIPS, MELS, STEPS, seed=0).abs()
    values_before, plan_before = values.clone(), [t.clone() for t in plan]
    changed = case.apply(values, plan)
    assert not torch.equal(changed, values)
    assert torch.equal(values, values_before)
    assert all(map(torch.equal, plan, plan_before))


@all_cases
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_rounds_the_result_only(case, dtype):
    plan = seeded(case, 1)
    values = random_tensor(CLIPS, MELS, STEPS, seed=1).abs().to(dtype)
    result = case.apply(values, plan)
    assert result.dtype == dtype
    assert torch.equal(result, case.apply(values.float(), plan).to(dtype))


@all_cases
def test_autocast_changes_nothing(case):
    values = random_tensor(CLIPS, MELS, STEPS, seed=2).abs().float()
    expected = case.apply(values, seeded(case, 2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = case.apply(values, seeded(case, 2))
    assert result.dtype == torch.float32
    assert torch.equal(result, expected)


@all_cases
def test_gradients_are_those_of_the_numbers(case):
    plan = seeded(case, 5)
    values = random_tensor(CLIPS, MELS, STEPS, seed=5).abs()
    direction = random_tensor(CLIPS, MELS, STEPS, seed=6)
    values.requires_grad_()
    weights = random_tensor(CLIPS, MELS, STEPS, seed=7)
    (case.apply(values, plan) * weights).sum().backward()
    slope = (values.grad * direction).sum()
    if case.apply is add_noise or case.apply is add_noise_to_mels:
        # The loudness of the noise is a constant for gradients.
        sign = case.apply(values, plan) - add_noise(values, plan)
        turned = torch.where(sign == 0, 1.0, -1.0)
        expected = (weights * turned * direction).sum()
    else:
        moved = case.apply(direction, plan)
        expected = (weights * moved).sum()
    torch.testing.assert_close(slope, expected)

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.pitch_shift import pitch_shift
from lgc_plugin.augment.samples import float_samples
from lgc_plugin.augment.wave_augment import (
    WAVE_CHANGES,
    draw_wave_augment,
    wave_augment,
)
from lgc_plugin.types import LabelKind
from oracles import rct
from strategies import random_tensor, seeds

FRAME, FRAMES, RATE = 64, 31, 2000
kinds = st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=6)


def drawn(kind, lengths, seed, *options):
    generator = torch.Generator().manual_seed(seed)
    return draw_wave_augment(
        torch.tensor(kind),
        torch.as_tensor(lengths),
        FRAME,
        FRAMES,
        *options,
        generator=generator,
    )


@settings(deadline=None, max_examples=60)
@given(kinds, st.data(), seeds)
def test_each_clip_has_the_change_of_its_kind(kind, data, seed):
    n = len(kind)
    lengths = data.draw(st.lists(st.integers(1, 2000), min_size=n, max_size=n))
    n_samples = torch.tensor(lengths)
    sound = torch.arange(2000) < n_samples.unsqueeze(1)
    wavs = random_tensor(n, 2000, seed=seed) * sound
    plan = drawn(kind, lengths, seed)
    after = wave_augment(wavs, plan, n_samples, RATE, FRAME)
    assert (after[~sound] == 0).all()
    rolled = rct.rolled(
        wavs,
        (plan.roll.frames * FRAME).tolist(),
        (plan.roll.circle * FRAME).tolist(),
    )
    for clip in range(n):
        name, s, sign = plan.changes[LabelKind(kind[clip])]
        holes = [h for h in plan.mask.starts[clip].tolist() if h < 2000]
        masked = rct.with_holes(
            wavs[clip : clip + 1], [holes], [lengths[clip] // 100]
        )
        assert len(holes) == (5 * s if name == "time_mask" else 0)
        own, circle = wavs[clip], lengths[clip] // FRAME
        if name == "time_shift":
            assert torch.equal(after[clip], rolled[clip])
            assert plan.roll.frames[clip] == int(s * circle / 10 + 0.5)
            continue
        assert plan.roll.frames[clip] == 0
        if name == "time_mask":
            assert torch.equal(after[clip], masked[0])
        else:
            expected = pitch_shift(own[None], 50 * s * sign, RATE)[0]
            expected = torch.where(sound[clip], expected, 0.0)
            torch.testing.assert_close(after[clip], expected)


def test_changes_are_drawn_evenly_and_apart():
    seen = Counter()
    together = Counter()
    for seed in range(900):
        changes = drawn([0], [100], seed).changes
        assert set(changes) == set(LabelKind)
        seen.update(changes.values())
        together[
            changes[LabelKind.NONE].name, changes[LabelKind.WEAK].name
        ] += 1
    assert all(
        70 < together[a, b] < 130 for a in WAVE_CHANGES for b in WAVE_CHANGES
    )
    # 2700 draws: 900 of each kind, 180 of each magnitude.
    for magnitude in range(1, 6):
        assert 140 < seen["time_mask", magnitude, 1] < 220
        assert 140 < seen["time_shift", magnitude, 1] < 220
        for sign in (1, -1):
            assert 60 < seen["pitch_shift", magnitude, sign] < 120
    assert len(seen) == 20


@settings(deadline=None, max_examples=20)
@given(kinds, seeds)
def test_changes_do_not_depend_on_the_clips(kind, seed):
    changes = drawn(kind, [500] * len(kind), seed).changes
    assert changes == drawn([0], [77], seed).changes


@pytest.mark.parametrize("name", WAVE_CHANGES)
def test_a_single_change_can_be_chosen(name):
    plan = drawn([0, 1, 2], [2000] * 3, 0, [name], 2)
    assert {c.name for c in plan.changes.values()} == {name}
    assert all(1 <= c.magnitude <= 2 for c in plan.changes.values())
    assert (len(plan.pitch) > 0) == (name == "pitch_shift")


@pytest.mark.parametrize("seed", range(4))
def test_whole_numbers_sound_as_their_fractions(seed):
    wavs = torch.randint(-(2**15), 2**15, (3, 2000), dtype=torch.int16)
    n_samples = torch.tensor([2000, 1500, 90])
    plan = drawn([2, 1, 0], n_samples, seed)
    before = wavs.clone()
    assert torch.equal(
        wave_augment(wavs, plan, n_samples, RATE, FRAME),
        wave_augment(float_samples(wavs), plan, n_samples, RATE, FRAME),
    )
    assert torch.equal(wavs, before)


@pytest.mark.parametrize("name", WAVE_CHANGES)
def test_nothing_waits_for_the_device(name):
    n_samples = torch.empty(3, dtype=torch.long, device="meta")
    plan = drawn([2, 1, 0], n_samples, 0, [name])
    wavs = torch.empty(3, 2000, device="meta")
    after = wave_augment(wavs, plan, n_samples, RATE, FRAME)
    assert after.is_meta and after.shape == wavs.shape


def test_the_generator_alone_decides():
    before = torch.get_rng_state()
    once, again = drawn([0, 1], [2000] * 2, 5), drawn([0, 1], [2000] * 2, 5)
    assert once.changes == again.changes
    assert torch.equal(once.mask.starts, again.mask.starts)
    assert torch.equal(torch.get_rng_state(), before)


def test_what_cannot_be_drawn_is_refused():
    for names in (["echo"], []):
        with pytest.raises(ValueError, match="time_mask"):
            drawn([0], [10], 0, names)
    for magnitude in (0, 10):
        with pytest.raises(ValueError, match="max_magnitude"):
            drawn([0], [10], 0, WAVE_CHANGES, magnitude)
    kind = torch.empty(1, dtype=torch.long, device="meta")
    with pytest.raises(ValueError, match="on the CPU"):
        draw_wave_augment(kind, torch.tensor([10]), FRAME, FRAMES)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.wave_mask import plan_wave_mask, wave_mask
from oracles import rct
from strategies import random_tensor, seeds


def planned(n_holes, n_samples, seed, most=6, share=0.1):
    places = torch.rand(
        len(n_holes), most, generator=torch.Generator().manual_seed(seed)
    )
    return plan_wave_mask(
        torch.tensor(n_holes), places, torch.tensor(n_samples), share
    )


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 50)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([0.1, 0.3, 0.9]),
    seeds,
)
def test_holes_equal_the_loop_over_them(clips, share, seed):
    n_holes, n_samples = zip(*clips, strict=True)
    plan = planned(n_holes, n_samples, seed, share=share)
    lengths = [int(share * n) for n in n_samples]
    assert plan.length.tolist() == lengths
    starts = [
        [start for start in row if start <= 50] for row in plan.starts.tolist()
    ]
    assert tuple(map(len, starts)) == n_holes
    wavs = random_tensor(len(clips), 50, seed=seed)
    assert torch.equal(
        wave_mask(wavs, plan), rct.with_holes(wavs, starts, lengths)
    )
    for row, n, length in zip(starts, n_samples, lengths, strict=True):
        assert all(0 <= start <= n - length for start in row)


def test_all_starts_are_equally_likely():
    plan = planned([6] * 3000, [20] * 3000, 0)
    counts = torch.bincount(plan.starts.flatten(), minlength=19)
    assert len(counts) == 19
    assert ((counts > 800) & (counts < 1100)).all()


def test_the_last_sample_of_a_long_clip_is_within_reach():
    nearly_one = torch.tensor([[1.0 - 2.0**-24, 0.0]])
    n_samples = torch.tensor([2**27])
    plan = plan_wave_mask(torch.tensor([2]), nearly_one, n_samples)
    ends = plan.starts + plan.length
    assert (ends <= n_samples).all()
    assert ends[0, 0] > 2**27 - 16


def test_nothing_waits_for_the_device():
    number = torch.empty(3, dtype=torch.long, device="meta")
    plan = plan_wave_mask(number, torch.empty(3, 25, device="meta"), number)
    assert wave_mask(torch.empty(3, 100, device="meta"), plan).is_meta


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        wave_mask(torch.zeros(3, 10), planned([1, 1], [10, 10], 0))
    with pytest.raises(ValueError, match="share"):
        planned([1], [10], 0, share=1.0)

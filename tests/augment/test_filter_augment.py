import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.filter_augment import (
    FilterPlan,
    draw_filter,
    filter_augment,
)
from oracles import assert_exact, augmentations
from strategies import precisions, random_tensor, seeds

kinds = st.sampled_from(["linear", "step"])


@st.composite
def filters(draw):
    """Options of draw_filter whose bands fit."""
    kind = draw(kinds)
    fewest = draw(st.integers(1, 4))
    bands = (fewest, draw(st.integers(fewest, 6)))
    min_bandwidth = draw(st.integers(1, 8))
    n_mels = bands[1] * min_bandwidth + draw(st.integers(0, 40))
    return kind, bands, min_bandwidth, n_mels


@settings(max_examples=80)
@given(st.integers(1, 5), filters(), seeds)
def test_bands_and_gains_follow_the_definition(clips, options, seed):
    kind, bands, min_bandwidth, n_mels = options
    generator = torch.Generator().manual_seed(seed)
    plan = draw_filter(
        clips, n_mels, kind, bands, min_bandwidth, generator=generator
    )
    assert len(plan.edges) == bands[1] + 1
    # Bands that were not drawn are empty, at the end.
    edges = plan.edges.tolist()
    n_bands = edges.index(n_mels)
    edges = edges[: n_bands + 1]
    assert bands[0] <= n_bands <= bands[1]
    assert set(plan.edges[n_bands:].tolist()) == {n_mels}
    assert edges[0] == 0
    widths = plan.edges[1 : n_bands + 1] - plan.edges[:n_bands]
    assert (widths >= min_bandwidth).all()
    assert (plan.decibels.abs() <= 6 + 1e-5).all()
    for decibels in plan.decibels.double():
        gains = [float(decibels[first]) for first in edges[:-1]]
        gains.append(float(decibels[-1]))
        curve = augmentations.filter_curve(edges, gains, kind)
        torch.testing.assert_close(decibels, curve, atol=1e-5, rtol=0)


@settings(max_examples=40)
@given(
    st.integers(1, 4),
    st.integers(30, 40),
    st.lists(st.integers(1, 2), max_size=1),
    kinds,
    precisions,
    seeds,
)
def test_mels_are_filtered_bin_by_bin(clips, mels, shape, kind, dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    plan = draw_filter(clips, mels, kind, generator=generator)
    values = random_tensor(clips, *shape, mels, 3, seed=seed).abs().to(dtype)
    assert_exact(
        filter_augment(values, plan),
        augmentations.filtered(values.double(), plan.decibels.double()),
    )


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("linear", 3, 5), ("step", 2, 4)]
)
def test_numbers_of_bands_edges_and_gains_are_spread(kind, low, high):
    generator = torch.Generator().manual_seed(0)
    plans = [
        draw_filter(2, 128, kind, generator=generator) for _ in range(3000)
    ]
    counts = torch.tensor([int((p.edges < 128).sum()) for p in plans])
    for n_bands in range(low, high + 1):
        assert 900 < int((counts == n_bands).sum()) < 1100
    assert (counts >= low).all() and (counts <= high).all()
    inner = torch.cat([p.edges[1:-1][p.edges[1:-1] < 128] for p in plans])
    assert inner.min() < 10 and inner.max() > 118
    assert abs(float(inner.float().mean()) - 64) < 1.5
    # The gain of the first bin is a draw itself, one for each clip.
    first = torch.stack([p.decibels[:, 0] for p in plans])
    assert abs(float(first.mean())) < 0.15
    assert abs(float(first.var()) - 12) < 0.5
    assert abs(float(torch.corrcoef(first.T)[0, 1])) < 0.06
    # Bands of a linear filter meet: both sides of an edge have one gain.
    for plan in plans[:50]:
        for edge in plan.edges[1:-1][plan.edges[1:-1] < 128].tolist():
            left, right = plan.decibels[:, edge - 1], plan.decibels[:, edge]
            assert torch.allclose(left, right, atol=1e-5) == (kind == "linear")


def test_bands_may_be_as_narrow_as_allowed():
    """13 bins in two bands of at least 6: the edge is at 6 or at 7."""
    edges = [draw_filter(1, 13, bands=(2, 2)).edges[1] for _ in range(60)]
    assert {int(edge) for edge in edges} == {6, 7}


def test_gains_have_the_range_asked_for():
    plan = draw_filter(50, 64, decibel_range=(2.0, 3.0))
    assert (plan.decibels >= 2 - 1e-5).all()
    assert (plan.decibels <= 3 + 1e-5).all()


def test_0_db_change_nothing_and_gradients_are_amplified():
    values = random_tensor(2, 8, 5, seed=0).float().requires_grad_()
    flat = FilterPlan(torch.tensor([0, 8]), torch.zeros(2, 8))
    assert torch.equal(filter_augment(values, flat), values)
    plan = draw_filter(2, 8, "step", (2, 2), 4)
    filter_augment(values, plan).sum().backward()
    expected = 10 ** (plan.decibels / 20)
    torch.testing.assert_close(values.grad, expected[..., None].expand(2, 8, 5))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="linear or step"):
        draw_filter(1, 64, "cubic")
    with pytest.raises(ValueError, match="5 bands of at least 6 mel bins"):
        draw_filter(1, 29)
    with pytest.raises(ValueError, match="at least 1"):
        draw_filter(1, 64, min_bandwidth=0)
    with pytest.raises(ValueError, match="must rise"):
        draw_filter(1, 64, bands=(4, 3))
    with pytest.raises(ValueError, match="must rise"):
        draw_filter(1, 64, decibel_range=(1.0, -1.0))
    plan = draw_filter(2, 64)
    for shape in [(3, 64, 5), (2, 63, 5)]:
        with pytest.raises(ValueError, match="do not fit"):
            filter_augment(torch.zeros(shape), plan)

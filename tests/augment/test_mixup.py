import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
from lgc_plugin.augment.mixup import draw_mixup, mixup
from lgc_plugin.types import LabelKind
from strategies import precisions, random_tensor, seeds

kinds = st.lists(st.sampled_from(list(LabelKind)), min_size=1, max_size=12)


@settings(max_examples=60)
@given(kinds, seeds)
def test_partners_share_the_label_kind(kind_list, seed):
    torch.manual_seed(seed)
    kind = torch.tensor([int(k) for k in kind_list])
    plan = draw_mixup(kind, probability=1.0)
    assert sorted(plan.permutation.tolist()) == list(range(len(kind)))
    assert torch.equal(kind[plan.permutation], kind)
    assert (plan.weight[kind == LabelKind.NONE] == 1).all()
    for k in LabelKind:
        assert len(plan.weight[kind == k].unique()) <= 1
    assert ((plan.weight >= 0) & (plan.weight <= 1)).all()


def test_probability_decides_how_often_a_batch_is_mixed():
    torch.manual_seed(0)
    kind = torch.full((4,), int(LabelKind.STRONG))
    never = [draw_mixup(kind, probability=0.0).weight for _ in range(20)]
    assert all((weight == 1).all() for weight in never)
    half = [(draw_mixup(kind).weight < 1).all().item() for _ in range(400)]
    assert 150 < sum(half) < 250


def test_shares_follow_the_beta_distribution():
    torch.manual_seed(0)
    kind = torch.tensor([LabelKind.STRONG, LabelKind.WEAK])
    shares = torch.stack(
        [draw_mixup(kind, probability=1.0).weight for _ in range(2000)]
    )
    # The variance of Beta(a, a) is 1 / (4 (2 a + 1)).
    variance = 1 / (4 * 1.4)
    for of_kind in shares.T:
        assert abs(of_kind.mean().item() - 0.5) < 0.03
        assert abs(of_kind.var().item() - variance) < 0.01
    # One draw for each kind, not one for all.
    assert abs(torch.corrcoef(shares.T)[0, 1].item()) < 0.1


def test_every_partner_of_the_kind_is_as_likely():
    torch.manual_seed(0)
    kind = torch.tensor([2, 1, 2, 2, 1])
    counts = torch.zeros(5, 5)
    for _ in range(1200):
        plan = draw_mixup(kind, probability=1.0)
        counts[torch.arange(5), plan.permutation] += 1
    expected = (kind.unsqueeze(1) == kind) / torch.tensor(
        [3, 2, 3, 3, 2]
    ).unsqueeze(1)
    torch.testing.assert_close(counts / 1200, expected, atol=0.05, rtol=0)


@settings(max_examples=40)
@given(
    kinds,
    st.lists(st.integers(1, 4), max_size=2),
    st.sampled_from([0.0, 0.5, 1.0]),
    precisions,
    seeds,
)
def test_mixture_equals_the_sum_number_by_number(
    kind_list, shape, probability, dtype, seed
):
    """Alike for features (B, F, T), frame labels, and clip labels (B, C)."""
    torch.manual_seed(seed)
    kind = torch.tensor([int(k) for k in kind_list])
    plan = draw_mixup(kind, probability=probability)
    values = random_tensor(len(kind), *shape, seed=seed).to(dtype)
    mixed = mixup(values, plan)
    assert mixed.dtype == dtype
    expected = oracles.mixup(
        oracles.exact(values), plan.weight.tolist(), plan.permutation.tolist()
    )
    oracles.assert_exact(mixed, expected)
    alone = kind == LabelKind.NONE
    assert torch.equal(mixed[alone], values[alone])

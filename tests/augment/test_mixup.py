import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.augment.mixup import draw_mixup, mixup
from lgc_plugin.types import LabelKind
from strategies import seeds

kinds = st.lists(st.sampled_from(list(LabelKind)), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
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


def test_mixture_is_linear_and_alike_for_features_and_labels():
    torch.manual_seed(1)
    kind = torch.tensor([2, 2, 2, 1, 1, 0])
    plan = draw_mixup(kind, probability=1.0)
    features, labels = torch.rand(6, 4, 5), torch.rand(6, 3)
    for values in (features, labels):
        mixed = mixup(values, plan)
        for i, partner in enumerate(plan.permutation):
            w = plan.weight[i]
            expected = w * values[i] + (1 - w) * values[partner]
            torch.testing.assert_close(mixed[i], expected)
    assert torch.equal(mixup(features, plan)[5], features[5])

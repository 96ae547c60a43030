import logging

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

import oracles
from lgc_plugin.nnet.frame_classes import frame_classes
from lgc_plugin.nnet.prototypes import PrototypeBank
from strategies import score_tensors, seeds


def random_bank(n_classes, n_prototypes, dim, seed, share_active=0.7):
    generator = torch.Generator().manual_seed(seed)
    bank = PrototypeBank(n_classes, n_prototypes, dim, momentum=0.6).double()
    shape = bank.prototypes.shape
    vectors = torch.randn(shape, generator=generator, dtype=torch.float64)
    bank.active.copy_(torch.rand(shape[:2], generator=generator) < share_active)
    bank.prototypes.copy_(normalize(vectors, dim=-1))
    bank.prototypes.mul_(bank.active.unsqueeze(-1))
    bank.born = True
    return bank


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 9),
    seeds,
    st.data(),
)
def test_update_equals_the_loop_over_frames(
    n_classes, n_prototypes, n_frames, seed, data
):
    bank = random_bank(n_classes, n_prototypes, 5, seed)
    labels = data.draw(
        score_tensors(
            st.just(n_frames), st.just(n_classes), levels=(0, 0.1, 0.5, 0.9, 1)
        )
    )
    generator = torch.Generator().manual_seed(seed + 1)
    frames = torch.randn(n_frames, 5, generator=generator).double()
    frames = normalize(frames, dim=-1)
    expected, active = oracles.bank_update(
        bank.prototypes, bank.active, frames, labels, 0.6, 0.9
    )
    bank.update(frames, labels)
    torch.testing.assert_close(bank.prototypes, expected, atol=1e-10, rtol=0)
    assert torch.equal(bank.active, active)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 8), seeds)
def test_order_of_frames_does_not_matter(n_frames, seed):
    frames = normalize(torch.randn(n_frames, 4).double(), dim=-1)
    labels = torch.randint(0, 2, (n_frames, 2)).double()
    one, other = (random_bank(2, 3, 4, seed) for _ in range(2))
    order = torch.randperm(n_frames)
    one.update(frames, labels)
    other.update(frames[order], labels[order])
    torch.testing.assert_close(one.prototypes, other.prototypes)


def test_two_batches_of_one_step_are_one_batch():
    frames = normalize(torch.randn(10, 4).double(), dim=-1)
    labels = torch.randint(0, 2, (10, 2)).double()
    one, other = (random_bank(2, 3, 4, seed=3) for _ in range(2))
    one.update(frames, labels)
    first = other.assign(frames[:4], labels[:4])
    other.apply_sums(first.plus(other.assign(frames[4:], labels[4:])))
    torch.testing.assert_close(one.prototypes, other.prototypes)


def test_invalid_frames_do_not_count():
    frames = normalize(torch.randn(6, 4).double(), dim=-1)
    labels = torch.ones(6, 2).double()
    valid = torch.tensor([True] * 3 + [False] * 3)
    one, other = (random_bank(2, 3, 4, seed=3) for _ in range(2))
    one.update(frames, labels, valid)
    other.update(frames[:3], labels[:3])
    torch.testing.assert_close(one.prototypes, other.prototypes)


def test_birth_finds_the_clusters():
    centres = torch.eye(4)
    noise = 0.05 * torch.randn(
        40, 4, generator=torch.Generator().manual_seed(1)
    )
    frames = normalize(centres.repeat(10, 1) + noise, dim=-1)
    bank = PrototypeBank(1, n_prototypes=4, dim=4)
    bank.fit(frames, torch.ones(40, 1))
    similarity = bank.prototypes[0] @ centres.T
    assert (similarity.amax(0) > 0.98).all()
    assert bank.active[0].all() and not bank.active[1].any()


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_class_with_few_frames_waits_and_comes_alive(n_frames, caplog):
    frames = normalize(torch.randn(n_frames + 5, 4), dim=-1)
    labels = torch.zeros(n_frames + 5, 2)
    labels[:n_frames, 0] = 1
    labels[n_frames:, 1] = 1
    bank = PrototypeBank(2, 3, 4, class_names=["Cat", "Dog"])
    with caplog.at_level(logging.WARNING):
        bank.fit(frames, labels)
    told = [r.getMessage() for r in caplog.records if "Cat" in r.getMessage()]
    assert len(told) == 1 and f"has {n_frames} labelled" in told[0]
    assert bank.active[0].sum() == n_frames
    for _ in range(3 - n_frames):
        bank.update(torch.eye(4)[:1], torch.tensor([[1.0, 0.0]]))
    assert bank.active[0].all()
    norms = bank.prototypes[0].norm(dim=-1)
    torch.testing.assert_close(norms, torch.ones(3))


def test_state_survives_a_checkpoint():
    bank = random_bank(2, 3, 4, seed=0)
    other = PrototypeBank(2, 3, 4).double()
    other.load_state_dict(bank.state_dict())
    assert other.born
    assert torch.equal(other.active, bank.active)
    assert torch.equal(other.prototypes, bank.prototypes)


@settings(deadline=None, max_examples=50)
@given(
    score_tensors(
        st.integers(1, 6),
        st.integers(1, 4),
        levels=(0.0, 0.05, 0.1, 0.2, 0.9, 1.0),
    )
)
def test_frame_classes_equal_the_definition(labels):
    classes = frame_classes(labels, 0.9)
    for row, label in zip(classes, labels, strict=True):
        expected = oracles.frame_classes(label.tolist(), 0.9)
        assert row.nonzero().flatten().tolist() == expected

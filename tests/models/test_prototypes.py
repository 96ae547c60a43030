import logging

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

import oracles
from lgc_plugin.models.frame_classes import (
    frame_classes,
    labels_by_frame,
    with_background,
)
from lgc_plugin.models.prototypes import PrototypeBank
from lgc_plugin.types import SEDBatch
from strategies import precisions, score_tensors, seeds, unit_vectors

# At the threshold 0.875, and at 1 minus it.
LEVELS = (0.0, 0.125, 0.1875, 0.5, 0.875, 1.0)


def random_bank(n_classes, n_prototypes, dim, seed, share_active=0.7):
    generator = torch.Generator().manual_seed(seed)
    bank = PrototypeBank(
        n_classes, n_prototypes, dim, momentum=0.6, pos_threshold=0.875
    ).double()
    shape = bank.prototypes.shape
    bank.active.copy_(torch.rand(shape[:2], generator=generator) < share_active)
    bank.prototypes.copy_(unit_vectors(*shape, seed=seed))
    bank.prototypes.mul_(bank.active.unsqueeze(-1))
    bank.initialized = True
    return bank


@settings(max_examples=60)
@given(
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 9),
    precisions,
    seeds,
    st.data(),
)
def test_update_equals_the_loop_over_frames(
    n_classes, n_prototypes, n_frames, dtype, seed, data
):
    bank = random_bank(n_classes, n_prototypes, 5, seed).to(dtype)
    labels = data.draw(
        score_tensors(st.just(n_frames), st.just(n_classes), levels=LEVELS)
    ).to(dtype)
    frames = unit_vectors(n_frames, 5, seed=seed + 1).to(dtype)
    valid = None
    if data.draw(st.booleans()):
        generator = torch.Generator().manual_seed(seed)
        valid = torch.rand(n_frames, generator=generator) < 0.7
    counted = slice(None) if valid is None else valid
    expected, active = oracles.bank_update(
        oracles.exact(bank.prototypes),
        bank.active,
        oracles.exact(frames)[counted],
        labels[counted],
        0.6,
        0.875,
    )
    bank.update(frames, labels, valid)
    oracles.assert_exact(bank.prototypes, expected)
    assert torch.equal(bank.active, active)


def test_all_background_moves_only_the_background():
    bank = random_bank(2, 3, 4, seed=5, share_active=1.0)
    before = bank.prototypes.clone()
    bank.update(unit_vectors(6, 4, seed=1), torch.zeros(6, 2))
    assert torch.equal(bank.prototypes[:2], before[:2])
    assert not torch.equal(bank.prototypes[2], before[2])


def test_a_frame_of_several_classes_moves_all_of_them():
    bank = random_bank(3, 1, 4, seed=5, share_active=1.0)
    before = bank.prototypes.clone()
    frame = unit_vectors(1, 4, seed=1)
    bank.update(frame, torch.tensor([[1.0, 0.0, 0.9]]))
    for c in (0, 2):
        moved = oracles.unit(0.6 * before[c, 0] + 0.4 * frame[0])
        oracles.assert_exact(bank.prototypes[c, 0], moved)
    assert torch.equal(bank.prototypes[1], before[1])
    assert torch.equal(bank.prototypes[3], before[3])


def test_autocast_does_not_round_the_sums():
    one, other = (random_bank(2, 3, 64, seed=3).float() for _ in range(2))
    frames = unit_vectors(500, 64, seed=1).float()
    labels = torch.randint(0, 2, (500, 2)).float()
    one.update(frames, labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        sums = other.assign(frames, labels)
    other.apply_sums(sums)
    assert all(part.dtype == torch.float32 for part in sums)
    torch.testing.assert_close(one.prototypes, other.prototypes)


@settings(max_examples=30)
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


def test_initial_prototypes_find_the_clusters():
    centers = torch.eye(4)
    noise = 0.05 * torch.randn(
        40, 4, generator=torch.Generator().manual_seed(1)
    )
    frames = normalize(centers.repeat(10, 1) + noise, dim=-1)
    bank = PrototypeBank(1, n_prototypes=4, dim=4)
    bank.fit(frames, torch.ones(40, 1))
    similarity = bank.prototypes[0] @ centers.T
    assert (similarity.amax(0) > 0.98).all()
    assert bank.active[0].all() and not bank.active[1].any()


@st.composite
def labeled_clusters(draw):
    """Frames of two classes and the background, in well separated groups.

    A class has from no frame to two in each of three directions.
    """
    dtype, seed = draw(precisions), draw(seeds)
    embedding, labels = [], []
    for c in range(3):
        sizes = draw(st.lists(st.integers(0, 2), min_size=3, max_size=3))
        for direction, size in enumerate(sizes):
            axis = torch.eye(5, dtype=torch.float64)[(direction + c) % 5]
            noise = 0.1 * unit_vectors(size, 5, seed=seed + 10 * c + direction)
            embedding += list(normalize(axis + noise, dim=-1))
            labels += size * [[float(c == 0), float(c == 1)]]
    shape = len(labels), 2
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    frames = torch.cat(
        [
            torch.empty(0, 5, dtype=torch.float64),
            *(frame.unsqueeze(0) for frame in embedding),
        ]
    )
    labels = torch.tensor(labels, dtype=torch.float64).view(shape)
    return frames[order].to(dtype), labels[order].to(dtype)


@settings(max_examples=25)
@given(labeled_clusters(), seeds)
def test_initial_prototypes_equal_the_best_of_all_groupings(clusters, seed):
    """A class with 0, 1, 2 frames, or as many as one per prototype, too."""
    frames, labels = clusters
    bank = PrototypeBank(2, 3, 5).to(frames.dtype)
    bank.fit(frames, labels, seed)
    for c in range(3):
        of_class = oracles.members(oracles.exact(frames), labels, c, 0.9)
        expected = oracles.initial_prototypes(of_class, 3)
        in_use = bank.active[c].tolist()
        assert in_use == [k < len(expected) for k in range(3)]
        oracles.assert_same_set(bank.prototypes[c, : sum(in_use)], expected)
        assert (bank.prototypes[c, sum(in_use) :] == 0).all()


@settings(max_examples=20)
@given(st.lists(st.integers(4, 30), min_size=1, max_size=3), precisions, seeds)
def test_initial_prototypes_are_the_means_of_clusters(sizes, dtype, seed):
    """One class; each prototype is the normalized mean of a cluster."""
    clusters = [
        normalize(
            torch.eye(4, dtype=torch.float64)[i]
            + 0.1 * unit_vectors(size, 4, seed=seed + i),
            dim=-1,
        ).to(dtype)
        for i, size in enumerate(sizes)
    ]
    bank = PrototypeBank(1, len(sizes), 4).to(dtype)
    frames = torch.cat(clusters)
    bank.fit(frames, torch.ones(len(frames), 1, dtype=dtype), seed % 1000)
    assert bank.initialized
    expected = [
        oracles.unit(oracles.exact(cluster).mean(dim=0)) for cluster in clusters
    ]
    oracles.assert_same_set(bank.prototypes[0], expected)
    norms = bank.prototypes[0].norm(dim=-1)
    oracles.assert_exact(norms, torch.ones(len(sizes)))


@settings(max_examples=25)
@given(st.integers(0, 2), precisions, seeds)
def test_a_class_that_began_with_few_frames_awakens_as_defined(
    n_frames, dtype, seed
):
    """Update by update, the slow bank gives the same."""
    frames = unit_vectors(n_frames + 4, 5, seed=seed).to(dtype)
    labels = torch.zeros(n_frames + 4, 2, dtype=dtype)
    labels[:n_frames, 0] = 1
    labels[n_frames:, 1] = 1
    bank = PrototypeBank(2, 3, 5, momentum=0.6).to(dtype)
    bank.fit(frames, labels, seed)
    prototypes, active = oracles.exact(bank.prototypes), bank.active.clone()
    assert active.sum(dim=1).tolist() == [n_frames, 3, 0]
    for step in range(1, 5):
        batch = unit_vectors(6, 5, seed=seed + step).to(dtype)
        generator = torch.Generator().manual_seed(seed + step)
        labels = torch.randint(0, 2, (6, 2), generator=generator).to(dtype)
        labels[0, 0] = 1
        prototypes, active = oracles.bank_update(
            prototypes, active, oracles.exact(batch), labels, 0.6, 0.9
        )
        bank.update(batch, labels)
        oracles.assert_exact(bank.prototypes, prototypes)
        assert torch.equal(bank.active, active)
    assert bank.active[0].all()


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_class_with_few_frames_waits_and_is_initialized_later(n_frames, caplog):
    frames = normalize(torch.randn(n_frames + 5, 4), dim=-1)
    labels = torch.zeros(n_frames + 5, 2)
    labels[:n_frames, 0] = 1
    labels[n_frames:, 1] = 1
    bank = PrototypeBank(2, 3, 4, class_names=["Cat", "Dog"])
    with caplog.at_level(logging.WARNING):
        bank.fit(frames, labels)
    lines = [r.getMessage() for r in caplog.records if "Cat" in r.getMessage()]
    assert len(lines) == 1 and f"has {n_frames} labeled" in lines[0]
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
    assert other.initialized
    assert torch.equal(other.active, bank.active)
    assert torch.equal(other.prototypes, bank.prototypes)


@settings(max_examples=50)
@given(
    score_tensors(st.integers(1, 6), st.integers(1, 4), levels=LEVELS),
    precisions,
)
def test_frame_classes_equal_the_definition(labels, dtype):
    labels = labels.to(dtype)
    classes = frame_classes(labels, 0.875)
    for row, label in zip(classes, labels, strict=True):
        expected = oracles.frame_classes(label.tolist(), 0.875)
        assert row.nonzero().flatten().tolist() == expected
    scores = with_background(labels)
    assert torch.equal(scores[:, :-1], labels)
    oracles.assert_exact(scores[:, -1], 1 - oracles.exact(labels).amax(1))


def test_a_frame_has_the_scores_of_classes_that_are_unknown_in_it():
    labels = torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]]])
    labels = torch.cat([labels, torch.full((2, 1, 2), torch.nan)], dim=1)
    scores = torch.tensor([0.25, 0.95]).view(1, 2, 1).expand(2, 2, 2)
    batch = SEDBatch(torch.tensor([2, 0]), frame_labels=labels)
    found = labels_by_frame(scores, batch)
    assert found[:, 0].tolist() == [1.0, 0.0, 0.25, 0.25]
    assert (found[:, 1] == scores[0, 1, 0]).all()
    # Not the background, though no known class sounds.
    assert frame_classes(found, 0.9)[1].tolist() == [False, True, False]

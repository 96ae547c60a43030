import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.models.kmeans import FrameReservoir, spherical_centres
from strategies import seeds


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=4),
    st.integers(1, 8),
    seeds,
)
def test_reservoir_keeps_all_frames_up_to_its_limit(sizes, limit, seed):
    generator = torch.Generator().manual_seed(seed)
    reservoir = FrameReservoir(2, limit, seed)
    offered = [[], []]
    for number, size in enumerate(sizes):
        frames = torch.arange(size).view(-1, 1) + 100.0 * number
        classes = torch.rand(size, 2, generator=generator) < 0.6
        reservoir.add(frames, classes, number)
        for c in range(2):
            offered[c] += frames[classes[:, c], 0].tolist()
    for kept, of_class in zip(reservoir.frames(), offered, strict=True):
        kept = kept[:, 0].tolist()
        assert len(kept) == min(limit, len(of_class))
        assert set(kept) <= set(of_class) and len(set(kept)) == len(kept)


def test_every_frame_has_the_same_chance():
    counts = torch.zeros(12)
    for seed in range(600):
        reservoir = FrameReservoir(1, 3, seed)
        for number, batch in enumerate(torch.arange(12).view(4, 3, 1)):
            reservoir.add(batch, torch.ones(3, 1, dtype=torch.bool), number)
        counts[reservoir.frames()[0][:, 0]] += 1
    # Each of 12 frames is among 3 kept in a quarter of 600 trials.
    assert ((counts > 110) & (counts < 190)).all()


@settings(max_examples=30)
@given(st.permutations(range(4)), st.integers(1, 12), seeds)
def test_batches_may_come_in_any_order(order, limit, seed):
    batches = torch.arange(12).view(4, 3, 1)
    classes = torch.ones(3, 1, dtype=torch.bool)
    samples = []
    for numbers in (range(4), order):
        reservoir = FrameReservoir(1, limit, seed)
        for number in numbers:
            reservoir.add(batches[number], classes, number)
        samples.append(reservoir.frames()[0])
    assert torch.equal(*samples)


def test_fewer_different_frames_than_centres_do_no_harm(recwarn):
    frames = torch.eye(3)[:2].repeat(4, 1)
    centers = spherical_centres(frames, 3, seed=0)
    assert centers.shape == (3, 3) and not recwarn.list
    distances = torch.cdist(centers, torch.eye(3)[:2])
    assert (distances.amin(dim=1) < 1e-6).all()
    assert (distances.amin(dim=0) < 1e-6).all()

"""A batch from the features of any recipe, and the pooling found in it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lgc_plugin.lgc import LGC
from lgc_plugin.types import SEDBatch, SEDOutput

FEW = settings(deadline=None, max_examples=60)


class Averages(nn.Module):
    """Pools by a whole number; drops or keeps an incomplete last frame."""

    def __init__(self, pooling, keeps_rest):
        super().__init__()
        self.pool = nn.AvgPool1d(
            pooling, ceil_mode=keeps_rest, count_include_pad=False
        )

    def forward(self, features):
        return self.pool(features)


@FEW
@given(
    st.integers(1, 8),
    st.booleans(),
    st.integers(16, 60),
    st.one_of(st.none(), st.lists(st.integers(1, 60), min_size=3, max_size=3)),
)
def test_the_pooling_is_found_in_what_a_network_makes(
    pooling, keeps_rest, n_steps, lengths
):
    """Where there are more output frames than steps in each, twice."""
    n_steps = max(n_steps, 2 * pooling * pooling)
    features = torch.rand(3, 2, n_steps)
    n_frames = Averages(pooling, keeps_rest)(features).shape[-1]
    relative = None
    if lengths is not None:
        relative = torch.tensor([min(n, n_steps) / n_steps for n in lengths])
    batch = SEDBatch(torch.zeros(3), features, lengths=relative)
    found = batch.with_frames(n_frames)
    assert found.time_pooling == pooling and found.n_frames == n_frames
    assert found.features is features
    if lengths is None:
        assert found.valid is None
        return
    for row, length in zip(found.valid.tolist(), relative, strict=True):
        assert row == [t < float(length * n_frames) for t in range(n_frames)]
    assert found.with_frames(n_frames).valid is found.valid


def test_a_pooling_that_is_known_stays_as_it_is():
    """Also where another one would explain the frames: 15 // 5 = 15 // 4."""
    batch = SEDBatch(torch.zeros(1), torch.rand(1, 2, 15), time_pooling=4)
    assert batch.with_frames(3).time_pooling == 4


@pytest.mark.parametrize(
    ("options", "n_frames", "message"),
    [
        ({}, 30, "20 feature frames became 30 output frames, which no pooling"),
        ({}, 13, "let the network pool time by a whole number"),
        ({"time_pooling": 4}, 10, "which time_pooling 4 explains"),
        ({"frame_labels": torch.zeros(1, 1, 20)}, 10, "labels have 20 frames"),
    ],
)
def test_frames_that_do_not_fit_are_told(options, n_frames, message):
    batch = SEDBatch(torch.zeros(1), torch.rand(1, 2, 20), **options)
    with pytest.raises(ValueError, match=message):
        batch.with_frames(n_frames)


class Halves(nn.Module):
    """Each output frame is of one step of the features, here of two."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 3)

    def forward(self, features, valid=None):
        x = features.transpose(1, 2)
        hidden = self.layer(x)[:, : x.shape[1] // 2 * 2 : 2]
        frame = hidden.sigmoid().transpose(1, 2)
        return SEDOutput(frame, frame.amax(2), hidden)


def test_nobody_has_to_tell_the_pooling_of_a_network():
    """CutMix cuts features and targets at the same places without it.

    So for a network of single frames, which is its own teacher, no
    difference is left.
    """
    student = Halves()
    lgc = LGC(student, 3, embedding_dim=3)
    features = torch.randn(4, 8, 100)
    batch = SEDBatch(torch.zeros(4), features)
    terms = lgc(student, batch, student(features))
    assert terms.mean_teacher < 1e-12 and terms.cutmix < 1e-12


@given(st.booleans(), st.booleans(), st.booleans(), st.integers(1, 3))
def test_a_recipes_batch_becomes_ours(has_labels, known, classes, n_classes):
    feats, lengths = torch.rand(3, 10, 4), torch.tensor([1.0, 0.4, 0.9])
    shape = (3, 5, n_classes) if classes else (3, 5)
    labels = torch.rand(shape) if has_labels else None
    flags = torch.tensor([True, False, True]) if known else None
    batch = SEDBatch.from_frames(feats, lengths, labels, flags)
    strong = 2 if has_labels else 0
    expected = [strong, 0 if known else strong, strong]
    assert batch.label_kind.tolist() == expected
    assert batch.label_kind.dtype == torch.long
    assert torch.equal(batch.features, feats.transpose(1, 2))
    assert batch.lengths is lengths and batch.relative_lengths is lengths
    if has_labels:
        rows = labels.view(3, 5, -1).transpose(1, 2)
        assert torch.equal(batch.frame_labels, rows)
    valid = batch.with_frames(5).valid
    assert valid.sum(dim=1).tolist() == [5, 2, 5]


ONES = torch.ones(2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.rand(2, 10), ONES), r"feats must be \(B, T, F\), got \(2, 10"),
        ((torch.rand(2, 10, 4), ONES, ONES), r"labels must be \(B, T'\) or"),
        (
            (torch.rand(2, 10, 4), ONES, torch.zeros(2, 5), ONES),
            "one bool for each of 2 clips, got torch.float32",
        ),
        (
            (torch.rand(2, 10, 4), ONES, None, torch.ones(3) > 0),
            r"got torch.bool of shape \(3,\)",
        ),
        (
            (torch.rand(3, 10, 4), ONES),
            "2 clips, features has 3",
        ),
    ],
)
def test_frames_of_another_shape_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SEDBatch.from_frames(*arguments)


@pytest.mark.parametrize("padded", [True, False])
def test_features_take_the_place_of_waveforms(padded):
    batch = SEDBatch(
        torch.zeros(3),
        wavs=torch.rand(3, 100),
        n_samples=torch.tensor([100, 41, 1]),
        padded=padded,
    )
    features = batch.with_features(torch.rand(3, 2, 11), 2, 20)
    assert features.wavs is None and features.n_frames == 5
    if padded:
        assert features.valid.sum(dim=1).tolist() == [5, 3, 1]
        assert features.feature_mask.sum(dim=1).tolist() == [11, 6, 2]
    else:
        assert features.valid is features.feature_mask is None


def test_relative_lengths_end_with_the_last_valid_frame():
    valid = torch.tensor([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]) > 0
    batch = SEDBatch(torch.zeros(3), valid=valid)
    assert batch.relative_lengths.tolist() == [0.5, 0.75, 1.0]
    assert SEDBatch(torch.zeros(3)).relative_lengths.tolist() == [1.0] * 3

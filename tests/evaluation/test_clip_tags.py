"""F1 and average precision of tagging clips, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score, f1_score

from lgc_plugin.evaluation.clip_tags import APCounts, clip_f1

LABELS = ("Cat", "Dog", "Cow")


shapes = st.integers(1, 20).map(lambda n: (n, 3))


@given(st.data())
def test_scores_are_scikit_learns_over_the_classes_present(data):
    shape = data.draw(shapes)
    tags = data.draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 1)))
    scores = data.draw(hnp.arrays(np.float64, shape, elements=st.floats(0, 1)))
    result = clip_f1(scores, tags, LABELS)
    present = np.flatnonzero(tags.any(axis=0))
    if not len(present):
        assert np.isnan(result.macro) and np.isnan(result.micro)
        return
    found = scores > 0.5
    macro = f1_score(
        tags, found, average="macro", labels=present, zero_division=0
    )
    micro = f1_score(tags, found, average="micro", zero_division=0)
    assert result.macro == pytest.approx(macro)
    assert result.micro == pytest.approx(micro)
    absent = np.isnan(list(result.per_class.values()))
    assert (absent == ~tags.any(axis=0)).all()


def test_tensors_and_the_threshold():
    scores = torch.tensor([[0.5, 0.6, 0.2]], requires_grad=True)
    tags = torch.tensor([[1.0, 1.0, 0.0]])
    assert clip_f1(scores, tags, LABELS).macro == 0.5
    assert clip_f1(scores, tags, LABELS, threshold=0.4).macro == 1.0


@pytest.mark.parametrize(
    ("scores", "tags", "message"),
    [
        (np.zeros((2, 3)), np.zeros((3, 3)), "must both be"),
        (np.zeros((2, 2)), np.zeros((2, 2)), r"\(clips, 3\)"),
        ([[0, 0, 0], [0, np.nan, 0]], np.zeros((2, 3)), "row 1 .* NaN"),
        (np.zeros((1, 3)), [[0.5, 0, 0]], "0 or 1"),
    ],
)
def test_what_does_not_fit_is_refused(scores, tags, message):
    with pytest.raises(ValueError, match=message):
        clip_f1(scores, tags, LABELS)


PAIR = ("Cat", "Dog")


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), levels=st.sampled_from([3, 1000]))
def test_weighted_ranks_are_scikit_learns(seed, levels):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (12, 2)) / levels
    tags = rng.random((12, 2)) < 0.4
    tags[0] = True
    weights = rng.integers(0, 3, (4, 12))
    weights[:, 0] = 1
    counts = APCounts(PAIR, scores, tags, np.ones(12, dtype=bool))
    ours = counts.averages(weights)
    for row, weight in enumerate(weights):
        each = [
            average_precision_score(
                tags[:, i], scores[:, i], sample_weight=weight
            )
            for i in range(2)
        ]
        np.testing.assert_allclose(ours.per_class[row], each)
        assert ours.value[row] == pytest.approx(np.mean(each))
        pooled = average_precision_score(
            tags.ravel(), scores.ravel(), sample_weight=np.repeat(weight, 2)
        )
        assert ours.micro[row] == pytest.approx(pooled)


def test_clips_that_do_not_count_and_classes_that_nobody_has():
    scores = np.array([[0.9, 0.9], [0.8, 0.1], [0.1, 0.2]])
    tags = np.array([[False, False], [True, False], [False, False]])
    everyone = APCounts(PAIR, scores, tags, np.array([True, True, True]))
    without = APCounts(PAIR, scores, tags, np.array([False, True, True]))
    assert everyone.score().per_class["Cat"] == 0.5
    assert without.score().per_class["Cat"] == 1.0
    assert np.isnan(without.score().per_class["Dog"])
    assert without.score().macro == 1.0

"""Average precision against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from lgc_plugin.evaluation.clip_tags import APCounts

LABELS = ("Cat", "Dog")


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), levels=st.sampled_from([3, 1000]))
def test_weighted_ranks_are_scikit_learns(seed, levels):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (12, 2)) / levels
    tags = rng.random((12, 2)) < 0.4
    tags[0] = True
    weights = rng.integers(0, 3, (4, 12))
    weights[:, 0] = 1
    counts = APCounts(LABELS, scores, tags, np.ones(12, dtype=bool))
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
    everyone = APCounts(LABELS, scores, tags, np.array([True, True, True]))
    without = APCounts(LABELS, scores, tags, np.array([False, True, True]))
    assert everyone.score().per_class["Cat"] == 0.5
    assert without.score().per_class["Cat"] == 1.0
    assert np.isnan(without.score().per_class["Dog"])
    assert without.score().macro == 1.0

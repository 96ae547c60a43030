"""Scores of clips of which only the tags are known."""

import numpy as np
import pytest
import torch

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.evaluation.clip_metrics import ClipMetrics
from lgc_plugin.types import LabelKind, SEDOutput

LABELS = ("Cat", "Dog")


def test_scores_are_those_of_the_clips_by_hand():
    scores = np.array([[0.9, 0.35], [0.2, 0.1], [0.6, 0.4]])
    tags = np.array([[1, 0], [1, 0], [0, 1]])
    metrics = ClipMetrics(
        EventEncoder(LABELS),
        networks=("teacher",),
        decision_threshold={"Cat": 0.5, "Dog": 0.3},
    )
    assert metrics.summarize() == {} and not metrics.clips
    for part in (slice(0, 2), slice(2, 3)):
        clip = torch.tensor(scores[part])
        output = SEDOutput(torch.rand(len(clip), 2, 4), clip, torch.zeros(0))
        kind = torch.full((len(clip),), LabelKind.WEAK)
        names = list("abc"[part])
        labels = torch.tensor(tags[part])
        metrics.append(names, {"teacher": output}, kind, labels)
    result = metrics.summarize(resamples=10, seed=1)["teacher"]
    # Cat: one of two found, one false alarm; Dog: one found, one false alarm.
    assert result.scores["clip_f1"].per_class == {
        "Cat": pytest.approx(0.5),
        "Dog": pytest.approx(2 / 3),
    }
    # Cat is ranked first and third; Dog first.
    assert result.scores["clip_ap"].per_class == {
        "Cat": pytest.approx((1 + 2 / 3) / 2),
        "Dog": pytest.approx(1.0),
    }
    assert result.coverage == "3/3" and result.resamples == 10
    assert result.scores["clip_f1"].intervals is not None
    alone = metrics.summarize(("clip_f1",))["teacher"]
    assert list(alone.scores) == ["clip_f1"]

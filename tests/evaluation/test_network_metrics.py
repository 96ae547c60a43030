import numpy as np
import pytest
import torch

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.evaluation.ground_truth import truth_of_rows
from lgc_plugin.evaluation.network_metrics import (
    EvaluationMetrics,
    metrics_of_manifest,
)
from lgc_plugin.types import Event, LabelKind, SEDOutput

LABELS = ("Cat", "Dog")
ENCODER = EventEncoder(LABELS, clip_seconds=2.0)
EVENTS = {"a": (Event(0.64, 1.28, "Cat"),), "b": (Event(0.0, 1.92, "Dog"),)}


def rows():
    strong = [
        ClipRow(name, 2.0, f"{name}.wav", LabelKind.STRONG, events, ())
        for name, events in EVENTS.items()
    ]
    weak = ClipRow("w", 2.0, "w.wav", LabelKind.WEAK, (), ("Dog",))
    return [*strong, weak]


def outputs(right):
    """Scores that are the truth, or the opposite."""
    frames = torch.stack(
        [ENCODER.encode(EVENTS.get(name, ())) for name in ("w", "a", "b")]
    )
    clip = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    embedding = torch.zeros(3, ENCODER.n_frames, 4)
    if not right:
        frames, clip = 1 - frames, 1 - clip
    return SEDOutput(frames, clip, embedding)


def test_strong_and_weak_clips_of_one_batch_go_their_ways():
    metrics = EvaluationMetrics(
        ENCODER, truth_of_rows(rows(), LABELS), ("right", "wrong")
    )
    kinds = torch.tensor([LabelKind.WEAK, LabelKind.STRONG, LabelKind.STRONG])
    tags = torch.tensor([[0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    metrics.append(
        ["w.wav", "a.wav", "b.wav"],
        {"right": outputs(True), "wrong": outputs(False)},
        kinds,
        tags,
    )
    assert metrics.scored_clips() == {"a.wav", "b.wav"}
    results = metrics.summarize()
    right, wrong = results["right"].flat(), results["wrong"].flat()
    for name in ("psds1", "event_f1_macro", "intersection_f1_macro"):
        assert right[name] == pytest.approx(1.0)
        assert wrong[name] < 0.5
    assert results["right"].scores["weak_f1"].per_class["Dog"] == 1.0
    # The network's own clip scores, not the largest frame's.
    assert results["right"].scores["clip_f1"].macro == 1.0
    assert results["wrong"].scores["clip_f1"].macro == 0.0
    assert results["wrong"].scores["weak_f1"].per_class["Dog"] == 0.0
    per_class = results["right"].as_dict()["per_class"]
    assert np.isnan(per_class["weak_f1"]["Cat"])
    np.testing.assert_array_equal(
        metrics.frames["right"].frame_scores().of("a.wav"),
        outputs(True).frame[1],
    )
    metrics.clear()
    assert metrics.scored_clips() == frozenset()


def test_without_weak_clips_there_is_no_clip_score():
    metrics = EvaluationMetrics(ENCODER, truth_of_rows(rows(), LABELS), ("x",))
    output = SEDOutput(*(tensor[1:] for tensor in outputs(True)))
    kinds = torch.tensor([LabelKind.STRONG] * 2)
    metrics.append(["a.wav", "b.wav"], {"x": output}, kinds, torch.zeros(2, 2))
    result = metrics.summarize(["event_f1"], resamples=20)["x"]
    assert list(result.scores) == ["event_f1"]
    assert result.scores["event_f1"].intervals.value == (1.0, 1.0)


def test_metrics_come_from_a_manifest(tmp_path):
    write_manifest(rows(), tmp_path / "test.csv")
    metrics = metrics_of_manifest(
        tmp_path / "test.csv",
        ENCODER,
        n_thresholds=4,
        profile="strict",
        median_windows=3,
    )
    assert metrics.profile == "strict"
    post_processing = metrics.frames["teacher"].post_processing
    assert post_processing.thresholds == (0.125, 0.375, 0.625, 0.875)
    assert post_processing.median_windows == (3, 3)

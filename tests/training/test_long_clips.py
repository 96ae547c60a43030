"""Recordings longer than the clips of the training are scored in windows."""

from types import SimpleNamespace

import numpy as np
import pytest
import speechbrain as sb
import torch

import split_batches
from lgc_plugin.data.batch_loaders import collate_clips
from lgc_plugin.inference.prediction import predict, run_on_windows
from lgc_plugin.inference.windows import WindowPlan
from lgc_plugin.types import LabelKind
from split_batches import ENCODER

N = ENCODER.n_samples


def make_batch(*lengths):
    rng = np.random.default_rng(3)
    items = []
    for number, length in enumerate(lengths):
        wav = np.zeros(max(length, N), np.int16)
        wav[:length] = rng.integers(-9000, 9000, length)
        items.append(
            {
                "id": str(number),
                "wav": torch.from_numpy(wav),
                "n_samples": length,
                "frame_labels": ENCODER.encode([]),
                "clip_labels": ENCODER.encode_clip(["Cat"]),
                "label_kind": int(LabelKind.STRONG),
            }
        )
    return collate_clips(items)


def count_frames(length):
    return -(-length // ENCODER.frame_samples)


@pytest.fixture
def brain():
    brain = split_batches.make_brain(batch_norm=True)
    brain.modules.eval()
    return brain


def forward(brain, batch, stage=sb.Stage.TEST):
    with torch.no_grad():
        return brain.compute_forward(batch, stage)


def detector_scores(brain, network, wav):
    """(C, T') as the detector has them."""

    def run(wavs, n_samples):
        with torch.no_grad():
            return run_on_windows(
                brain.modules.front_end,
                network,
                wavs,
                n_samples,
                ENCODER.pooling,
            ).frame

    plan = WindowPlan.of(ENCODER)
    pieces = predict([wav.numpy() / np.float32(32768)], plan, run)
    return np.concatenate([piece.scores for piece in pieces], axis=1)


@pytest.mark.parametrize("length", [N + 1, 2 * N, 5 * N + 777])
def test_scores_are_those_of_the_detector(brain, length):
    batch = make_batch(length)
    outputs = forward(brain, batch)
    networks = {
        "student": brain.modules.model,
        "teacher": brain.modules.lgc.teacher.network,
    }
    for name, network in networks.items():
        expected = detector_scores(brain, network, batch.wavs[0])
        frame = outputs[name].frame
        assert expected.shape[1] == count_frames(length)
        assert frame.shape == (1, *expected.shape)
        np.testing.assert_allclose(frame[0], expected, atol=1e-6)


def test_the_score_of_a_clip_is_the_highest_of_its_windows(brain):
    batch = make_batch(3 * N)
    hop = WindowPlan.of(ENCODER).hop_samples
    starts = [s for s in range(0, 2 * N + hop, hop) if s + N <= 3 * N]
    windows = make_batch(*[N] * len(starts))
    for row, start in enumerate(starts):
        windows.wavs[row] = batch.wavs[0, start : start + N]
    whole = forward(brain, batch)["teacher"].clip[0]
    parts = forward(brain, windows)["teacher"].clip.amax(dim=0)
    # The last window, which is shorter, may be above the others.
    assert bool((whole >= parts - 1e-6).all())
    assert bool(torch.isclose(whole, parts, atol=1e-6).any())


def test_clips_of_the_usual_length_are_scored_whole(brain, monkeypatch):
    monkeypatch.setattr("lgc_plugin.training.brain.score_in_windows", None)
    batch = make_batch(N, N - 300)
    outputs = forward(brain, batch)
    lgc = brain.modules.lgc
    with torch.no_grad():
        expected = lgc.run(brain.modules.model, lgc.view(brain.prepare(batch)))
    assert torch.equal(outputs["student"].frame, expected.frame)
    assert torch.equal(outputs["student"].clip, expected.clip)


def test_a_mixed_batch_has_the_scores_of_each_clip(brain):
    lengths = (3 * N + 5, N, 2 * N)
    together = make_batch(*lengths)
    outputs = forward(brain, together)["teacher"]
    for number, length in enumerate(lengths):
        alone = detector_scores(
            brain,
            brain.modules.lgc.teacher.network,
            together.wavs[number, :length],
        )
        n_frames = alone.shape[1]
        found = outputs.frame[number]
        np.testing.assert_allclose(found[:, :n_frames], alone, atol=1e-6)
        assert not found[:, n_frames:].any()


@pytest.mark.parametrize("stage", [sb.Stage.VALID, sb.Stage.TEST])
def test_metrics_get_every_frame_of_a_long_clip(brain, stage):
    kept = []
    brain.metrics[stage] = SimpleNamespace(
        append=lambda *arguments: kept.append(arguments)
    )
    batch = make_batch(4 * N + 9)
    predictions = forward(brain, batch, stage)
    loss = brain.compute_objectives(predictions, batch, stage)
    assert torch.isfinite(loss)
    ((names, outputs, _, _, valid),) = kept
    assert names == ["0.wav"]
    assert valid.tolist() == [count_frames(4 * N + 9)]
    assert outputs["teacher"].frame.shape[2] == count_frames(4 * N + 9)


def test_few_windows_are_on_the_device_at_a_time(brain, monkeypatch):
    shapes = []
    prepare = brain.prepare

    def watched(batch, **options):
        shapes.append(tuple(batch.wavs.shape))
        return prepare(batch, **options)

    monkeypatch.setattr(brain, "prepare", watched)
    forward(brain, make_batch(30 * N))
    assert {n for _, n in shapes} == {N}
    assert max(count for count, _ in shapes) <= 16 < sum(c for c, _ in shapes)

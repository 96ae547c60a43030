"""A detector whose network reads the embeddings of a pretrained encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from detector_cases import CPU, FRAME, sound
from encoder_model_cases import encoder_settings, save_weights
from lgc_plugin import LGC, SoundEventDetector
from lgc_plugin.inference.model.model_folder import read_model, write_model
from lgc_plugin.models.encoders import embeddings_for
from lgc_plugin.types import SEDBatch
from model_cases import used_network


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_weights(tmp_path_factory.mktemp("encoder") / "tiny.pt")


@pytest.fixture(scope="module")
def folder(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = encoder_settings(weights)
    folder = tmp_path_factory.mktemp("run") / "model"
    write_model(folder, settings, {"teacher": used_network(settings, 2)})
    return folder


@pytest.fixture(scope="module")
def detector(folder: Path) -> SoundEventDetector:
    return SoundEventDetector.from_hparams(folder, run_opts=CPU)


def as_recipe(wav: np.ndarray, folder: Path) -> np.ndarray:
    """Scores of one clip in a batch of padded ones, as a test has them."""
    settings, front_end, network, encoder = read_model(folder)
    wavs = torch.zeros(2, 16000, dtype=torch.int16)
    wavs[0, : len(wav)] = torch.from_numpy(wav)
    lengths = [len(wav), 3000]
    batch = SEDBatch(
        torch.zeros(2), wavs=wavs, n_samples=torch.tensor(lengths)
    ).with_features(front_end.mel(wavs), 2, FRAME)
    embeddings = embeddings_for(
        encoder, wavs, lengths, batch.valid.shape[1], settings.frame_seconds
    )
    batch = replace(batch, embeddings=embeddings)
    lgc = LGC(network, n_classes=3, embedding_dim=7, normalize=front_end)
    with torch.no_grad():
        output = lgc.run(network, batch)
    return output.frame[0, :, : int(batch.valid[0].sum())].numpy()


@pytest.mark.parametrize("n_samples", [16000, 15999, 9000, 800, 1])
def test_one_window_is_the_test_of_the_recipe(
    detector: SoundEventDetector, folder: Path, n_samples: int
) -> None:
    wav = sound(n_samples)
    scores = detector.scores(wav, 16000)
    expected = as_recipe(wav, folder)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-6)


def test_the_embeddings_matter(folder: Path, detector, tmp_path: Path) -> None:
    settings = encoder_settings(save_weights(tmp_path / "other.pt", seed=5))
    network = read_model(folder).network
    write_model(tmp_path / "model", settings, {"teacher": network})
    other = SoundEventDetector.from_hparams(tmp_path / "model", run_opts=CPU)
    wav = sound(16000)
    difference = other.scores(wav, 16000) - detector.scores(wav, 16000)
    assert np.abs(difference).max() > 1e-3


@pytest.mark.parametrize("batch_size", [1, 3])
def test_batches_and_streams_change_nothing(
    folder: Path, detector: SoundEventDetector, batch_size: int
) -> None:
    own = SoundEventDetector.from_hparams(
        folder, batch_size=batch_size, run_opts=CPU
    )
    wav = sound(45000)
    expected = detector.scores(wav, 16000)
    np.testing.assert_allclose(
        own.scores(wav, 16000), expected, rtol=0, atol=1e-6
    )
    threshold = float(np.median(expected))
    stream = own.detect_stream(np.split(wav, 9), threshold=threshold)
    events = detector.detect(wav, 16000, threshold=threshold)
    order = ["onset", "event_label"]
    assert len(events) > 2
    pd.testing.assert_frame_equal(
        pd.DataFrame(stream).sort_values(order, ignore_index=True),
        events.sort_values(order, ignore_index=True),
        check_exact=False,
        atol=1e-6,
    )


def test_a_batch_by_speechbrains_convention(
    detector: SoundEventDetector, folder: Path
) -> None:
    wav = sound(9000)
    wavs = torch.zeros(2, 16000)
    wavs[0] = torch.from_numpy(sound(16000, seed=1)) / 32768
    wavs[1, :9000] = torch.from_numpy(wav) / 32768
    output = detector(wavs, torch.tensor([1.0, 9000 / 16000]))
    expected = as_recipe(wav, folder)
    np.testing.assert_allclose(
        output.frame[1, :, : expected.shape[1]], expected, rtol=0, atol=1e-6
    )


def test_half_precision_rounds_the_network_alone(
    folder: Path, detector: SoundEventDetector
) -> None:
    half = SoundEventDetector.from_hparams(
        folder, run_opts={**CPU, "precision": "bf16"}
    )
    wav = sound(16000)
    difference = half.scores(wav, 16000) - detector.scores(wav, 16000)
    assert 0 < np.abs(difference).max() < 0.05


def test_weights_that_lie_elsewhere(
    folder: Path, detector: SoundEventDetector, weights: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.pt"
    copy.write_bytes(weights.read_bytes())
    own = SoundEventDetector.from_hparams(
        folder, encoder_weights=copy, run_opts=CPU
    )
    wav = sound(8000)
    np.testing.assert_array_equal(
        own.scores(wav, 16000), detector.scores(wav, 16000)
    )

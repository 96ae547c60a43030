"""A detector of which the last layers of the encoder were trained, too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from detector_cases import CPU, FRAME, sound
from lgc_plugin import CRNN, LGC, SoundEventDetector
from lgc_plugin.inference.model.export import export_model
from lgc_plugin.inference.model.model_encoder import (
    describe_encoder,
    register_encoder,
)
from lgc_plugin.inference.model.model_folder import (
    read_model,
    write_model,
)
from lgc_plugin.inference.model.model_settings import ModelSettings
from lgc_plugin.models.encoders import put_in_loop
from lgc_plugin.models.features import LogMel
from lgc_plugin.types import SEDBatch
from model_cases import small_settings, used_network
from tiny_encoder import LayeredEncoder

LAYERED = register_encoder(LayeredEncoder)


def layered_settings() -> ModelSettings:
    entry = describe_encoder(LAYERED, {}, LayeredEncoder().fingerprint)
    network = {**small_settings().network, "encoder_size": 6}
    return small_settings(network=network, frame_encoder=entry)


SETTINGS = layered_settings()


def trained_network(seed: int) -> CRNN:
    """A network with a layer of its encoder that is another one now."""
    network = used_network(SETTINGS, seed)
    put_in_loop(network, LayeredEncoder(), trainable_layers=1)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        for parameter in network.encoder.layers.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return network.eval()


NETWORKS = {"student": trained_network(1), "teacher": trained_network(2)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "model"
    write_model(folder, SETTINGS, NETWORKS)
    return folder


def in_the_loop(wav: np.ndarray, network: CRNN) -> np.ndarray:
    """Scores of a clip as the recipe gives them with the encoder inside."""
    front_end = LogMel(**SETTINGS.front_end)
    wavs = torch.from_numpy(wav)[None] / 32768
    batch = SEDBatch(
        torch.zeros(1),
        wavs=wavs,
        n_samples=torch.tensor([len(wav)]),
        wav_lengths=(len(wav),),
    ).with_features(front_end.mel(wavs), 2, FRAME, keep_wavs=True)
    lgc = LGC(network, n_classes=3, embedding_dim=7, normalize=front_end)
    with torch.no_grad():
        return lgc.run(network, batch).frame[0].numpy()


@pytest.mark.parametrize("name", NETWORKS)
def test_each_network_has_its_own_layers(folder: Path, name: str) -> None:
    detector = SoundEventDetector.from_hparams(folder, name, run_opts=CPU)
    wav = sound(16000)
    scores = detector.scores(wav, 16000)
    expected = in_the_loop(wav, NETWORKS[name])
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-6)


def test_an_export_keeps_the_layers(folder: Path, tmp_path: Path) -> None:
    export_model(folder, tmp_path / "copy")
    model = read_model(tmp_path / "copy")
    expected = NETWORKS["teacher"].state_dict()
    found = model.network.state_dict()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_a_frozen_encoder_in_the_loop_leaves_no_trace(tmp_path: Path) -> None:
    network = used_network(SETTINGS, 1)
    put_in_loop(network, LayeredEncoder())
    write_model(tmp_path / "model", SETTINGS, {"teacher": network})
    model = read_model(tmp_path / "model")
    assert not any("encoder." in name for name in model.network.state_dict())
    detector = SoundEventDetector.from_hparams(tmp_path / "model", run_opts=CPU)
    wav = sound(16000)
    expected = in_the_loop(wav, network)
    scores = detector.scores(wav, 16000)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-6)

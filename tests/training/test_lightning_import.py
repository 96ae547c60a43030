"""Files of Lightning, and weights of the published code against ours."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch

from lgc_plugin.models.crnn import CRNN
from lgc_plugin.training.lightning_file import read_lightning_file
from lgc_plugin.training.lightning_import import convert_state_dict
from published_crnn import published_module

SMALL = {
    "n_classes": 3,
    "n_mels": 16,
    "filters": (4, 6),
    "pooling": ((2, 4), (1, 2)),
    "rnn_size": 5,
    "rnn_layers": 1,
    "embedding_dim": 7,
}
SHAPE = {"n_mels": SMALL["n_mels"], "pooling": SMALL["pooling"]}


@pytest.fixture
def small() -> dict[str, torch.Tensor]:
    return published_module(**SMALL).state_dict()


def outputs(network: CRNN, weights: dict, features: torch.Tensor):
    network.load_state_dict({**network.state_dict(), **weights})
    with torch.no_grad():
        return network.eval()(features)


@pytest.mark.parametrize("options", [{}, SMALL], ids=["published", "small"])
def test_scores_are_those_of_the_published_network(options) -> None:
    module = published_module(**options)
    shape = SHAPE if options else {}
    weights = convert_state_dict(module.state_dict(), **shape)
    assert weights.has_projection
    features = torch.rand(2, options.get("n_mels", 128), 83)
    seen = []
    for theirs, ours in (
        (module.sed_student, weights.student),
        (module.sed_teacher, weights.teacher),
    ):
        output = outputs(CRNN(**weights.network), ours, features)
        with torch.no_grad():
            expected = theirs(features)
        for mine, published in zip(output, expected, strict=True):
            torch.testing.assert_close(mine, published, rtol=0, atol=1e-5)
        # A constant output would be equal too.
        assert output.frame.std(dim=(0, 2)).min() > 1e-4
        seen.append(output.frame)
    assert (seen[0] - seen[1]).abs().max() > 0.01


def test_sizes_are_read_from_the_shapes(small) -> None:
    network = convert_state_dict(small, **SHAPE).network
    assert {
        k: tuple(v) if k == "filters" else v for k, v in network.items()
    } == {
        **SMALL,
        "pooling": [(2, 4), (1, 2)],
    }


def test_baseline_has_no_projection() -> None:
    module = published_module(**{**SMALL, "embedding_dim": None})
    weights = convert_state_dict(module.state_dict(), **SHAPE)
    assert not weights.has_projection
    assert weights.network["embedding_dim"] == CRNN().projection.out_features
    features = torch.rand(1, 16, 20)
    output = outputs(CRNN(**weights.network), weights.teacher, features)
    with torch.no_grad():
        strong, weak, _ = module.sed_teacher(features)
    torch.testing.assert_close(output.frame, strong, rtol=0, atol=1e-5)
    torch.testing.assert_close(output.clip, weak, rtol=0, atol=1e-5)


def test_what_no_network_needs_is_left_out_and_listed(small) -> None:
    small["scaler.mean"] = torch.zeros(1)
    ignored = convert_state_dict(small, **SHAPE).ignored
    assert {
        "mel_spec.mel_scale.fb",
        "mel_spec.spectrogram.window",
        "scaler.mean",
        "sed_student.cnn_proj_bn.running_mean",
        "sed_teacher.cnn_proj_bn.weight",
    } <= set(ignored)
    assert not any("fc" in name or "dense" in name for name in ignored)
    without = {k: v for k, v in small.items() if "cnn_proj_bn" not in k}
    assert convert_state_dict(without, **SHAPE).has_projection


def test_missing_and_unknown_names_are_named_together(small) -> None:
    del small["sed_student.dense.bias"]
    del small["sed_teacher.cnn.cnn.glu1.linear.weight"]
    small["sed_student.cnn.cnn.cg0.linear.weight"] = torch.zeros(4, 4)
    small["sed_teacher.rnn.rnn.weight_ih_l0_extra"] = torch.zeros(1)
    small["sed_teacher.dense.weight"] = "half"
    with pytest.raises(ValueError) as raised:
        convert_state_dict(small, **SHAPE)
    message = str(raised.value)
    assert message.startswith(
        "missing in sed_student: dense.bias; "
        "unknown in sed_student: cnn.cnn.cg0.linear.weight; "
        "missing in sed_teacher: cnn.cnn.glu1.linear.weight; "
        "unknown in sed_teacher: rnn.rnn.weight_ih_l0_extra; "
        "no tensor in sed_teacher: dense.weight"
    )


def test_projection_of_one_network_only_is_missing_in_the_other(small) -> None:
    for name in ("weight", "bias"):
        del small[f"sed_student.cnn_proj_fc.{name}"]
    message = "^missing in sed_student: cnn_proj_fc.bias, cnn_proj_fc.weight "
    with pytest.raises(ValueError, match=message):
        convert_state_dict(small, **SHAPE)


def test_wrong_shapes_are_named_together(small) -> None:
    small["sed_student.cnn.cnn.conv1.weight"] = torch.zeros(6, 4, 5, 5)
    small["sed_teacher.dense.bias"] = torch.zeros(())
    with pytest.raises(ValueError) as raised:
        convert_state_dict(small, **SHAPE)
    assert str(raised.value).endswith(
        "sed_student.cnn.cnn.conv1.weight is (6, 4, 5, 5), not (6, 4, 3, 3); "
        "sed_teacher.dense.bias is (), not (3,)"
    )


def test_networks_of_two_sizes_do_not_pass(small) -> None:
    other = published_module(**{**SMALL, "n_classes": 4}).state_dict()
    small.update({k: v for k, v in other.items() if "teacher" in k})
    with pytest.raises(ValueError, match=r"dense.bias is \(4,\), not \(3,\)"):
        convert_state_dict(small, **SHAPE)


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        (
            "sed_student.",
            "no weights of sed_student: names begin with mel_spec",
        ),
        (
            "sed_",
            "no weights of sed_student and sed_teacher: names begin with ",
        ),
    ],
)
def test_both_networks_are_needed(small, prefix, message) -> None:
    rest = {k: v for k, v in small.items() if not k.startswith(prefix)}
    with pytest.raises(ValueError, match=message):
        convert_state_dict(rest, **SHAPE)


def test_one_network_without_prefix_is_explained() -> None:
    state = published_module(**SMALL).sed_student.state_dict()
    with pytest.raises(ValueError, match="one network alone, without a prefix"):
        convert_state_dict(state, **SHAPE)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"n_mels": 16}, "has 2 blocks and the pooling is of 7"),
        ({**SHAPE, "pooling": ((2, 2), (2, 2))}, "reads 12 .* leave 24"),
        ({"pooling": SMALL["pooling"]}, "128 mel bins and this pooling leave"),
        ({**SHAPE, "pooling": ((2, 0), (2, 2))}, "sizes of at least 1"),
    ],
)
def test_pooling_and_mels_have_to_fit(small, shape, message) -> None:
    with pytest.raises(ValueError, match=message):
        convert_state_dict(small, **shape)


def test_conversion_draws_no_random_numbers(small) -> None:
    before = torch.get_rng_state()
    convert_state_dict(small, **SHAPE)
    assert torch.equal(before, torch.get_rng_state())


WEIGHTS = {"layer.weight": torch.arange(4096.0)}


class Bomb:
    """Runs a program when it is unpickled, as any class can."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
def test_what_lightning_writes_is_read(tmp_path: Path, zipped: bool) -> None:
    file = tmp_path / "a.ckpt"
    content = {"state_dict": WEIGHTS, "epoch": 3, "hyper_parameters": {"a": 1}}
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    read = read_lightning_file(file)
    assert read["epoch"] == 3
    assert read["state_dict"]["layer.weight"].equal(WEIGHTS["layer.weight"])


def test_a_bare_state_dict_is_one(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "a.ckpt")
    assert list(read_lightning_file(tmp_path / "a.ckpt")) == ["state_dict"]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
def test_classes_are_refused_by_name_with_a_way_out(
    tmp_path: Path, zipped: bool
) -> None:
    file = tmp_path / "a.ckpt"
    content = {"state_dict": WEIGHTS, "hyper": argparse.Namespace(a=1)}
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError) as raised:
        read_lightning_file(file)
    message = str(raised.value)
    assert "would load argparse.Namespace, and" in message
    # The way out leads out.
    command = message.partition('python -c "')[2].partition('"')[0]
    command = command.replace("'a.ckpt'", repr(str(file)))
    command = command.replace("weights.ckpt", str(tmp_path / "weights.ckpt"))
    exec(command, {})
    read = read_lightning_file(tmp_path / "weights.ckpt")
    assert list(read["state_dict"]) == list(WEIGHTS)


def test_nothing_in_a_pickle_is_run(tmp_path: Path) -> None:
    file, mark = tmp_path / "a.ckpt", tmp_path / "was_here"
    torch.save({"state_dict": WEIGHTS, "callbacks": Bomb(mark)}, file)
    with pytest.raises(ValueError, match="refused, since reading it would"):
        read_lightning_file(file)
    assert not mark.exists()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    file = tmp_path / "a.ckpt"
    torch.save({"state_dict": WEIGHTS}, file)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError) as raised:
        read_lightning_file(file)
    message = str(raised.value)
    assert message.startswith(f"{file}: not a whole checkpoint of PyTorch (")
    assert "\n" not in message and "weights_only" not in message


@pytest.mark.parametrize("content", [{"epoch": 1}, {}, [1], torch.ones(2)])
def test_a_file_without_state_dict_is_refused(tmp_path: Path, content) -> None:
    torch.save(content, tmp_path / "a.ckpt")
    with pytest.raises(ValueError, match="a.ckpt: no state_dict in it"):
        read_lightning_file(tmp_path / "a.ckpt")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing.ckpt"):
        read_lightning_file(tmp_path / "nothing.ckpt")
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        read_lightning_file(tmp_path)
    (tmp_path / "a.txt").write_text("a text")
    with pytest.raises(ValueError, match="a.txt: not a whole checkpoint"):
        read_lightning_file(tmp_path / "a.txt")

"""Weights are those that were saved, or they are refused."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from lgc_plugin.inference.model.model_folder import read_model, write_model
from lgc_plugin.utils.checksums import write_sums
from model_cases import SETTINGS, used_network


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def edit_weights(file: Path, **changes) -> None:
    """Replaces tensors of a file; None removes one."""
    state = {**torch.load(file, weights_only=True), **changes}
    torch.save({k: v for k, v in state.items() if v is not None}, file)
    write_sums(file.parent)


@pytest.mark.parametrize("name", ["student", "teacher"])
def test_weights_learn_if_they_did(written, name):
    """The recipe's teacher is frozen, and its GRU computed in its own way."""
    model = read_model(written, name)
    learns = {p.requires_grad for p in model.network.parameters()}
    assert learns == {name == "student"}


def test_a_weight_that_views_a_larger_tensor_is_saved_alone(tmp_path):
    network = used_network(SETTINGS, 3)
    large = torch.zeros(1_000_000)
    large[:3] = network.frame_head.bias.data
    network.frame_head.bias.data = large[:3]
    write_model(tmp_path / "model", SETTINGS, {"teacher": network})
    assert (tmp_path / "model" / "teacher.pt").stat().st_size < 100_000


def test_missing_extra_and_misshapen_weights_are_all_named(written):
    edit_weights(
        written / "teacher.pt",
        **{
            "frame_head.bias": None,
            "rnn.weight_ih_l9": torch.zeros(2),
            "frame_head.weight": torch.zeros(4, 10),
            "attention_head.bias": torch.zeros(3, dtype=torch.float64),
        },
    )
    with pytest.raises(ValueError) as caught:
        read_model(written)
    for part in (
        str(written / "teacher.pt"),
        "missing frame_head.bias",
        "unknown rnn.weight_ih_l9",
        "frame_head.weight is (4, 10) instead of (3, 10)",
        "attention_head.bias is torch.float64 instead of torch.float32",
    ):
        assert part in str(caught.value)
    assert read_model(written, "student").settings == SETTINGS


def test_a_long_list_of_names_is_cut(written):
    torch.save({}, written / "teacher.pt")
    write_sums(written)
    with pytest.raises(ValueError, match=r"missing blocks\.0.* and \d+ more$"):
        read_model(written)


class Harmful:
    """Makes a folder where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickled_program_is_not_run(written, tmp_path):
    torch.save({"w": Harmful(tmp_path / "a")}, written / "teacher.pt")
    with open(written / "student.pt", "wb") as stream:
        pickle.dump(Harmful(tmp_path / "b"), stream, protocol=2)
    write_sums(written)
    for name in ("teacher", "student"):
        with pytest.raises(ValueError, match=f"{name}.pt: not a whole file"):
            read_model(written, name)
    assert names(tmp_path) == ["model"]


def test_half_a_file_and_one_of_something_else(written):
    file = written / "teacher.pt"
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"version https://git-lfs"):
        file.write_bytes(content)
        write_sums(written)
        with pytest.raises(ValueError, match="copy the model again"):
            read_model(written)
    for content in ([torch.zeros(1)], {"a": 1}, {1: torch.zeros(1)}):
        torch.save(content, file)
        write_sums(written)
        with pytest.raises(ValueError, match="must hold tensors by name"):
            read_model(written)


def test_weights_of_another_network_do_not_fit(written):
    file = written / "model.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("rnn_size: 5", "rnn_size: 6"))
    write_sums(written)
    with pytest.raises(ValueError, match=r"rnn.weight_ih_l0 is \(15, \d+\)"):
        read_model(written)


def test_compressed_weights_are_refused(written):
    """A kilobyte of them can be a gigabyte of zeros."""
    file = written / "teacher.pt"
    packed = written / "packed.pt"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(packed, "w") as new:
        for each in old.infolist():
            new.writestr(each.filename, old.read(each), zipfile.ZIP_DEFLATED)
    packed.replace(file)
    write_sums(written)
    with pytest.raises(ValueError, match="teacher.pt: not a whole file of we"):
        read_model(written)

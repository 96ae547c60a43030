"""Files that are read, and files that are refused."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch

from lgc_plugin.training.lightning_file import read_lightning_file

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
def test_a_truncated_file_is_told(tmp_path: Path, share: float) -> None:
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
def test_a_file_without_state_dict_is_told(tmp_path: Path, content) -> None:
    torch.save(content, tmp_path / "a.ckpt")
    with pytest.raises(ValueError, match="a.ckpt: no state_dict in it"):
        read_lightning_file(tmp_path / "a.ckpt")


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing.ckpt"):
        read_lightning_file(tmp_path / "nothing.ckpt")
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        read_lightning_file(tmp_path)
    (tmp_path / "a.txt").write_text("a text")
    with pytest.raises(ValueError, match="a.txt: not a whole checkpoint"):
        read_lightning_file(tmp_path / "a.txt")

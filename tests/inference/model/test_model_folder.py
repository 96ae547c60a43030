"""A finished detector, written and read."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML
from torch import nn

from lgc_plugin.inference.model import model_folder
from lgc_plugin.inference.model.model_files import find_model
from lgc_plugin.inference.model.model_folder import read_model, write_model
from lgc_plugin.models.features import LogMel
from lgc_plugin.utils import replace_folder
from lgc_plugin.utils.checksums import write_sums
from model_cases import NETWORKS, SETTINGS, small_settings


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["student", "teacher"])
@pytest.mark.parametrize("samples", [16000, 12345, 700])
def test_scores_are_the_same_bit_for_bit(written, name, samples):
    wavs = torch.rand(2, samples) - 0.5
    model = read_model(written, name)
    with torch.no_grad():
        features = LogMel(**SETTINGS.front_end)(wavs)
        assert torch.equal(model.front_end(wavs), features)
        expected = NETWORKS[name](features)
        for mine, theirs in zip(model.network(features), expected, strict=True):
            assert mine.numel() and torch.equal(mine, theirs)
    assert model.settings == SETTINGS


def test_what_is_read_is_ready_to_detect(written):
    model = read_model(written)
    assert not any(module.training for module in model.network.modules())
    assert not model.front_end.training
    ours, others = (
        n.state_dict() for n in (model.network, NETWORKS["teacher"])
    )
    assert all(torch.equal(ours[name], others[name]) for name in others)


def test_reading_and_writing_spend_no_random_numbers(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    write_model(tmp_path / "model", SETTINGS, NETWORKS)
    read_model(tmp_path / "model")
    assert torch.equal(torch.rand(3), expected)


def test_a_run_that_was_moved_still_loads(tmp_path, monkeypatch):
    run = tmp_path / "here" / "run"
    write_model(run / "model", SETTINGS, NETWORKS)
    before = read_model(run).network.state_dict()
    shutil.copytree(run, tmp_path / "there" / "copy of the run")
    shutil.rmtree(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "there")
    after = read_model("copy of the run")
    assert after.settings == SETTINGS
    state = after.network.state_dict()
    assert all(torch.equal(state[name], before[name]) for name in before)


def test_the_folder_holds_no_path_and_no_tag(written, tmp_path):
    text = (written / "model.yaml").read_text(encoding="utf-8")
    assert "!" not in text and "&" not in text and "*" not in text
    assert all(
        str(tmp_path).encode() not in file.read_bytes()
        for file in written.iterdir()
    )
    assert YAML(typ="safe").load(text)["labels"] == list(SETTINGS.labels)


def test_an_older_model_is_replaced_with_all_it_held(written):
    newer = small_settings(median_windows=9)
    write_model(written, newer, {"teacher": NETWORKS["student"]})
    assert names(written) == ["SHA256SUMS", "model.yaml", "teacher.pt"]
    assert names(written.parent) == ["model"]
    assert read_model(written).settings == newer


def test_an_empty_folder_is_filled_and_a_link_followed(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")
    for _ in range(2):
        write_model(tmp_path / "link", SETTINGS, NETWORKS)
    assert (tmp_path / "link").is_symlink()
    assert read_model(tmp_path / "target").settings == SETTINGS
    assert names(tmp_path) == ["link", "target"]


def test_a_full_disk_leaves_the_older_model(written, monkeypatch):
    def fail(path, network):
        Path(path).write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(model_folder, "save_weights", fail)
    with pytest.raises(OSError, match="no space"):
        write_model(written, small_settings(median_windows=9), NETWORKS)
    with pytest.raises(OSError, match="no space"):
        write_model(written.parent / "first", SETTINGS, NETWORKS)
    assert names(written.parent) == ["model"]
    assert read_model(written).settings == SETTINGS


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_rename_that_fails_leaves_the_older_model(
    written, monkeypatch, can_exchange
):
    replace = os.replace

    def fail(source, target):
        if Path(source).name == "new":
            raise PermissionError("not allowed")
        replace(source, target)

    if can_exchange:
        monkeypatch.setattr(replace_folder, "exchange", no_exchange)
    else:
        monkeypatch.setattr(replace_folder, "exchange", lambda *_: False)
        monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(PermissionError):
        write_model(written, small_settings(median_windows=9), NETWORKS)
    assert names(written.parent) == ["model"]
    assert read_model(written).settings == SETTINGS


def no_exchange(*_):
    raise PermissionError("not allowed")


def test_without_an_exchange_it_is_replaced_too(written, monkeypatch):
    monkeypatch.setattr(replace_folder, "exchange", lambda *_: False)
    newer = small_settings(median_windows=9)
    write_model(written, newer, NETWORKS)
    assert read_model(written).settings == newer
    assert names(written.parent) == ["model"]


def test_what_a_kill_left_is_cleared_away(written):
    """Killed within the two renames, or after them."""
    old = written.with_name(".model.old")
    newer = small_settings(median_windows=9)
    for killed_after in (False, True):
        if killed_after:
            shutil.copytree(written, old)
        else:
            written.rename(old)
        write_model(written, newer, NETWORKS)
        assert read_model(written).settings == newer
        assert names(written.parent) == ["model"]


@pytest.mark.parametrize(
    "files", [("notes.txt",), ("weights.pt",), ("model.yaml", "notes.txt")]
)
def test_files_of_someone_else_are_never_removed(tmp_path, files):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in files:
        (folder / name).write_text("precious")
    with pytest.raises(FileExistsError, match=files[-1]):
        write_model(folder, SETTINGS, NETWORKS)
    assert names(folder) == sorted(files)


def test_a_file_is_no_folder_to_write(tmp_path):
    (tmp_path / "model").write_text("")
    with pytest.raises(FileExistsError, match="is a file"):
        write_model(tmp_path / "model", SETTINGS, NETWORKS)


@pytest.mark.parametrize(
    "networks, message",
    [
        ({}, "no network to write"),
        ({"../teacher": NETWORKS["teacher"]}, "must be one word"),
        ({"teacher": nn.Linear(1, 1)}, "'teacher': not of this network"),
        (
            {"student": nn.ModuleDict({"module": NETWORKS["student"]})},
            "unknown module.blocks.0.conv.weight",
        ),
    ],
)
def test_nothing_is_written_that_could_not_be_read(tmp_path, networks, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        write_model(tmp_path / "model", SETTINGS, networks)
    assert names(tmp_path) == []


def test_settings_that_no_network_can_have(written):
    file = written / "model.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new, message in (
        ("dropout: 0.5", "dropout: 1.5", "p must be in"),
        ("filters: [4, 6]", "filters: [4]", "1 filters but 2 poolings"),
        ("f_max: 8000.0", "f_max: 9000.0", "mel bins from 0.0 to 9000.0 Hz"),
    ):
        assert old in text
        file.write_text(text.replace(old, new))
        write_sums(written)
        with pytest.raises(ValueError, match=re.escape(f"{file}: {message}")):
            read_model(written)


def test_a_network_that_is_not_there(written):
    (written / "teacher.pt").unlink()
    with pytest.raises(FileNotFoundError, match="'teacher' in it, there is st"):
        read_model(written)
    with pytest.raises(FileNotFoundError, match="no network '../model/stud"):
        read_model(written, "../model/student")


def test_a_folder_without_any_model(tmp_path):
    (tmp_path / "save").mkdir()
    with pytest.raises(FileNotFoundError, match="a run that has ended"):
        read_model(tmp_path)
    with pytest.raises(FileNotFoundError, match="missing: no such folder"):
        read_model(tmp_path / "missing")


def test_a_model_folder_wins_over_one_inside(written):
    assert find_model(written) == written
    assert find_model(written.parent) == written

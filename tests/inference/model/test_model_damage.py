"""A model is read as it was written, all of it, or refused."""

from __future__ import annotations

import os
import random
import re
import shutil
import threading
import warnings
from pathlib import Path

import pytest
import torch

from lgc_plugin.inference.model import model_files
from lgc_plugin.inference.model.model_folder import (
    read_model,
    read_models,
    write_model,
)
from model_cases import NETWORKS, SETTINGS, small_settings

DAMAGE = re.compile("is not the file that was written|damaged|no YAML")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "_PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize("name", ["teacher.pt", "model.yaml", "SHA256SUMS"])
def test_a_flipped_bit_is_never_read(written: Path, name: str) -> None:
    file, rng = written / name, random.Random(0)
    whole = file.read_bytes()
    for position in rng.sample(range(len(whole)), 40):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << rng.randrange(8)
        file.write_bytes(damaged)
        try:
            read_model(written)
        except ValueError as error:
            assert str(written) in str(error)
            continue
        # Of the list, only what is about other files may differ.
        assert name == "SHA256SUMS"
        line = whole[:position].count(b"\n")
        assert b"student.pt" in whole.splitlines()[line]


@pytest.mark.parametrize("name", ["teacher.pt", "model.yaml", "SHA256SUMS"])
def test_half_a_file_is_never_read(written: Path, name: str) -> None:
    file = written / name
    whole = file.read_bytes()
    for length in (0, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        if name == "SHA256SUMS" and length == len(whole) - 1:
            read_model(written)  # the end of the last line
            continue
        with pytest.raises(ValueError, match=DAMAGE):
            read_model(written)


def test_the_list_is_that_of_sha256sum(written: Path) -> None:
    import hashlib

    lines = (written / "SHA256SUMS").read_text().splitlines()
    assert lines == [
        f"{hashlib.sha256((written / name).read_bytes()).hexdigest()}  {name}"
        for name in ("model.yaml", "student.pt", "teacher.pt")
    ]


def test_onnx_files_are_listed(tmp_path: Path) -> None:
    write_model(tmp_path / "m", SETTINGS, NETWORKS, {"teacher": b"onnx"})
    assert "  teacher.onnx\n" in (tmp_path / "m" / "SHA256SUMS").read_text()


def test_a_model_without_a_list_is_read_with_a_warning(written: Path) -> None:
    (written / "SHA256SUMS").unlink()
    with pytest.warns(UserWarning, match="no SHA256SUMS, so that damage"):
        model = read_model(written)
    assert model.settings == SETTINGS


def test_one_replacement_while_reading_mixes_nothing(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two files that are read, the model becomes another."""
    newer = small_settings(median_windows=9)
    other = written.with_name("other")
    student, teacher = NETWORKS.values()
    write_model(other, newer, {"student": teacher, "teacher": student})
    read, older = model_files.read_listed, written.with_name("older")
    for moment in range(4):
        shutil.copytree(written, older, dirs_exist_ok=True)
        calls = 0

        def listed(path, sums, at=moment):
            nonlocal calls
            if calls == at:
                shutil.rmtree(written)
                shutil.copytree(other, written)
            calls += 1
            return read(path, sums)

        monkeypatch.setattr(model_files, "read_listed", listed)
        models = read_models(written)
        expected = SETTINGS if moment == 3 else newer
        assert all(each.settings == expected for each in models.values())
        shutil.rmtree(written)
        shutil.move(older, written)


def test_a_reader_beside_a_writer_gets_one_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "_PAUSE_SECONDS", 0.02)
    folder, done = tmp_path / "model", threading.Event()
    both = {
        9: NETWORKS["student"],
        3: NETWORKS["teacher"],
    }

    def write() -> None:
        window = 9
        while not done.is_set():
            settings = small_settings(median_windows=window)
            write_model(folder, settings, {"teacher": both[window]})
            window = 12 - window

    write_model(folder, small_settings(median_windows=3), {"teacher": both[3]})
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(2000):  # at no moment is there no model
            os.stat(folder / "model.yaml")
        for _ in range(50):
            model = read_model(folder)
            network = both[model.settings.post_processing.median_windows["Cat"]]
            state = network.state_dict()
            for name, tensor in model.network.state_dict().items():
                assert torch.equal(tensor, state[name])
    finally:
        done.set()
        writer.join()


def test_weights_that_would_fill_the_memory_are_refused_first(
    written: Path,
) -> None:
    (written / "SHA256SUMS").unlink()
    file = written / "model.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("rnn_size: 5", "rnn_size: 65536"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="not of this network"):
            read_model(written)

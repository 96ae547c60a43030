"""The command ``lgc-sed export``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch

from lgc_plugin.cli import main as cli
from lgc_plugin.inference.model.model_folder import read_model, write_model
from model_cases import small_settings, used_network

SETTINGS = small_settings()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    networks = {
        "student": used_network(SETTINGS, 1),
        "teacher": used_network(SETTINGS, 2),
    }
    write_model(tmp_path / "my run" / "model", SETTINGS, networks)
    return tmp_path / "my run"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_refused(words: list[str], message: str, capsys) -> None:
    assert cli.main(["export", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("lgc-sed: error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_onnx_beside_the_weights_then_replaced(
    run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "the cats"
    words = ["export", str(run), f"--output={target}"]
    assert cli.main([*words, "--teacher", "--onnx"]) == 0
    captured = capfd.readouterr()
    assert captured.err == ""  # nothing of what the exporter has to say
    assert names(target) == [
        "SHA256SUMS",
        "model.yaml",
        "teacher.onnx",
        "teacher.pt",
    ]
    lines = captured.out.splitlines()
    assert lines[0] == f"wrote {target}"
    assert [line.split()[0] for line in lines[1:5]] == names(target)
    (difference,) = re.findall(r"differ by at most (\S+)", captured.out)
    assert 0 < float(difference) <= 1e-4
    session = onnxruntime.InferenceSession(target / "teacher.onnx")
    assert session.get_inputs()[0].shape == ["batch", 16000]
    assert cli.main([*words, "--student"]) == 0
    assert names(target) == ["SHA256SUMS", "model.yaml", "student.pt"]
    assert "onnxruntime" not in capfd.readouterr().out


@pytest.mark.parametrize("option", [[], ["--student"]])
def test_the_line_it_prints_works(
    run: Path, tmp_path: Path, capsys, monkeypatch, option
) -> None:
    monkeypatch.chdir(tmp_path)
    soundfile.write("recording.wav", np.zeros(16000), 16000)
    assert cli.main(["export", str(run), "--output", "cats", *option]) == 0
    code = capsys.readouterr().out.partition("use it in Python with\n")[2]
    first, last = (line.strip() for line in code.splitlines())
    known: dict = {}
    exec(first, known)
    table = eval(last, known)
    assert list(table.columns) == [
        "onset",
        "offset",
        "event_label",
        "confidence",
    ]


def test_both_networks_unless_one_is_asked_for(
    run: Path, tmp_path: Path, capsys
) -> None:
    target = tmp_path / "cats"
    assert cli.main(["export", str(run), f"--output={target}"]) == 0
    assert names(target) == [
        "SHA256SUMS",
        "model.yaml",
        "student.pt",
        "teacher.pt",
    ]
    for name in ("student", "teacher"):
        ours, theirs = (
            read_model(folder, name).network.state_dict().values()
            for folder in (target, run)
        )
        assert all(map(torch.equal, ours, theirs))
    with pytest.raises(SystemExit):
        cli.main(["export", str(run), "--output=x", "--student", "--teacher"])
    assert "not allowed with" in capsys.readouterr().err


def test_mistakes_are_one_line_and_status_2(
    run: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    target = tmp_path / "cats"
    to = f"--output={target}"
    assert_refused([str(tmp_path / "no"), to], "no: no such folder", capsys)
    assert_refused([str(tmp_path), to], "no model.yaml in it", capsys)
    assert_refused([str(run), f"--output={run}"], "onto itself", capsys)
    (tmp_path / "file").write_text("")
    wrong = f"--output={tmp_path / 'file'}"
    assert_refused([str(run), wrong], "file: is a file", capsys)
    (run / "model" / "student.pt").unlink()
    assert_refused([str(run), to, "--student"], "no network 'stud", capsys)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    message = "pip install 'lgc_plugin[onnx]'"
    assert_refused([str(run), to, "--onnx"], message, capsys)
    assert names(tmp_path) == ["file", "my run"]


def test_the_command_starts_without_pytorch() -> None:
    code = (
        "import sys; import lgc_plugin.cli.export; "
        "sys.exit('torch' in sys.modules or 'onnx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

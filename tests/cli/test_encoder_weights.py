"""The commands on a model that has a pretrained encoder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detect_cases import write_sound
from encoder_model_cases import SAVED, encoder_settings, save_weights
from lgc_plugin.cli import main as cli
from lgc_plugin.inference.files import batch_detection
from lgc_plugin.inference.model.model_folder import read_model, write_model
from model_cases import used_network


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return save_weights(tmp_path / "weights" / "tiny.pt")


@pytest.fixture
def model(tmp_path: Path, weights: Path) -> Path:
    settings = encoder_settings(weights)
    network = used_network(settings, 2)
    write_model(tmp_path / "run" / "model", settings, {"teacher": network})
    return tmp_path / "run"


def run(*words: object) -> int:
    return cli.main([str(word) for word in words])


def detect(model: Path, file: Path, *words: object) -> int:
    limit = "--threshold=0.5"
    return run(
        "detect", file, "--model", model, "--device=cpu", "--quiet", limit,
        *words,
    )  # fmt: skip


def test_weights_that_were_moved_are_found_or_asked_for(
    model: Path, weights: Path, tmp_path: Path, capsys
) -> None:
    file = write_sound(tmp_path / "a.wav", 2.5)
    assert detect(model, file) == 0
    expected = capsys.readouterr().out
    assert expected.count("\n") > 2
    moved = weights.rename(tmp_path / "moved.pt")
    assert detect(model, file) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert f"they were in {weights}" in captured.err
    assert "give them with encoder_weights (--encoder-weights" in captured.err
    assert detect(model, file, "--encoder-weights", moved) == 0
    assert capsys.readouterr().out == expected


def test_other_weights_are_one_line_and_status_2(
    model: Path, tmp_path: Path, capsys
) -> None:
    file = write_sound(tmp_path / "a.wav", 1.0)
    other = save_weights(tmp_path / "other.pt", seed=2)
    assert detect(model, file, f"--encoder-weights={other}") == 2
    error = capsys.readouterr().err
    assert error.startswith("lgc-sed: error: ") and error.count("\n") == 1
    assert "was trained with weights of SavedEncoder whose fingerprint" in error


def test_another_encoder_begins_the_results_anew(
    model: Path, weights: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    """A command that was stopped goes on with the same encoder alone."""
    files = [write_sound(tmp_path / "rec" / f"{i}.wav", 1.0, i) for i in (1, 2)]
    out = tmp_path / "events.json"
    words = ("--format=json", f"--output={out}")
    detect_one = batch_detection._detect

    def stop_at_the_second(detector, source, *arguments):
        if source.name == "2.wav":
            raise KeyboardInterrupt
        return detect_one(detector, source, *arguments)

    monkeypatch.setattr(batch_detection, "_detect", stop_at_the_second)
    for _ in range(2):
        assert detect(model, files[0].parent, *words) == 130
    assert "1 of 2" in capsys.readouterr().err
    network = read_model(model).network
    settings = encoder_settings(save_weights(weights, seed=2))
    write_model(model / "model", settings, {"teacher": network})
    monkeypatch.setattr(batch_detection, "_detect", detect_one)
    assert detect(model, files[0].parent, *words) == 0
    assert "1 of 2" not in capsys.readouterr().err
    assert len(json.loads(out.read_text())["recordings"]) == 2


def test_export_finds_weights_that_were_moved(
    model: Path, weights: Path, tmp_path: Path, capsys
) -> None:
    moved = weights.rename(tmp_path / "moved.pt")
    words = ("export", model, f"--output={tmp_path / 'new'}")
    assert run(*words) == 2
    assert "weights of its encoder SavedEncoder" in capsys.readouterr().err
    assert run(*words, f"--encoder-weights={moved}") == 0
    assert read_model(tmp_path / "new").frame_encoder is not None


def test_info_names_the_encoder_and_its_weights(
    model: Path, weights: Path, tmp_path: Path, capsys
) -> None:
    assert run("info", "--model", model) == 0
    printed = capsys.readouterr().out
    assert f"{SAVED} (size=6, sample_rate=16000)" in printed
    assert f"{weights}, fingerprint " in printed
    assert '"median_windows": {"Cat": 3, "Dog": 5, "yes": 1}' in printed
    assert "Cat, Dog, yes" in printed and "1 s at 16000 Hz" in printed
    moved = weights.rename(tmp_path / "moved.pt")
    assert run("info", "--model", model) == 1
    printed = capsys.readouterr().out
    assert "problem" in printed and f"they were in {weights}" in printed
    assert run("info", f"--model={model}", f"--encoder-weights={moved}") == 0

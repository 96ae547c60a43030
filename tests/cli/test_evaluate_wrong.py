"""Wrong options and empty files: one line that says what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lgc_plugin.cli.main import main
from scoring_files import (
    frame_scores,
    write_detections,
    write_table,
    write_truth,
)

ROW = ("00.wav", 1, 3, "Cat")


def error(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "--n-bootstrap=1"]) == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("threshold", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("kind", ["points", "file"])
def test_a_threshold_is_a_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], threshold, kind
) -> None:
    truth = write_truth(tmp_path)
    found = tmp_path / "found"
    if kind == "points":
        write_detections(found, thresholds=(0.3, 0.5))
    else:
        found.mkdir()
        found = write_table(found / "a.tsv", [ROW])
    words = ["evaluate", f"--predictions={found}", *truth]
    said = error(capsys, *words, f"--threshold={threshold}")
    assert f"threshold is {threshold}: " in said


@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_annotations_without_any_clip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lengths, command
) -> None:
    truth = write_table(tmp_path / "truth.txt", [])
    words = [f"--ground-truth={truth}"]
    if lengths:
        columns = ["filename", "duration"]
        table = write_table(tmp_path / "lengths.txt", [], columns)
        words.append(f"--durations={table}")
    found = write_table(tmp_path / "found.tsv", [ROW])
    files = [f"--predictions={found}"]
    if command == "compare":
        files = [str(found), str(write_table(tmp_path / "b.tsv", [ROW]))]
    said = error(capsys, command, *files, *words)
    assert f"{truth}: no clip in it" in said


@pytest.mark.parametrize("labels", [["Cat", "Dog", "Cat "], ["Cat", " "]])
def test_labels_are_different_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], labels
) -> None:
    truth = write_truth(tmp_path)
    found = write_table(tmp_path / "found.tsv", [ROW])
    words = ["evaluate", f"--predictions={found}", *truth]
    assert "different names" in error(capsys, *words, "--labels", *labels)


@pytest.mark.parametrize("number", ["1_0", "١", "0x1", "1,5"])
@pytest.mark.parametrize("place", ["truth", "found", "lengths", "scores"])
def test_numbers_are_plain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number, place
) -> None:
    columns = ["filename", "duration"]
    row = ("00.wav", number, 20, "Cat")
    truth = write_table(tmp_path / "truth.txt", [ROW])
    found = write_table(tmp_path / "found.tsv", [ROW])
    lengths = write_table(tmp_path / "lengths.txt", [("00.wav", 30)], columns)
    if place == "truth":
        wrong = write_table(truth, [row])
    elif place == "found":
        wrong = write_table(found, [row])
    elif place == "lengths":
        wrong = write_table(lengths, [("00.wav", number)], columns)
    else:
        found = tmp_path / "scores"
        found.mkdir()
        head = ["onset", "offset", "Cat"]
        wrong = write_table(found / "00.tsv", [(0, 30, number)], head)
    words = ["evaluate", f"--predictions={found}", f"--ground-truth={truth}"]
    said = error(capsys, *words, f"--durations={lengths}")
    assert f"{wrong}, row 2" in said and f"'{number}'" in said


@pytest.mark.parametrize("name", ["scores", "clip_scores"])
@pytest.mark.parametrize("command", ["evaluate", "tune"])
def test_scores_that_are_no_numbers_are_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name, command
) -> None:
    truth = write_truth(tmp_path)
    frames, file = frame_scores(), tmp_path / "a.npz"
    frames = replace(frames, clip_scores=frames.tags())
    getattr(frames, name)[1, 0] = np.nan
    frames.save(file)
    words = [f"--predictions={file}"]
    if command == "tune":
        words = [f"--scores={file}", f"--output={tmp_path / 'a.yaml'}"]
    said = error(capsys, command, *words, *truth)
    assert f"{file}: clip '01.wav' has a NaN" in said and "Cat" in said

"""Truth without any event: no score, but false alarms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lgc_plugin.cli.main import main
from scoring_files import frame_scores, write_table

CLIPS = ("00.wav", "01.wav", "02.wav")
FOUND = [
    ("00.wav", 0.5, 2, "Dog"),
    ("00.wav", 3, 4, "Cat"),
    ("02.wav", 1, 5, "Dog"),
]


@pytest.fixture
def truth(tmp_path: Path) -> list[str]:
    silent = write_table(
        tmp_path / "truth.txt", [(clip, "", "", "") for clip in CLIPS]
    )
    return [f"--ground-truth={silent}"]


@pytest.fixture
def lengths(tmp_path: Path) -> str:
    # A hundredth of an hour each.
    rows = [(clip, 36.0) for clip in CLIPS]
    columns = ["filename", "duration"]
    return f"--durations={write_table(tmp_path / 'd.txt', rows, columns)}"


def evaluated(folder: Path, *words: str) -> dict:
    out = folder / "out"
    assert main(["evaluate", *words, f"--output={out}"]) == 0
    return json.loads((out / "results.json").read_text())


@pytest.mark.parametrize("labels", [[], ["--labels", "Cat", "Dog", "Owl"]])
def test_false_alarms_are_counted_by_the_hour(
    tmp_path: Path, truth, lengths, labels, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_table(tmp_path / "found.tsv", FOUND)
    words = [f"--predictions={file}", *truth, lengths, "--n-bootstrap=20"]
    content = evaluated(tmp_path, *words, *labels)
    owls = {"Owl": {"count": 0, "per_hour": 0.0}} if labels else {}
    assert content["false_alarms"]["per_class"] == {
        "Cat": {"count": 1, "per_hour": pytest.approx(100 / 3)},
        "Dog": {"count": 2, "per_hour": pytest.approx(200 / 3)},
        **owls,
    }
    assert content["false_alarms"]["count"] == 3
    assert content["false_alarms"]["per_hour"] == pytest.approx(100)
    assert content["scores"]["found"]["event_f1_macro"] is None
    printed = capsys.readouterr()
    rows = [line.split() for line in printed.out.splitlines()]
    assert ["false", "alarms", "number", "per", "hour"] in rows
    assert ["Dog", "2", "66.7"] in rows
    assert ["all", "3", "100.0"] in rows
    assert "no event is annotated" in printed.err


def test_without_lengths_they_are_counted(
    tmp_path: Path, truth, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_table(tmp_path / "found.tsv", FOUND)
    words = [f"--predictions={file}", *truth, "--no-figures"]
    content = evaluated(tmp_path, *words)
    assert content["false_alarms"]["count"] == 3
    assert content["false_alarms"]["per_hour"] is None
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["all", "3", "-"] in rows


@pytest.mark.parametrize("n_bootstrap", [0, 10])
def test_frame_scores(tmp_path: Path, truth, lengths, n_bootstrap: int) -> None:
    frame_scores().save(tmp_path / "a.npz")
    words = [f"--predictions={tmp_path / 'a.npz'}", *truth, lengths]
    content = evaluated(tmp_path, *words, f"--n-bootstrap={n_bootstrap}")
    assert content["false_alarms"]["count"] > 0
    assert set(content["labels"]) == {"Cat", "Cow", "Dog"}


def test_nothing_annotated_and_nothing_detected(
    tmp_path: Path, truth, lengths
) -> None:
    silent = [(clip, "", "", "") for clip in CLIPS]
    file = write_table(tmp_path / "found.tsv", silent)
    words = [f"--predictions={file}", *truth, lengths]
    content = evaluated(tmp_path, *words, "--n-bootstrap=10")
    assert content["false_alarms"]["count"] == 0


def test_two_systems_are_compared(tmp_path: Path, truth, lengths) -> None:
    first = write_table(tmp_path / "a.tsv", FOUND)
    second = write_table(tmp_path / "b.tsv", FOUND[:1])
    words = ["compare", str(first), str(second), *truth, lengths]
    assert main([*words, "--n-bootstrap=10"]) == 0


def test_where_events_are_annotated_nothing_is_added(
    tmp_path: Path, lengths
) -> None:
    file = write_table(tmp_path / "found.tsv", FOUND)
    words = [f"--predictions={file}", f"--ground-truth={file}", lengths]
    assert "false_alarms" not in evaluated(
        tmp_path, *words, "--n-bootstrap=0", "--no-figures"
    )

"""Truth without any event: no score, but false alarms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lgc_plugin.cli.main import main
from lgc_plugin.evaluation.events import EVENT_COLUMNS
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


def rates(counts: dict) -> dict:
    """Number of false alarms, and how many an hour, by class."""
    return {
        label: (each["fp"], each["false_alarms_per_hour"])
        for label, each in counts["per_class"].items()
    }


@pytest.mark.parametrize("labels", [[], ["--labels", "Cat", "Dog", "Owl"]])
def test_false_alarms_are_counted_by_the_hour(
    tmp_path: Path, truth, lengths, labels, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_table(tmp_path / "found.tsv", FOUND)
    words = [f"--predictions={file}", *truth, lengths, "--n-bootstrap=20"]
    content = evaluated(tmp_path, *words, *labels)
    scores = content["scores"]["found"]
    for counts in scores["operating"].values():
        assert rates(counts) == {
            "Cat": (1, pytest.approx(100 / 3)),
            "Dog": (2, pytest.approx(200 / 3)),
            **({"Owl": (0, 0.0)} if labels else {}),
        }
        assert counts["overall"] == {
            **{"tp": 0, "fp": 3, "fn": 0, "precision": 0.0, "recall": None},
            "false_alarms_per_hour": pytest.approx(100),
        }
    assert scores["event_f1_macro"] is None
    printed = capsys.readouterr()
    rows = [line.split() for line in printed.out.splitlines()]
    assert ["Dog", "0", "2", "0", "0.000", "-", "66.7"] in rows
    assert ["all", "0", "3", "0", "0.000", "-", "100.0"] in rows
    assert "false alarms per hour: in 0.03 h of sound\n" in printed.out
    assert "no event is annotated" in printed.err


def test_without_lengths_they_are_counted(
    tmp_path: Path, truth, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_table(tmp_path / "found.tsv", FOUND)
    words = [f"--predictions={file}", *truth, "--no-figures"]
    content = evaluated(tmp_path, *words)
    counts = content["scores"]["found"]["operating"]["event"]
    assert counts["hours"] is None
    assert rates(counts) == {"Cat": (1, None), "Dog": (2, None)}
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines()]
    assert ["all", "0", "3", "0", "0.000", "-", "-"] in rows
    assert "per hour: not known how long the clips are\n" in printed


@pytest.mark.parametrize("n_bootstrap", [0, 10])
def test_frame_scores(tmp_path: Path, truth, lengths, n_bootstrap: int) -> None:
    frame_scores().save(tmp_path / "a.npz")
    words = [f"--predictions={tmp_path / 'a.npz'}", *truth, lengths]
    content = evaluated(tmp_path, *words, f"--n-bootstrap={n_bootstrap}")
    operating = content["scores"]["a"]["operating"]
    assert all(each["overall"]["fp"] > 0 for each in operating.values())
    assert set(content["labels"]) == {"Cat", "Cow", "Dog"}


@pytest.mark.parametrize("n_bootstrap", [0, 10])
def test_confidences(tmp_path: Path, truth, lengths, n_bootstrap: int) -> None:
    rows = [
        (*row, confidence)
        for row, confidence in zip(FOUND, (0.9, 0.4, 0.6), strict=True)
    ]
    columns = [*EVENT_COLUMNS, "confidence"]
    file = write_table(tmp_path / "found.tsv", rows, columns)
    words = [f"--predictions={file}", *truth, lengths, "--threshold=0.5"]
    words.append("--no-figures")
    content = evaluated(tmp_path, *words, f"--n-bootstrap={n_bootstrap}")
    counts = content["scores"]["found"]["operating"]["intersection"]
    assert rates(counts) == {
        "Cat": (0, 0.0),
        "Dog": (2, pytest.approx(200 / 3)),
    }
    assert content["scores"]["found"]["psds1"] is None


def test_nothing_annotated_and_nothing_detected(
    tmp_path: Path, truth, lengths
) -> None:
    silent = [(clip, "", "", "") for clip in CLIPS]
    file = write_table(tmp_path / "found.tsv", silent)
    words = [f"--predictions={file}", *truth, lengths]
    content = evaluated(tmp_path, *words, "--n-bootstrap=10")
    (scores,) = content["scores"].values()
    assert scores["operating"]["event"]["overall"] == {
        **{"tp": 0, "fp": 0, "fn": 0, "precision": None, "recall": None},
        "false_alarms_per_hour": 0.0,
    }
    assert scores["operating"]["event"]["per_class"] == {}


def test_two_systems_are_compared(
    tmp_path: Path, truth, lengths, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_table(tmp_path / "a.tsv", FOUND)
    second = write_table(tmp_path / "b.tsv", FOUND[:1])
    words = ["compare", str(first), str(second), *truth, lengths]
    assert main([*words, "--n-bootstrap=10"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    # By both criteria.
    assert rows.count(["a", "0", "3", "0", "0.000", "-", "100.0"]) == 2
    assert rows.count(["b", "0", "1", "0", "0.000", "-", "33.3"]) == 2

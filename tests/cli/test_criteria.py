"""Collars and frames of errors, as options of the commands about scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lgc_plugin.cli.main import main
from references import needs_references
from scoring_files import write_table

SHORT, LONG = ("a.wav", 1.0, 1.05, "Cat"), ("a.wav", 2.0, 3.0, "Dog")


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    late = ("a.wav", 1.03, 1.05, "Cat")
    columns = ["filename", "duration"]
    lengths = write_table(tmp_path / "d.tsv", [("a.wav", 10.0)], columns)
    return [
        f"--predictions={write_table(tmp_path / 'found.tsv', [late, LONG])}",
        f"--ground-truth={write_table(tmp_path / 'true.tsv', [SHORT, LONG])}",
        f"--durations={lengths}",
        f"--output={tmp_path / 'out'}",
        *("--n-bootstrap=0", "--no-figures"),
    ]


@needs_references
def test_criteria_are_options_and_are_reported(
    tmp_path: Path, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    scores = []
    for words in ([], ["--collar=0.02", "--error-frame=0.002", "--verify"]):
        assert main(["evaluate", *given, *words]) == 0
        content = json.loads((tmp_path / "out" / "results.json").read_text())
        scores.append(content["scores"]["found"])
    assert [x["event_f1_macro"] for x in scores] == [1.0, 0.5]
    assert scores[1]["frame_error_rate"] == pytest.approx(0.003)
    wanted = {"collar": 0.02, "offset_share": 0.2, "error_frame": 0.002}
    assert content["criteria"] == wanted
    assert "collar 20 ms" in capsys.readouterr().out


def test_a_collar_of_nothing_is_refused(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *given, "--collar=0"]) == 2
    assert "collar is 0.0: give seconds above 0" in capsys.readouterr().err

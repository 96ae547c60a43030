"""The command ``lgc-sed compare``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lgc_plugin.cli import main as cli
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds_free import has_sed_scores_eval
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from scoring_files import (
    CLIPS,
    FRAME_SECONDS,
    LABELS,
    WINDOWS,
    frame_scores,
    write_detections,
    write_table,
    write_truth,
)


def compared(*words: object) -> int:
    return cli.main(["compare", "--n-bootstrap=50", *map(str, words)])


def test_a_system_with_itself_is_exactly_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, out = write_truth(tmp_path), tmp_path / "same.json"
    found = write_detections(tmp_path / "net")
    assert compared(found, found, *truth, f"--output={out}") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"A          {found}: " in printed.out
    assert f"B          {found}: " in printed.out
    assert "coverage: 12/12 clips scored" in printed.out
    assert printed.out.endswith(f"wrote {out}\n")
    content = json.loads(out.read_text())
    entries = []
    for each in content["differences"].values():
        classes = each.pop("per_class")
        assert list(classes) == list(LABELS)
        entries += [*each.values(), *classes.values()]
    zero = {"difference": 0, "interval": [0, 0], "first_wins": 0, "ties": 1}
    assert len(entries) == 8 * 3 + 13
    assert all(entry == zero for entry in entries)
    assert content["scores"]["A"] == content["scores"]["B"]
    assert content["difference"] == "A - B"


def test_two_systems_are_named_for_their_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = write_truth(tmp_path)
    good = write_detections(tmp_path / "new" / "student", noise=0.1)
    bad = write_detections(tmp_path / "old" / "student", seed=2, noise=0.4)
    assert compared(good, bad, *truth) == 0
    printed = capsys.readouterr().out
    assert "new wins" in printed
    table = printed.partition("\n\n")[2]
    row = next(x for x in table.splitlines() if x.startswith("event F1, macro"))
    new, old, gap = map(float, row.replace("*", "").split()[3:6])
    assert new > old
    assert gap == pytest.approx(new - old, abs=2e-3)
    assert list(tmp_path.glob("*.json")) == []
    assert compared(good, bad, *truth, "--names", "ours", "theirs") == 0
    assert "ours wins" in capsys.readouterr().out


def test_missing_clips_are_told_of_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = write_truth(tmp_path)
    rows = [(clip, 1, 3, "Cat") for clip in CLIPS]
    first = write_table(tmp_path / "first.tsv", rows[:-1])
    second = write_table(tmp_path / "second.tsv", rows[2:])
    for options, coverage in (([], "12/12"), (["--drop-missing"], "9/12")):
        assert compared(first, second, *truth, *options) == 0
        printed = capsys.readouterr()
        assert f"coverage: {coverage} clips scored" in printed.out
        assert "warning: first: no predictions for 1 of 12" in printed.err
        assert "warning: second: no predictions for 2 of 12" in printed.err


def test_each_system_has_its_own_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, out = write_truth(tmp_path), tmp_path / "gap.json"
    scores = tmp_path / "scores.npz"
    frame_scores().save(scores)
    chosen = PostProcessing(WINDOWS)
    tuned = TunedSettings(
        chosen, FRAME_SECONDS, "event_f1", ("other.wav",), "other.tsv"
    )
    tuned.write(tmp_path / "tuned.yaml")
    settings = ["--settings", tmp_path / "tuned.yaml", "-"]
    words = [scores, scores, *truth, *settings, f"--output={out}"]
    same = ["--median-windows", "3,5,9", "--threshold=0.5"]
    assert compared(*words, *same) == 0
    gap = json.loads(out.read_text())["differences"]["psds1"]["value"]
    assert gap["difference"] == 0
    assert compared(*words) == 0
    printed = capsys.readouterr()
    assert "note: B: scores are not filtered" in printed.err
    assert f"windows and thresholds of {tmp_path / 'tuned.yaml'}" in (
        printed.out
    )
    gap = json.loads(out.read_text())["differences"]["psds1"]["value"]
    assert gap["difference"] > 0


def test_windows_are_for_those_that_can_use_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, scores = write_truth(tmp_path), tmp_path / "scores.npz"
    frame_scores().save(scores)
    found = write_detections(tmp_path / "net")
    words = [*truth, "--median-windows", "3,5,9", "--threshold=0.49"]
    assert compared(scores, found, *words) == 0
    printed = capsys.readouterr()
    if has_sed_scores_eval():
        assert "only scores allows psds1_free" in printed.err
    row = next(x for x in printed.out.splitlines() if x.startswith("PSDS1 "))
    assert row.split()[3] == "0.000"
    assert compared(found, found, *words) == 2
    assert "detections are final" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--n-bootstrap=0"], "resamples is 0: give 1 or more"),
        (["--names", "A", "A"], "two different names are needed"),
    ],
)
def test_wrong_options_are_one_line_and_status_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    truth = write_truth(tmp_path)
    file = write_table(tmp_path / "a.tsv", [(CLIPS[0], 1, 3, "Cat")])
    assert compared(file, file, *truth, *options) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and message in error

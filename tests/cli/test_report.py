"""The command ``lgc-sed report``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgc_plugin.cli import main as cli
from lgc_plugin.report.page import html_page
from report_cases import make_run
from scoring_files import (
    CLIPS,
    SECONDS,
    frame_scores,
    write_detections,
    write_truth,
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without plotly.js, which takes long to write."""
    monkeypatch.setattr(html_page, "_plotly", lambda: "// plotly")


def reported(*words: object) -> int:
    return cli.main(["report", *map(str, words)])


def clip_data(page: Path) -> dict:
    text = page.read_text()
    start = text.index('id="clip-data">') + len('id="clip-data">')
    return json.loads(text[start : text.index("</script>", start)])


def test_a_run_and_two_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make_run(tmp_path / "lgc" / "42", 3, resamples=0, audio=False)
    two = make_run(tmp_path / "sct" / "42", 3, seed=1, resamples=0, audio=False)
    page = tmp_path / "a.html"
    assert reported(one, f"--output={page}") == 0
    assert capsys.readouterr().out == f"wrote {page}\n"
    assert "<h1>lgc/42</h1>" in page.read_text()
    assert reported(one, two, f"--output={page}") == 0
    assert "<h1>lgc and sct</h1>" in page.read_text()
    words = (one, two, f"--output={page}", "--names", "A", "B")
    assert reported(*words) == 0
    assert "<h1>A and B</h1>" in page.read_text()


@pytest.mark.parametrize("form", ["scores", "detections"])
def test_what_evaluate_scored(tmp_path: Path, form: str) -> None:
    truth, page = write_truth(tmp_path), tmp_path / "page.html"
    found = tmp_path / "net.npz"
    if form == "scores":
        frame_scores().save(found)
    else:
        found = write_detections(tmp_path / "net", thresholds=(0.3, 0.5, 0.7))
    audio = tmp_path / "audio"
    audio.mkdir()
    for clip in CLIPS:
        soundfile.write(audio / clip, np.zeros(int(8000 * SECONDS)), 8000)
    words = ["evaluate", f"--predictions={found}", *truth]
    words += ["--n-bootstrap=0", "--no-figures", f"--output={tmp_path / 'out'}"]
    assert cli.main(words) == 0
    results = tmp_path / "out" / "results.json"
    assert reported(results, f"--output={page}", f"--audio={audio}") == 0
    text = page.read_text()
    content = json.loads(results.read_text())["scores"]["net"]
    assert f"net: {content['psds1']:.3f}" in text
    assert text.count("<audio") == 8 and "No sound" not in text
    entries = [x["systems"][0] for x in clip_data(page)["clips"]]
    modes = {"scores": "scores", "detections": "points"}
    assert {entry["mode"] for entry in entries} == {modes[form]}
    if form == "detections":
        points = [x["threshold"] for x in entries[0]["points"]]
        assert points == [0.3, 0.5, 0.7]


def test_without_durations_there_is_no_curve(tmp_path: Path) -> None:
    """The clips are as long as their audio, whatever is annotated."""
    truth, page = write_truth(tmp_path)[:1], tmp_path / "page.html"
    found = write_detections(tmp_path / "net", thresholds=(0.3, 0.5, 0.7))
    for clip in CLIPS:
        soundfile.write(tmp_path / clip, np.zeros(8000 * 12), 8000)
    words = ["evaluate", f"--predictions={found}", *truth, "--no-figures"]
    assert cli.main([*words, "--n-bootstrap=0"]) == 0
    results = tmp_path / "net_scores"
    assert reported(results, f"--output={page}", f"--audio={tmp_path}") == 0
    assert 'id="psd-roc"' not in page.read_text()
    assert {clip["seconds"] for clip in clip_data(page)["clips"]} == {12.0}
    assert reported(results, f"--output={page}") == 0
    lengths = [clip["seconds"] for clip in clip_data(page)["clips"]]
    assert all(0 < length <= SECONDS for length in lengths)


def test_what_evaluate_scored_may_be_gone(tmp_path: Path) -> None:
    truth, page = write_truth(tmp_path), tmp_path / "page.html"
    found = tmp_path / "net.npz"
    frame_scores().save(found)
    words = ["evaluate", f"--predictions={found}", *truth, "--no-figures"]
    assert cli.main([*words, "--n-bootstrap=0"]) == 0
    found.unlink()
    assert reported(tmp_path / "net_scores", f"--output={page}") == 0
    text = page.read_text()
    assert "what was scored cannot be read again from here" in text
    assert "PSDS1" in text and 'id="clips"' not in text


def test_errors_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path / "run", 2, resamples=0, audio=False)
    page = f"--output={tmp_path / 'a.html'}"
    for words, message in (
        ((tmp_path,), "no run: it holds neither results.json nor"),
        ((tmp_path / "nothing",), "no such file or folder"),
        ((run, run, run), "3 runs: give one, or two to compare"),
        ((run, "--names", "a", "b"), "2 names for 1 runs"),
        ((run, f"--audio={tmp_path / 'no'}"), "no such folder of audio"),
    ):
        assert reported(*words, page) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and message in error
    assert not (tmp_path / "a.html").exists()

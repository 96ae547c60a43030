"""The command ``lgc-sed evaluate``."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgc_plugin.cli import main as cli
from lgc_plugin.evaluation import reference_check
from lgc_plugin.evaluation.psds_free import has_sed_scores_eval
from lgc_plugin.evaluation.score_files import write_score_tsvs
from references import needs_references
from scoring_files import (
    CLIPS,
    DATA,
    LABELS,
    frame_scores,
    write_detections,
    write_table,
    write_truth,
)

PEER = DATA / "peer_predictions" / "student"
# What psds_eval 0.5.3 and sed_eval 0.2.1 say of the peer's predictions.
PUBLISHED = {
    "psds1": 0.447062,
    "psds2": 0.663632,
    "event_f1_macro": 0.513681,
    "event_f1_micro": 0.518110,
    "segment_f1_macro": 0.774392,
    "segment_f1_micro": 0.806336,
    "intersection_f1_macro": 0.743801,
}


def evaluated(*words: object) -> int:
    return cli.main(["evaluate", *map(str, words)])


def results(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text())


@pytest.mark.parametrize("kind", ["detections", "score TSVs", "npz"])
def test_every_kind_of_predictions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    truth, path = write_truth(tmp_path), tmp_path / "runs" / "net"
    options = ["--median-windows", "Cat=3", "Cow=5", "Dog=9"]
    operating = "0.5, a median window for each class"
    if kind == "detections":
        write_detections(path)
        options, operating = [], "0.49 (the nearest to 0.5)"
    elif kind == "npz":
        path = path.with_suffix(".npz")
        frame_scores().save(path)
    else:
        write_score_tsvs(frame_scores(), path)
    words = [f"--predictions={path}", *truth, *options, "--n-bootstrap=50"]
    assert evaluated(*words) == 0
    printed = capsys.readouterr()
    notes = []
    if kind != "detections" and not has_sed_scores_eval():
        notes = ["threshold-free PSDS is left out"]
    for line, note in zip(printed.err.splitlines(), notes, strict=True):
        assert line.startswith(f"note: {note}")
    for line in (
        f"predictions   {path}: ",
        f"F1 scores at  threshold {operating}",
        "profile       strict: detections in 2 clips without events are false",
        "intervals     95 %, 50 resamples of the clips, seed 0",
        "coverage: 12/12 clips scored, 20 events of 3 classes, 2.0 min",
    ):
        assert f"\n{line}" in f"\n{printed.out}"
    out = tmp_path / "runs" / "net_scores"
    files = ("results.json", "psd_roc_1.png", "psd_roc_2.png", "per_class.png")
    assert f"wrote {out}: {', '.join(files)}\n" in printed.out
    assert {file.name for file in out.iterdir()} == set(files)
    content = results(out)
    scores = content["scores"]["net"]
    assert set(scores["per_class"]["psds1"]) == set(LABELS)
    low, high = scores["intervals"]["event_f1_macro"]
    assert 0 < low < scores["event_f1_macro"] < high < 1
    assert content["coverage"] == "12/12"
    assert content["clips"]["silent"] == 2
    assert (content["profile"], content["seed"]) == ("strict", 0)
    assert content["resamples"] == 50
    assert content["inputs"]["predictions"] == str(path)
    assert len(content["notes"]) == len(notes)
    assert content["wall_seconds"] > 0
    assert "psds_eval" in content["versions"]


def test_the_numbers_are_the_published_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not PEER.is_dir():
        pytest.skip(f"no predictions of a peer in {PEER}")
    folder = DATA / "desed_metadata"
    start = time.monotonic()
    status = evaluated(
        f"--predictions={PEER}",
        f"--ground-truth={folder / 'validation.tsv'}",
        f"--durations={folder / 'validation_durations.tsv'}",
        f"--output={tmp_path}",
    )
    assert status == 0
    # 5 s on 2 cores; other tests may run beside this one.
    assert time.monotonic() - start < 60
    content = results(tmp_path)
    scores = content["scores"]["student"]
    assert {key: round(scores[key], 6) for key in PUBLISHED} == PUBLISHED
    for key, number in PUBLISHED.items():
        low, high = scores["intervals"][key]
        assert low < number < high
        assert high - low < 0.1
    printed = capsys.readouterr()
    # So they are annotated.
    (line,) = printed.err.splitlines()
    assert "2 annotated events, in 2 clips, reach over the end" in line
    assert "threshold 0.49 (the nearest to 0.5)" in printed.out
    assert "coverage: 1168/1168 clips scored, " in printed.out
    assert "3.24 h" in printed.out


def test_warnings_come_before_scores_and_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = write_truth(tmp_path)
    rows = [(clip, 1, 3, "Cat") for clip in CLIPS[:5]]
    rows += [("00.wav", 9, 12, "Cat"), ("01.wav", 1, 2, "Eel")]
    file = write_table(tmp_path / "a.tsv", [*rows, ("x.wav", 1, 2, "Cat")])
    words = [f"--predictions={file}", *truth, "--n-bootstrap=0", "--no-figures"]
    assert evaluated(*words, "--name=mine") == 0
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        *("warning", "warning", "warning", "note", "warning")
    ]
    for line, part in zip(
        lines,
        (
            "1 clip of the predictions are not annotated, such as 'x.wav'",
            "not annotated are ignored: 'Eel' (1)",
            "'Cat' until 12 s in '00.wav' of 10 s",
            "PSDS is left out",
            "no predictions for 7 of 12 annotated clips, such as '05.wav'",
        ),
        strict=True,
    ):
        assert part in line
    content = results(tmp_path / "a_scores")
    assert content["notes"] == lines
    assert list(content["scores"]) == ["mine"]
    assert "intervals" not in content["scores"]["mine"]
    assert list((tmp_path / "a_scores").iterdir()) == [
        tmp_path / "a_scores" / "results.json"
    ]
    assert evaluated(*words, "--drop-missing") == 0
    assert results(tmp_path / "a_scores")["coverage"] == "5/12"
    assert "coverage: 5/12 clips scored" in capsys.readouterr().out


def test_durations_may_come_from_audio_or_from_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, _ = write_truth(tmp_path)
    found = write_detections(tmp_path / "net")
    words = [f"--predictions={found}", truth, "--n-bootstrap=0", "--no-figures"]
    assert evaluated(*words) == 0
    printed = capsys.readouterr()
    assert "PSDS, which counts false alarms per hour, is left" in printed.err
    assert "add --durations or --audio" in printed.err
    assert "PSDS1" not in printed.out and "event F1, macro" in printed.out
    for clip in CLIPS[1:]:
        (tmp_path / "audio" / clip[0]).mkdir(parents=True, exist_ok=True)
        file = tmp_path / "audio" / clip[0] / clip
        soundfile.write(file, np.zeros(10_000), 1000)
    assert evaluated(*words, f"--audio={tmp_path / 'audio'}") == 0
    printed = capsys.readouterr()
    assert printed.err == (
        "warning: no audio of 1 of 12 annotated clips, such as '00.wav': they "
        "are left out\n"
    )
    assert "coverage: 11/12 clips scored" in printed.out
    assert results(tmp_path / "net_scores")["coverage"] == "11/12"
    assert "PSDS1" in printed.out


@needs_references
def test_verify_fails_where_the_libraries_say_otherwise(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = write_truth(tmp_path)
    found = write_detections(tmp_path / "net", thresholds=(0.3, 0.5, 0.7))
    words = [f"--predictions={found}", *truth, "--n-bootstrap=0", "--verify"]
    assert evaluated(*words, "--no-figures") == 0
    assert "psds_eval and sed_eval: the same, 7 scores" in (
        capsys.readouterr().out
    )
    checked = results(tmp_path / "net_scores")["reference_check"]
    assert checked["psds1"][0] == pytest.approx(checked["psds1"][1])

    def other(*_: object) -> dict[str, tuple[float, float]]:
        nan = float("nan")
        return {"psds1": (0.5, 0.5 + 2e-9), "a": (1.0, 1.0), "b": (nan, nan)}

    monkeypatch.setattr(reference_check, "check_by_libraries", other)
    assert evaluated(*words, "--no-figures") == 1
    printed = capsys.readouterr().out
    assert "NOT the same" in printed
    assert "  psds1: 0.500000000 here, 0.500000002 theirs" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--n-bootstrap=-1"], "resamples is -1: give 0 or more"),
        (["--seed=-1"], "seed is -1: give 0 or more"),
        (["--median-windows", "x"], "median windows are 'x': give whole"),
        (["--median-windows", "7"], "detections are final"),
        (["--predictions=nothing"], "nothing: no such file or folder"),
        (["--ground-truth=nothing"], "nothing"),
        (["--labels", "Cat", "Cat"], "different names"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    truth = write_truth(tmp_path)
    file = write_table(tmp_path / "a.tsv", [(CLIPS[0], 1, 3, "Cat")])
    assert evaluated(f"--predictions={file}", *truth, *options) == 2
    error = capsys.readouterr().err
    assert error.startswith("lgc-sed: error: ") and error.count("\n") == 1
    assert message in error
    assert not (tmp_path / "a_scores").exists()


def test_a_bad_row_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = write_truth(tmp_path)
    rows = [(CLIPS[0], 1, 3, "Cat"), (CLIPS[0], "soon", 3, "Cat")]
    write_table(tmp_path / "th_0.5.tsv", rows)
    assert evaluated(f"--predictions={tmp_path}", *truth) == 2
    assert "th_0.5.tsv, row 3 ('00.wav' 'soon' '3' 'Cat'): onset is 'soon'" in (
        capsys.readouterr().err
    )


def test_pytorch_is_not_needed(tmp_path: Path) -> None:
    truth = write_truth(tmp_path)
    found = write_detections(tmp_path / "net")
    words = ["evaluate", f"--predictions={found}", *truth, "--n-bootstrap=2"]
    code = (
        "import sys; from lgc_plugin.cli import main as cli; "
        f"status = cli.main({words!r}); "
        "sys.exit(status or int('torch' in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert ran.returncode == 0, ran.stderr


def test_who_stops_reading_gets_no_error(tmp_path: Path) -> None:
    truth = write_truth(tmp_path)
    found = write_detections(tmp_path / "net")
    words = ["evaluate", f"--predictions={found}", *truth, "--no-figures"]
    process = subprocess.Popen(
        [sys.executable, "-m", "lgc_plugin.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), error) == (141, b"")

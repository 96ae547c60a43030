"""The command ``lgc-sed detect`` on odd files, after kills, and twice."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from detect_cases import THRESHOLD, sound, write_small_model, write_sound
from forked import ROOT, Script
from lgc_plugin.cli import main as cli


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_model(tmp_path_factory.mktemp("run") / "model")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rec").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "rec"


def detect(model: Path, *words: object) -> int:
    options = ["--device=cpu", f"--model={model}", f"--threshold={THRESHOLD}"]
    return cli.main(["detect", *options, *map(str, words)])


def events_of(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines()[1:]:
        name, _, event = line.partition("\t")
        found.setdefault(name, []).append(event)
    return found


def test_the_events_before_the_damage_are_kept(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = write_sound(folder / "whole.flac", 6.0)
    content = whole.read_bytes()
    (folder / "cut.flac").write_bytes(content[: len(content) // 2])
    assert detect(model, folder, "--format=json") == 1
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    cut, full = result["recordings"]
    assert 1.5 < cut["seconds"] < 4.5 and full["seconds"] == 6.0
    before = [x for x in full["events"] if x["offset"] < cut["seconds"] - 1]
    assert before and all(event in cut["events"] for event in before)
    assert [each["filename"] for each in result["errors"]] == ["cut.flac"]
    problem = "cut.flac: cannot be decoded to its end ("
    assert problem in result["errors"][0]["problem"]
    assert printed.err.count(problem) == 1
    assert f"after {cut['seconds']:.3f} s" in printed.err
    assert printed.err.endswith(
        "1 of 2 recordings could not be read to the end\n"
    )


def test_a_mac_and_a_phone_stand_in_no_way(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(folder / "bark.mp3", sound(2.0), 16000)
    (folder / "._bark.mp3").write_bytes(bytes.fromhex("00051607") + bytes(78))
    assert detect(model, folder) == 0
    assert list(events_of(capsys.readouterr().out)) == ["bark.mp3"]
    for name in ("a.m4a", "b.aac", "c.wma", "d.txt"):
        (folder / name).touch()
    assert detect(model, folder) == 1
    printed = capsys.readouterr()
    assert list(events_of(printed.out)) == ["bark.mp3"]
    assert "3 files are passed over: libsndfile does not read" in printed.err


def test_channels_that_cancel_are_told_once_and_counted(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = sound(2.0)
    for name in ("a.wav", "b.wav", "c.wav"):
        soundfile.write(folder / name, np.stack([left, -left], 1), 16000)
    soundfile.write(folder / "fine.wav", np.stack([left, left], 1), 16000)
    assert detect(model, folder, "--plot") == 0
    lines = capsys.readouterr().err.splitlines()
    warned = [line for line in lines if line.startswith("warning")]
    assert len(warned) == 2
    assert "a.wav: the mean of its 2 channels is " in warned[0]
    assert "3 recordings have channels that cancel" in warned[1]
    assert detect(model, folder / "fine.wav") == 0
    assert capsys.readouterr().err == ""


def test_bands_above_the_models_are_told_in_one_line(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.wav", "b.wav"):
        write_sound(folder / name, 1.0, rate=48000)
    write_sound(folder / "c.wav", 1.0)
    assert detect(model, folder / "a.wav") == 0
    note = "the recording reaches above 8000 Hz (up to 24000 Hz): the model"
    assert capsys.readouterr().err.startswith(note)
    assert detect(model, folder) == 0
    err = capsys.readouterr().err
    assert err.startswith("2 recordings reach above 8000 Hz (up to 24000 Hz)")
    assert err.count("\n") == 1


def test_a_pattern_writes_nothing_outside_of_output(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sound(folder / "in" / "a.wav", 1.0)
    before = sorted(Path().rglob("*"))
    words = ["--format=audacity", "--output=labels/deep"]
    assert detect(model, "rec/i*/../../rec/in/*.wav", *words) == 2
    assert "'..' behind a wildcard" in capsys.readouterr().err
    assert sorted(Path().rglob("*")) == before


def test_names_command_no_terminal(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b]0;title\x07.wav"
    (folder / evil).write_text("no sound")
    write_sound(folder / f"b{evil}", 1.0, rate=8000)
    write_sound(folder / "ok.wav", 1.0)
    assert detect(model, folder, "--output=a.tsv") == 1
    assert detect(model, folder / f"no{evil}") == 2
    assert detect(model, f"{evil}*") == 2
    printed = capsys.readouterr()
    text = printed.out + printed.err
    assert "\\x1b]0;title\\x07" in text
    assert all(char.isprintable() or char == "\n" for char in text)


def start(model: Path, *words: str) -> Script:
    program = ROOT / "tests" / "lgc_sed.py"
    options = ["detect", "--device=cpu", f"--model={model}"]
    return Script([program, *options, *words], cwd=Path.cwd())


def wait_for(path: Path, n_lines: int) -> None:
    end = time.monotonic() + 120
    while not path.exists() or path.read_text().count("\n") < n_lines:
        assert time.monotonic() < end, f"{path} does not grow"
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["json", "audacity"])
def test_a_killed_command_goes_on(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    for number in range(30):
        write_sound(folder / f"{number:02}.wav", 1.0 + number / 20, number)
    (folder / "05.wav").write_text("no sound")
    words = ["rec", f"--format={kind}", f"--threshold={THRESHOLD}"]
    assert detect(model, *words, "--output=whole") == 1
    capsys.readouterr()
    running = start(model, *words, "--output=out")
    place = Path("out") if kind == "audacity" else Path()
    try:
        while not (found := list(place.glob(".*.progress"))):
            assert running.poll() is None
            time.sleep(0.01)
        wait_for(found[0], 8)
    finally:
        running.kill()
    assert kind == "audacity" or not Path("out").exists()
    assert detect(model, *words, "--output=out") == 1
    err = capsys.readouterr().err
    assert "out: goes on where it was stopped, " in err
    n_done = int(err.split("stopped, ")[1].split()[0])
    assert n_done >= 7
    assert err.count("05.wav: cannot be decoded") == 1
    assert "1 of 30 recordings could not be read" in err
    if kind == "audacity":
        files = {
            path.name: [(each / path.name).read_bytes() for each in both]
            for both in [(Path("whole"), Path("out"))]
            for path in Path("whole").iterdir()
        }
        assert len(files) == 29
        assert all(a == b for a, b in files.values())
    else:
        assert Path("out").read_bytes() == Path("whole").read_bytes()
    left = {path.name for path in Path().iterdir()}
    assert left == {"rec", "out", "whole"}


def test_two_at_once_on_one_file(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(30):
        write_sound(folder / f"{number:02}.wav", 4.0, number)
    running = start(model, "rec", "--output=out.tsv")
    try:
        wait_for(Path(".out.tsv.progress"), 2)
        assert detect(model, "rec", "--output=out.tsv") == 2
        err = capsys.readouterr().err
        assert (
            f"out.tsv: in use by process {running.processes[0].pid} on" in err
        )
        assert err.count("\n") == 1
    finally:
        done = running.wait()
    assert done.returncode == 0, done.stderr
    assert len(events_of(Path("out.tsv").read_text())) == 30

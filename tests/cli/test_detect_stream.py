"""The command ``lgc-sed detect -``."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from detect_cases import (
    LIMITS,
    THRESHOLD,
    small_detector,
    sound,
    write_small_model,
)
from lgc_plugin.cli import main as cli

WAV_FILE = b"RIFF" + bytes(100)
HEADER = "filename\tonset\toffset\tevent_label\tconfidence\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_model(tmp_path_factory.mktemp("run") / "model")


class Pipe(io.BytesIO):
    """Standard input that is still going on when somebody stops it."""

    def __init__(self, data: bytes, *, goes_on: bool = False) -> None:
        super().__init__(data)
        self.buffer = self
        self._goes_on = goes_on

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data and self._goes_on:
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("nobody interrupted the waiting")
        return data


def listen(
    monkeypatch: pytest.MonkeyPatch,
    pipe: Pipe,
    *words: object,
) -> int:
    monkeypatch.setattr(sys, "stdin", pipe)
    return cli.main(["detect", "--device=cpu", *map(str, words), "-"])


def expected_events(model: Path, wav: object, rate: int = 16000) -> list[tuple]:
    detector = small_detector(model)
    table = detector.detect(wav, rate, threshold=LIMITS)
    return sorted(
        (round(row[0], 6), round(row[1], 6), row[2], round(row[3], 4))
        for row in table.itertuples(index=False, name=None)
    )


def table_events(text: str) -> list[tuple]:
    assert text.startswith(HEADER)
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    assert {name for name, *_ in rows} == {"-"}
    return sorted((float(a), float(b), c, float(d)) for _, a, b, c, d in rows)


@pytest.mark.parametrize("goes_on", [False, True])
def test_events_are_those_of_the_recording(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    goes_on: bool,
) -> None:
    wav = sound(3.3)
    pipe = Pipe(wav.astype("<i2").tobytes(), goes_on=goes_on)
    words = ["--model", model, "--threshold", THRESHOLD]
    assert listen(monkeypatch, pipe, *words) == 0
    printed = capsys.readouterr()
    expected = expected_events(model, wav)
    assert len(expected) > 3
    assert table_events(printed.out) == expected
    said = re.fullmatch(
        "reading 1 channel of 16000 Hz; an event is printed at most "
        r"([\d.]+) s after its end; Ctrl-C stops\n",
        printed.err,
    )
    assert 0.1 <= float(said[1]) - small_detector(model).latency_seconds <= 0.2


@pytest.mark.filterwarnings("ignore:.*nothing above")
def test_other_rates_and_channels(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wav = sound(4.0, rate=8000).reshape(-1, 2)
    pipe = Pipe(wav.astype("<i2").tobytes())
    words = ["--model", model, "--threshold", THRESHOLD]
    assert listen(monkeypatch, pipe, *words, "--rate=8000", "--channels=2") == 0
    printed = capsys.readouterr()
    assert table_events(printed.out) == expected_events(model, wav, 8000)
    first, second = printed.err.splitlines()
    assert first.startswith("warning: the stream: sampled at 8000 Hz")
    assert second.startswith("reading 2 channels of 8000 Hz")


def test_json_and_labels_line_by_line(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wav = sound(3.3)
    expected = expected_events(model, wav)
    words = ["--model", model, "--threshold", THRESHOLD]
    pipe = Pipe(wav.astype("<i2").tobytes())
    assert listen(monkeypatch, pipe, *words, "--format=json") == 0
    lines = capsys.readouterr().out.splitlines()
    found = [json.loads(line) for line in lines]
    keys = ["onset", "offset", "event_label", "confidence"]
    assert all(list(event) == keys for event in found)
    assert sorted(tuple(event.values()) for event in found) == expected
    pipe = Pipe(wav.astype("<i2").tobytes())
    assert listen(monkeypatch, pipe, *words, "--format=audacity") == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert sorted((float(a), float(b), c) for a, b, c in rows) == [
        event[:3] for event in expected
    ]


def test_an_event_comes_before_the_stream_ends(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wav = sound(20.0)
    printed: list[tuple[float, str]] = []

    class Watched(Pipe):
        def read(self, size: int | None = -1) -> bytes:
            seconds_read = self.tell() / 2 / 16000
            printed.append((seconds_read, capsys.readouterr().out))
            return super().read(size)

    pipe = Watched(wav.astype("<i2").tobytes())
    words = ["--model", model, "--threshold", THRESHOLD]
    assert listen(monkeypatch, pipe, *words) == 0
    printed.append((20.0, capsys.readouterr().out))
    latency = small_detector(model).latency_seconds
    count = 0
    for seconds_read, text in printed:
        for line in text.replace(HEADER, "").splitlines():
            end = float(line.split("\t")[2])
            # Chunks are of 0.1 s.
            assert end <= seconds_read <= min(end + latency + 0.1, 20.0) + 1e-9
            count += 1
    assert count == len(expected_events(model, wav)) > 10
    assert printed[0][1] == HEADER


def test_nothing_detected_has_a_row(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["--model", model, "--threshold=1"]
    assert listen(monkeypatch, Pipe(bytes(8000)), *words) == 0
    assert capsys.readouterr().out == HEADER + "-\t\t\t\t\n"
    # Nothing was read at all.
    assert listen(monkeypatch, Pipe(b"", goes_on=True), *words) == 0
    assert capsys.readouterr().out == HEADER


@pytest.mark.parametrize(
    ("data", "words", "message"),
    [
        (b"", [], "the stream holds no samples"),
        (WAV_FILE, [], "standard input is a WAV file, not raw samples"),
        (bytes(100), ["--rate=0"], "sample rate 0"),
        (bytes(100), ["--channels=0"], "a stream of 0 channels"),
        (bytes(100), ["--threshold=Cow=0.1"], "unknown ['Cow']"),
        (bytes(100), ["--output=a.tsv"], "--output is for files"),
        (bytes(100), ["--plot"], "--plot is for files"),
        (bytes(100), ["--quiet", "a.wav"], "which is processed alone"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_what_cannot_be_is_status_2(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    words: list[str],
    message: str,
) -> None:
    assert listen(monkeypatch, Pipe(data), "--model", model, *words) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("lgc-sed: error: ") and message in last


def test_a_terminal_is_no_microphone(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = Pipe(bytes(100))
    monkeypatch.setattr(pipe, "isatty", lambda: True, raising=False)
    assert listen(monkeypatch, pipe, "--model", model) == 2
    assert "standard input is a terminal: pipe" in capsys.readouterr().err


def test_who_stops_reading_gets_no_error(model: Path) -> None:
    words = ["detect", "-", f"--model={model}", f"--threshold={THRESHOLD}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "lgc_plugin.cli.main", *words, "--device=cpu"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    try:
        process.stdin.write(sound(3.0).astype("<i2").tobytes())
        process.stdin.close()
    except BrokenPipeError:
        pass
    error = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 141
    assert error.startswith("reading") and error.count("\n") == 1

"""The command ``lgc-sed detect`` on files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from matplotlib.image import imread

from detect_cases import (
    LIMITS,
    THRESHOLD,
    small_detector,
    write_bad_files,
    write_small_model,
    write_sound,
)
from lgc_plugin.cli import main as cli
from lgc_plugin.inference.files import batch_detection

NAMES = ("a.wav", "b.flac", "day/c.wav")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_model(tmp_path_factory.mktemp("run") / "model")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recordings; what is written without a name goes beside them."""
    for seed, name in enumerate(NAMES):
        write_sound(tmp_path / "rec" / name, 1.5 + seed / 2, seed)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "rec"


def detect(*words: object) -> int:
    return cli.main(["detect", "--device=cpu", *map(str, words)])


def expected_events(
    model: Path, folder: Path, threshold: object = LIMITS, **options: object
) -> dict[str, list[tuple]]:
    """What the detector finds, asked directly."""
    detector = small_detector(model, **options)
    return {
        name: [
            (round(row[0], 6), round(row[1], 6), row[2], round(row[3], 4))
            for row in detector.detect_file(
                folder / name, threshold=threshold
            ).itertuples(index=False, name=None)
        ]
        for name in NAMES
    }


def table_events(text: str) -> dict[str, list[tuple]]:
    head, *lines = text.splitlines()
    assert head == "filename\tonset\toffset\tevent_label\tconfidence"
    found: dict[str, list[tuple]] = {}
    for line in lines:
        name, onset, offset, label, confidence = line.split("\t")
        events = found.setdefault(name, [])
        if label:
            events.append(
                (float(onset), float(offset), label, float(confidence))
            )
    return found


@pytest.mark.parametrize("network", ["teacher", "student", None])
def test_a_table_on_standard_output(
    model: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    network: str | None,
) -> None:
    words = [f"--{network}"] if network else []
    assert detect(folder, "--model", model, "--threshold", 0.48, *words) == 0
    printed = capsys.readouterr()
    found = table_events(printed.out)
    used = {"network": network} if network else {}
    assert found == expected_events(model, folder, 0.48, **used)
    assert list(found) == list(NAMES)
    assert any(found.values())
    assert printed.err == ""


def test_thresholds(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, threshold in (
        ([], None),
        (["--threshold", THRESHOLD], LIMITS),
        (["--threshold=Dog=0.6,yes=0.45"], {"Dog": 0.6, "yes": 0.45}),
        (["--threshold", "1"], 1.0),
    ):
        assert detect(folder, "--model", model, *words) == 0
        found = table_events(capsys.readouterr().out)
        assert found == expected_events(model, folder, threshold)
    assert found == {name: [] for name in NAMES}


def test_the_run_decides_what_the_detector_is(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--hop=0.25", "--batch-size=1", "--precision=fp32"]
    # The folder of the run has the model in it.
    words += ["--model", str(model.parent), f"--threshold={THRESHOLD}"]
    assert detect(folder, *words) == 0
    found = table_events(capsys.readouterr().out)
    assert found == expected_events(model, folder, hop_seconds=0.25)
    assert found != expected_events(model, folder)


def test_files_and_patterns_are_called_as_they_are(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--model", model, folder / "day" / "c.wav", "rec/*.flac"]
    assert detect(*words) == 0
    assert list(table_events(capsys.readouterr().out)) == ["b.flac", "c.wav"]


def test_a_part_of_a_folder_adds_nothing_to_it(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert detect("--model", model, folder, folder / "day") == 0
    assert list(table_events(capsys.readouterr().out)) == list(NAMES)


def test_json(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--model", model, "--format=json", "--threshold", THRESHOLD]
    assert detect(folder, *words, "--student", "--output", "a/b.json") == 0
    content = json.loads(Path("a/b.json").read_text())
    detector = small_detector(model, network="student")
    assert content["model"] == {
        "folder": str(model),
        "network": "student",
        "labels": ["Cat", "Dog", "yes"],
        "frame_seconds": detector.frame_seconds,
        "thresholds": LIMITS,
        "median_windows": {"Cat": 3, "Dog": 5, "yes": 1},
        "versions": {"torch": "2.11.0", "sed_scores_eval": None},
    }
    found = {
        each["filename"]: [tuple(event.values()) for event in each["events"]]
        for each in content["recordings"]
    }
    assert found == expected_events(model, folder, network="student")
    lengths = [each["seconds"] for each in content["recordings"]]
    assert lengths == [1.5, 2.0, 2.5]
    assert (content["errors"], content["complete"]) == ([], True)
    printed = capsys.readouterr()
    count = sum(map(len, found.values()))
    assert printed.err == f"wrote a/b.json: {count} events in 3 recordings\n"
    assert printed.out == ""


def test_label_tracks_and_pictures(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [folder, "--model", model, "--format=audacity", "--plot"]
    assert detect(*words, "--threshold", THRESHOLD) == 0
    out = Path("detections")
    files = {
        file.relative_to(out).as_posix()
        for file in out.rglob("*")
        if file.is_file()
    }
    both = {f"{name}{suffix}" for name in NAMES for suffix in (".txt", ".png")}
    assert files == both
    for name, events in expected_events(model, folder).items():
        rows = [
            line.split("\t")
            for line in (out / f"{name}.txt").read_text().splitlines()
        ]
        assert [(float(a), float(b), c) for a, b, c in rows] == [
            event[:3] for event in events
        ]
        assert imread(out / f"{name}.png").shape[1] == 1200
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("wrote detections: 3 pictures\n")


def test_folders_that_are_named(model: Path, folder: Path) -> None:
    audio = folder / "a.wav"
    words = [audio, "--model", model, "--plot", "--quiet"]
    assert detect(*words, "--output=x.tsv", "--plot-output=p/q") == 0
    assert detect(*words, "--output=labels", "--format=audacity") == 0
    made = {str(x) for x in Path().rglob("a.wav*") if x.is_file()}
    expected = {"rec/a.wav", "p/q/a.wav.png", "labels/a.wav.png"}
    assert made == {*expected, "labels/a.wav.txt"}
    assert not Path("detections").exists()
    assert detect(*words) == 0
    assert Path("detections/a.wav.png").is_file()


def test_bad_files_are_told_and_passed_over(
    model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = write_bad_files(folder / "bad")
    write_sound(folder / "phone.wav", rate=8000)
    words = ["--model", model, "--format=json", "--plot"]
    assert detect(*words, folder, "no.wav") == 1
    printed = capsys.readouterr()
    content = json.loads(printed.out)
    listed = [each["filename"] for each in content["recordings"]]
    assert listed == sorted([*NAMES, "phone.wav", "bad/cut.flac"])
    told = {each["filename"]: each["problem"] for each in content["errors"]}
    assert told.keys() == {"no.wav", *(f"bad/{name}" for name in problems)}
    for name, problem in problems.items():
        assert problem in told[f"bad/{name}"]
    lines = printed.err.splitlines()
    errors = [f"error: {problem}" for problem in told.values()]
    warned = [line for line in lines if line.startswith("warning: ")]
    assert [line for line in lines if line.startswith("error")] == errors
    # Read twice because of the picture, told once.
    assert len(warned) == 1
    assert warned[0].startswith(f"warning: {folder}/phone.wav: sampled at 8000")
    assert lines[-3:] == [
        "wrote detections: 5 pictures",
        "5 of 10 recordings could not be read",
        "1 of 10 recordings could not be read to the end",
    ]
    assert len(lines) == len(errors) + 4


def test_a_table_is_scored_as_it_is(model: Path, folder: Path) -> None:
    soundfile.write(folder / "quiet.wav", np.zeros(24000), 16000)
    soundfile.write(folder / "void.wav", np.zeros(0), 16000)
    words = [folder, "--model", model, "--output=out.tsv"]
    assert detect(*words, "--threshold", "Cat=1,Dog=1,yes=0.46") == 1
    found = table_events(Path("out.tsv").read_text())
    assert list(found) == [*NAMES, "quiet.wav"]
    assert all(found[name] for name in NAMES) and not found["quiet.wav"]
    # What was detected is the truth; one recording was not processed.
    rows = [("void.wav", 0.1, 0.2, "yes"), ("quiet.wav", "", "", "")]
    rows += [(name, *x[:3]) for name, events in found.items() for x in events]
    columns = ["filename", "onset", "offset", "event_label"]
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv("truth.tsv", sep="\t", index=False)
    words = ["--predictions=out.tsv", "--ground-truth=truth.tsv"]
    words += ["--n-bootstrap=0", "--no-figures"]
    for options, coverage in ((["--drop-missing"], "4/5"), ([], "5/5")):
        assert cli.main(["evaluate", *words, *options]) == 0
        results = json.loads(Path("out_scores/results.json").read_text())
        assert results["coverage"] == coverage
        score = results["scores"]["out"]["event_f1_micro"]
        assert score == 1.0 if options else 0.5 < score < 1.0
        note = results["notes"][-1]
        assert "no predictions for 1 of 5 annotated clips" in note
        assert "'void.wav'" in note


def test_what_is_done_is_there_before_the_end(
    model: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detect_one = batch_detection._detect

    def stopped(detector, source, *args):
        if source.name == "day/c.wav":
            raise KeyboardInterrupt
        return detect_one(detector, source, *args)

    monkeypatch.setattr(batch_detection, "_detect", stopped)
    words = [folder, "--model", model, "--threshold", THRESHOLD]
    assert detect(*words) == 130
    half = {
        name: events
        for name, events in expected_events(model, folder).items()
        if name in NAMES[:2]
    }
    printed = capsys.readouterr()
    assert table_events(printed.out) == half
    assert printed.err == "lgc-sed: stopped\n"
    Path("a.tsv").write_text("older")
    assert detect(*words, "--output=a.tsv") == 130
    assert Path("a.tsv").read_text() == "older"
    assert table_events(Path("a.partial.tsv").read_text()) == half
    assert capsys.readouterr().err == (
        "what was done is in a.partial.tsv; the same command goes on from "
        "there\nlgc-sed: stopped\n"
    )
    assert detect(*words, "--output=a.json", "--format=json") == 130
    content = json.loads(Path("a.partial.json").read_text())
    assert len(content["recordings"]) == 2 and not content["complete"]

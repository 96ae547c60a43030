"""Events beyond the end of their clip are told, and other units guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lgc_plugin.cli.main import main
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.evaluation.evaluation import evaluate
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.prediction_checks import ScoredSet
from lgc_plugin.types import Event, LabelKind
from scoring_files import write_table

EVENTS = [("a.wav", 0.5, 2.0, "Dog"), ("b.wav", 1.0, 9.0, "Cat")]
LENGTHS = [("a.wav", 10.0), ("b.wav", 10.0)]
UNITS = {"milliseconds": 1000, "samples": 16000}


def scaled(factor: float) -> list[tuple]:
    return [(clip, a * factor, b * factor, x) for clip, a, b, x in EVENTS]


def files(folder: Path, truth=EVENTS, lengths=LENGTHS) -> tuple[Path, Path]:
    columns = ["filename", "duration"]
    return (
        write_table(folder / "truth.txt", truth),
        write_table(folder / "lengths.txt", lengths, columns),
    )


def warned(notes: Notes) -> list[str]:
    return [line for line in notes.lines if line.startswith("warning")]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("kind", ["file", "manifest"])
def test_annotations_in_another_unit(
    tmp_path: Path, unit: str, kind: str
) -> None:
    notes, rows = Notes(), scaled(UNITS[unit])
    if kind == "file":
        truth, lengths = files(tmp_path, rows)
        read_annotations(truth, lengths, notes=notes)
        row = f"{truth}, row 3 ('b.wav' "
    else:
        truth = tmp_path / "truth.csv"
        clips = [
            ClipRow(clip[0], 10.0, clip, LabelKind.STRONG, (Event(*event),))
            for clip, *event in rows
        ]
        write_manifest(clips, truth)
        read_annotations(truth, notes=notes)
        row = f"{truth}, row 3)"
    (line,) = warned(notes)
    late = 9 * UNITS[unit]
    assert line.startswith(
        "warning: 2 annotated events, in 2 clips, reach over the end of the "
        f"clip, such as 'Cat' until {late:g} s in 'b.wav' of 10 s ("
    )
    assert row in line
    assert line.endswith(f"look like {unit}: seconds are expected")


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("folder", [True, False])
def test_detections_in_another_unit(
    tmp_path: Path, unit: str, folder: bool
) -> None:
    truth = read_annotations(*files(tmp_path))
    (tmp_path / "found").mkdir()
    found = tmp_path / "found" / "th_0.5.tsv"
    write_table(found, [("a.wav", "", "", ""), *scaled(UNITS[unit])])
    write_table(tmp_path / "found" / "th_0.3.tsv", EVENTS[:1])
    notes = Notes()
    evaluate(found.parent if folder else found, truth, resamples=0, notes=notes)
    (line,) = [x for x in warned(notes) if "reach over" in x]
    assert line.startswith("warning: 2 detections")
    assert f"({found}, row 4 ('b.wav' " in line
    assert line.endswith(f"look like {unit}: seconds are expected")


@pytest.mark.parametrize("unit", UNITS)
def test_frames_in_another_unit(tmp_path: Path, unit: str) -> None:
    edges = np.arange(11.0) * UNITS[unit]
    scores = np.full((2, 2, 10), 0.1, dtype=np.float32)
    frames = FrameScores(
        ("Cat", "Dog"), ("a.wav", "b.wav"), scores, np.full(2, 10), edges
    )
    frames.save(tmp_path / "scores.npz")
    paths = files(tmp_path)
    notes = Notes()
    truth = read_annotations(*paths)
    evaluate(tmp_path / "scores.npz", truth, resamples=0, notes=notes)
    other = Notes()
    ScoredSet.read(tmp_path / "scores.npz", *paths, notes=other)
    for each in (notes, other):
        (line,) = [x for x in warned(each) if "reach over" in x]
        assert str(tmp_path / "scores.npz") in line
        assert line.endswith(f"look like {unit}: seconds are expected")


def test_a_few_late_events_are_no_other_unit(tmp_path: Path) -> None:
    rows = [("a.wav", 1, 3, "Dog")] * 3 + [("b.wav", 5, 10.2, "Cat")]
    notes = Notes()
    read_annotations(*files(tmp_path, rows), notes=notes)
    (line,) = warned(notes)
    assert "1 annotated event, in 1 clip, reach" in line
    assert line.endswith("): kept as they are")
    # The last frame, or rounding.
    rows[-1] = ("b.wav", 5, 10.09, "Cat")
    notes = Notes()
    read_annotations(*files(tmp_path, rows), notes=notes)
    assert not warned(notes)


@pytest.mark.parametrize("kind", ["truth", "detections", "frames"])
@pytest.mark.parametrize("lengths", ["none", "as truth"])
def test_two_units_are_told_without_lengths(
    tmp_path: Path, kind: str, lengths: str
) -> None:
    rows = scaled(1000) if kind == "truth" else EVENTS
    known = [(clip, 10_000.0) for clip, _ in LENGTHS]
    paths = files(tmp_path, rows, known if kind == "truth" else LENGTHS)
    truth = read_annotations(*paths[: 1 if lengths == "none" else 2])
    found = tmp_path / "found.tsv"
    if kind == "frames":
        found = tmp_path / "found.npz"
        edges = np.arange(11.0) * 1000
        scores = np.full((2, 2, 10), 0.1, dtype=np.float32)
        FrameScores(
            ("Cat", "Dog"), ("a.wav", "b.wav"), scores, np.full(2, 10), edges
        ).save(found)
    else:
        write_table(found, scaled(1000) if kind == "detections" else EVENTS)
    notes = Notes()
    evaluate(found, truth, resamples=0, notes=notes)
    told = [x for x in notes.lines if str(found) in x and "second" in x]
    assert len(told) == 1
    notes = Notes()
    evaluate(paths[0], truth, resamples=0, notes=notes)
    assert not [x for x in notes.lines if "second" in x]


@pytest.mark.parametrize("side", ["truth", "detections"])
@pytest.mark.parametrize("end", [4e7, 1e9, 1e300])
def test_times_beyond_any_sense_are_refused(
    tmp_path: Path, side: str, end: float, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*EVENTS, *((x, 0.0, end, "Cat") for x, _ in LENGTHS * 5)]
    truth, lengths = files(tmp_path, rows if side == "truth" else EVENTS)
    found = rows if side == "detections" else EVENTS
    found = write_table(tmp_path / "found.tsv", found)
    words = [f"--ground-truth={truth}", f"--durations={lengths}"]
    assert main(["evaluate", f"--predictions={found}", *words]) == 2
    printed = capsys.readouterr().err
    assert f"{truth if side == 'truth' else found}, row" in printed
    assert "seconds" in printed.splitlines()[-1]


@pytest.mark.parametrize("known", [True, False])
def test_all_in_another_unit(tmp_path: Path, known: bool) -> None:
    lengths = [(clip, 1000 * seconds) for clip, seconds in LENGTHS]
    for factor in (1, 1000):
        paths = files(
            tmp_path, scaled(factor), lengths if factor > 1 else LENGTHS
        )
        notes = Notes()
        read_annotations(*paths[: 2 if known else 1], notes=notes)
        told = [x for x in warned(notes) if "seconds are expected" in x]
        assert len(told) == (factor > 1)
    assert f"{paths[0]}: " in told[0] and "4750 s" in told[0]


def test_lengths_in_another_unit(tmp_path: Path) -> None:
    clips = [f"{i}.wav" for i in range(4)]
    events = [(clip, 1, 5.5, "Cat") for clip in clips]
    for factor in (1, 1000):
        lengths = [(clip, 10 * factor) for clip in clips]
        notes = Notes()
        read_annotations(*files(tmp_path, events, lengths), notes=notes)
        told = warned(notes)
        assert len(told) == (factor > 1)
    assert "lengths.txt" in told[0] and "10000" in told[0]
    assert told[0].endswith("look like milliseconds: seconds are expected")

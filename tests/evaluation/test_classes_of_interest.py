"""Some of the annotated classes are scored as they are among all."""

from __future__ import annotations

from pathlib import Path

import pytest

from lgc_plugin.evaluation.evaluation import Evaluation, evaluate
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_point import OperatingOptions
from scoring_files import (
    CLIPS,
    WINDOWS,
    frame_scores,
    write_detections,
    write_table,
    write_truth,
)

ROWS = [
    ("00.wav", 1, 2, "Cat"),
    ("00.wav", 4, 5, "Dog"),
    ("01.wav", 3, 4, "Dog"),
    ("02.wav", "", "", ""),
]


def scored(
    folder: Path, path: Path, labels: list[str] | None, profile: str, *options
) -> tuple[Evaluation, list[str]]:
    notes = Notes()
    truth = read_annotations(
        folder / "truth.txt",
        folder / "lengths.txt",
        labels=labels,
        profile=profile,
        notes=notes,
    )
    wanted = OperatingOptions(*options)
    return evaluate(path, truth, wanted, resamples=0, notes=notes), notes.lines


@pytest.mark.parametrize("profile", ["strict", "dcase"])
@pytest.mark.parametrize("kind", ["detections", "npz"])
def test_a_class_scores_the_same_alone(
    tmp_path: Path, kind: str, profile: str
) -> None:
    write_truth(tmp_path)
    path, options = write_detections(tmp_path / "found"), ()
    if kind == "npz":
        path, options = tmp_path / "a.npz", (0.49, WINDOWS)
        frame_scores().save(path)
    wanted = ["Dog", "Cat"]
    every, _ = scored(tmp_path, path, None, profile, *options)
    some, notes = scored(tmp_path, path, wanted, profile, *options)
    assert some.truth.labels == tuple(wanted)
    assert some.result.scores.keys() == every.result.scores.keys()
    for name, score in some.result.scores.items():
        assert list(score.per_class) == wanted
        # Cross-triggers are those of the classes that count.
        if name.startswith("psds2"):
            continue
        expected = every.result.scores[name].per_class
        for label in wanted:
            assert score.per_class[label] == pytest.approx(expected[label])
    for criterion, counts in some.result.operating.items():
        expected = every.result.operating[criterion].per_class
        assert counts.per_class == {x: expected[x] for x in wanted}
    assert some.coverage.silent == every.coverage.silent
    assert some.result.coverage == "12/12"
    left_out = [line for line in notes if "leaves out" in line]
    assert left_out[0].startswith("note: --labels leaves out ")
    assert "annotated events of other classes: 'Cow' (" in left_out[0]
    if kind == "detections":
        assert (
            "detections of classes that --labels leaves out: 'Cow'"
            in (left_out[1])
        )
    assert not any(line.startswith("warning") for line in notes)


def files(folder: Path) -> Path:
    write_table(folder / "truth.txt", ROWS)
    lengths = [(clip, 36.0) for clip in CLIPS[:3]]
    write_table(folder / "lengths.txt", lengths, ["filename", "duration"])
    return write_table(folder / "found.tsv", ROWS[:3])


def test_a_class_without_annotation_has_false_alarms(
    tmp_path: Path,
) -> None:
    file = files(tmp_path)
    rows = [("00.wav", 1, 2, "Owl"), *ROWS[:2]]
    write_table(file, rows)
    evaluation, notes = scored(tmp_path, file, ["Owl"], "strict")
    counts = evaluation.result.operating["event"].per_class
    # Three clips are three hundredths of an hour.
    assert counts["Owl"].false_alarms_per_hour == pytest.approx(100 / 3)
    printed = "\n".join(notes)
    assert (
        "3 annotated events of other classes: 'Dog' (2), 'Cat' (1)" in printed
    )
    assert "warning: no event is annotated" in printed
    assert (
        "no event of 'Owl'" in printed and "if the names are right" in printed
    )


def test_detections_of_other_classes_alone_are_none(tmp_path: Path) -> None:
    file = files(tmp_path)
    write_table(file, ROWS[1:])
    evaluation, notes = scored(tmp_path, file, ["Cat"], "strict")
    overall = evaluation.result.operating["event"].overall
    assert (overall.tp, overall.fp, overall.fn) == (0, 0, 1)
    write_table(file, [("00.wav", 1, 2, "cat")])
    with pytest.raises(ValueError, match="no class is annotated"):
        scored(tmp_path, file, ["Cat"], "strict")


def test_dcase_counts_what_is_detected_beside_other_classes(
    tmp_path: Path,
) -> None:
    file = files(tmp_path)
    rows = [("01.wav", 1, 2, "Cat"), ("02.wav", 1, 2, "Cat")]
    write_table(file, rows)
    evaluation, _ = scored(tmp_path, file, ["Cat"], "dcase")
    overall = evaluation.result.operating["event"].overall
    # 02.wav has no event at all; in 01.wav there is a dog.
    assert (overall.fp, overall.hours) == (1, pytest.approx(2 / 100))
    printed = evaluation.coverage.profile_text("dcase")
    assert printed.startswith("dcase: detections in 1 clip without events")

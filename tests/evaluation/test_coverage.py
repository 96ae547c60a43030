"""Predictions and annotations that are not about the same things."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation.coverage import ScoringCoverage, covered_truth
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.late_events import END_TOLERANCE
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.prediction_checks import check_predictions
from lgc_plugin.evaluation.predictions import Predictions

EVENTS = [("a.wav", 1.0, 3.0, "Cat"), ("b.wav", 0.0, 4.0, "Dog")]
LENGTHS = {"a.wav": 10.0, "b.wav": 4.5, "c.wav": 8.0}
FRAMES = FrameScores(
    ("Dog", "Cow", "Cat"),
    ("b.wav", "a.wav", "z.wav"),
    np.arange(18, dtype=np.float32).reshape(3, 3, 2) / 18,
    np.array([1, 2, 2]),
    np.array([0.0, 4.6, 9.0]),
    np.arange(9, dtype=np.float32).reshape(3, 3) / 9,
)


def annotations(**more) -> Annotations:
    truth = GroundTruth.from_tables(
        pd.DataFrame(EVENTS, columns=EVENT_COLUMNS),
        pd.DataFrame(LENGTHS.items(), columns=["filename", "duration"]),
        ["Cat", "Dog"],
        profile="strict",
    )
    return Annotations(Path("truth.tsv"), truth, True, **more)


def predictions(rows: list[tuple], clips=()) -> Predictions:
    columns = [*EVENT_COLUMNS, "threshold"][: len(rows[0])]
    table = pd.DataFrame(rows, columns=columns)
    named = frozenset(table.filename) | set(clips)
    return Predictions(Path("found"), named, events=table)


def checked(found: Predictions, **more) -> tuple[Predictions, list[str]]:
    notes = Notes()
    return check_predictions(found, annotations(**more), notes), notes.lines


def test_what_fits_is_not_talked_about() -> None:
    kept, lines = checked(predictions(EVENTS))
    assert kept.events.values.tolist() == [list(row) for row in EVENTS]
    assert lines == []


def test_unknown_labels_are_counted_by_name() -> None:
    rows = [("a.wav", 0, 1, x) for x in ("Cow", "cat", "Cow", "Cat")]
    kept, lines = checked(predictions(rows))
    assert kept.events.event_label.tolist() == ["Cat"]
    assert lines == [
        "warning: 3 detections with labels that are not annotated are "
        "ignored: 'Cow' (2), 'cat' (1)"
    ]
    with pytest.raises(ValueError, match="no class is annotated: .*'cat'"):
        checked(predictions(rows[1:2]))


def test_clips_that_are_not_annotated_are_ignored() -> None:
    found = predictions([("z.wav", 0, 1, "Cow"), *EVENTS], ["y.wav"])
    kept, lines = checked(found)
    assert kept.clips == {"a.wav", "b.wav"}
    assert kept.events.filename.tolist() == ["a.wav", "b.wav"]
    # Their unknown label is not told either.
    assert lines == [
        "warning: 2 clips of the predictions are not annotated, such as "
        "'y.wav': they are ignored"
    ]
    # Those without audio have been told already.
    kept, lines = checked(found, without_audio=frozenset({"y.wav", "z.wav"}))
    assert kept.clips == {"a.wav", "b.wav"}
    assert lines == []


def test_other_names_altogether_are_an_error() -> None:
    with pytest.raises(ValueError, match="they have 'a', the .* 'a.wav'"):
        checked(predictions([("a", 1, 3, "Cat")]))


def test_detections_behind_the_end_are_told_and_kept() -> None:
    late = 4.5 + END_TOLERANCE + 0.01
    rows = [
        ("b.wav", 0.0, 4.5 + END_TOLERANCE / 2, "Cat", 0.1),
        ("b.wav", 0.0, late, "Dog", 0.1),
        ("b.wav", 4.7, 6.0, "Dog", 0.2),
    ]
    kept, lines = checked(predictions(rows))
    assert len(kept.events) == 3
    assert lines == [
        "warning: 2 detections at all thresholds, in 1 clip, reach over the "
        "end of the clip, such as 'Dog' until 6 s in 'b.wav' of 4.5 s (found): "
        "kept as they are"
    ]


def test_overlaps_are_merged_and_noted() -> None:
    rows = [("a.wav", 0.0, 2.0, "Cat"), ("a.wav", 1.0, 3.0, "Cat")]
    kept, lines = checked(predictions(rows))
    assert kept.events.values.tolist() == [["a.wav", 0.0, 3.0, "Cat"]]
    assert lines == [
        "note: detections: 1 merged with one of the same class that overlaps, "
        "first in a.wav"
    ]


def test_frame_scores_get_the_classes_of_the_truth() -> None:
    found = Predictions(Path("x"), frozenset(FRAMES.clips), frames=FRAMES)
    kept, lines = checked(found)
    frames = kept.frames
    assert frames.labels == ("Cat", "Dog")
    assert frames.clips == ("b.wav", "a.wav")
    for clip in frames.clips:
        expected = FRAMES.of(clip)[[2, 0]]
        np.testing.assert_array_equal(frames.of(clip), expected)
    np.testing.assert_array_equal(
        frames.clip_scores, FRAMES.clip_scores[:2, [2, 0]]
    )
    assert lines == [
        "warning: 1 clip of the predictions are not annotated, such as "
        "'z.wav': they are ignored",
        "warning: scores of 1 class that are not annotated are ignored: 'Cow'",
    ]


def test_a_class_without_scores_is_never_detected() -> None:
    frames = FrameScores(
        ("Cat",),
        FRAMES.clips,
        FRAMES.scores[:, 2:],
        FRAMES.valid_frames,
        FRAMES.edges,
    )
    found = Predictions(Path("x"), frozenset(FRAMES.clips), frames=frames)
    kept, lines = checked(found)
    assert kept.frames.labels == ("Cat", "Dog")
    assert (kept.frames.scores[:, 1] == -np.inf).all()
    assert "warning: no scores of 1 annotated class, 'Dog': never detected" in (
        lines
    )


def test_frames_behind_the_end_are_told() -> None:
    edges = np.array([0.0, 4.61, 9.0])
    frames = FrameScores(
        FRAMES.labels, FRAMES.clips, FRAMES.scores, FRAMES.valid_frames, edges
    )
    found = Predictions(Path("x"), frozenset(frames.clips), frames=frames)
    _, lines = checked(found)
    assert lines[-1] == (
        "warning: the frames of 1 clip reach over the end, such as until "
        "4.61 s in 'b.wav' of 4.5 s (x): kept as they are"
    )


@pytest.mark.parametrize("drop", [True, False])
def test_missing_clips_count_unless_dropped(drop: bool) -> None:
    truth, notes = annotations().truth, Notes()
    systems = {
        "old": predictions(EVENTS, ["c.wav"]),
        "new": predictions(EVENTS[:1], ["c.wav"]),
    }
    left, missing = covered_truth(truth, systems, notes, drop_missing=drop)
    assert missing == 1
    expected = {"a.wav", "c.wav"} if drop else truth.clips
    assert left.clips == expected
    (line,) = notes.lines
    assert line.startswith(
        "warning: new: no predictions for 1 of 3 annotated clips, such as "
        "'b.wav': "
    )
    assert line.endswith("left out" if drop else "leaves them out)")


def test_somebody_must_be_left() -> None:
    truth = annotations().truth
    systems = {"A": predictions(EVENTS[:1]), "B": predictions(EVENTS[1:])}
    with pytest.raises(ValueError, match="no clip is left .* of both"):
        covered_truth(truth, systems, Notes(), drop_missing=True)


def test_coverage_says_what_scores_rest_on() -> None:
    given = annotations(without_audio=frozenset({"y.wav"}))
    coverage = ScoringCoverage.of(
        given, given.truth.restrict(["b.wav", "c.wav"]), 1
    )
    assert coverage == ScoringCoverage(2, 4, 1, 1, 0, 1, 1, 12.5 / 3600)
    assert coverage.line == (
        "coverage: 2/4 clips scored, 1 event of 1 class, 0.2 min"
    )
    counted = ScoringCoverage.of(given, given.truth, 2)
    assert "3/4 clips scored (2 of them without predictions)" in counted.line

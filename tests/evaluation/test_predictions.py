"""Reading predictions of every kind, and refusing what cannot be right."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation.event_files import read_event_file
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.predictions import Predictions, read_predictions
from lgc_plugin.evaluation.score_files import write_score_tsvs
from lgc_plugin.report.result_files import write_predictions
from scoring_files import CLIPS, LABELS, frame_scores, write_table

ROW = ("a.wav", 0.5, 2, "Cat")


def test_a_folder_has_an_operating_point_per_file(tmp_path: Path) -> None:
    columns = ["event_label", "onset", "offset", "filename", "index", ""]
    rows = [("Cat", 0.5, 2, "a.wav", 1, "x"), ("Dog", 1, 3, "b.wav", 2, "y")]
    write_table(tmp_path / "fold2_th_0.3.tsv", rows, columns)
    write_table(tmp_path / "fold2_th_0.05.tsv", rows[:1] * 2, columns)
    write_table(tmp_path / "fold2_th_9e-1.tsv", [], columns)
    (tmp_path / ".hidden_0.5.tsv").write_text("not to be read")
    (tmp_path / "readme_0.5.txt").write_text("not to be read")
    found = read_predictions(tmp_path)
    assert found.thresholds == (0.05, 0.3, 0.9)
    assert found.clips == {"a.wav", "b.wav"}
    assert found.labels == ("Cat", "Dog")
    assert found.form == "4 events at 3 thresholds from 0.05 to 0.9"
    assert found.at(0.3).values.tolist() == [
        ["a.wav", 0.5, 2.0, "Cat"],
        ["b.wav", 1.0, 3.0, "Dog"],
    ]
    assert found.at(0.9).empty
    assert list(found.at(0.9)) == EVENT_COLUMNS


def test_what_the_recipe_writes_is_read_back(tmp_path: Path) -> None:
    table = read_event_file(write_table(tmp_path / "a.tsv", [ROW]))
    table["threshold"] = 0.49
    write_predictions(table, tmp_path / "run", [0.49, 0.51])
    found = read_predictions(tmp_path / "run")
    assert found.thresholds == (0.49, 0.51)
    assert found.events.threshold.tolist() == [0.49]


@given(st.integers(0, 100).map(lambda x: x / 100))
def test_the_nearest_threshold_is_the_lower_of_two(wanted: float) -> None:
    points = tuple((2 * i + 1) / 100 for i in range(50))
    found = Predictions(Path("."), frozenset(), points)
    hundredths = round(100 * wanted)
    expected = hundredths if hundredths % 2 else max(hundredths - 1, 1)
    assert round(100 * found.nearest(wanted)) == expected


def test_one_file_is_one_operating_point(tmp_path: Path) -> None:
    found = read_predictions(write_table(tmp_path / "found.tsv", [ROW]))
    assert found.thresholds == ()
    assert found.form == "1 event at one operating point"
    assert "threshold" not in found.events
    # So is a folder with one file, whatever its name.
    assert read_predictions(tmp_path).thresholds == ()


def test_a_column_may_tell_the_thresholds(tmp_path: Path) -> None:
    columns = [*EVENT_COLUMNS, "threshold"]
    file = tmp_path / "found.tsv"
    rows = [(*ROW, 0.7), (*ROW, 0.2), ("b.wav", "", "", "", "")]
    found = read_predictions(write_table(file, rows, columns))
    assert found.thresholds == (0.2, 0.7)
    assert found.events.threshold.tolist() == [0.7, 0.2]
    assert found.clips == {"a.wav", "b.wav"}
    found = read_predictions(write_table(file, rows[:1], columns))
    assert found.thresholds == (0.7,)
    assert list(found.events) == EVENT_COLUMNS


def test_a_row_without_event_is_a_clip_without_detection(
    tmp_path: Path,
) -> None:
    file = write_table(tmp_path / "a.tsv", [("b.wav", "", "", ""), ROW])
    file.write_text(file.read_text() + "c.wav\n")  # tabs stripped by an editor
    found = read_predictions(file)
    assert found.clips == {"a.wav", "b.wav", "c.wav"}
    assert found.events.filename.tolist() == ["a.wav"]


def test_names_are_taken_as_they_are(tmp_path: Path) -> None:
    rows = [("NA", 0, 1, "nan"), ('"a".wav', 0, 1, "None"), ROW]
    file = write_table(tmp_path / "a.tsv", rows)
    text = file.read_text().replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + f"{text}\r\n".encode())
    found = read_predictions(file)
    assert found.events.filename.tolist() == ["NA", '"a".wav', "a.wav"]
    assert found.labels == ("Cat", "None", "nan")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("b.wav\tx\t2\tCat", "onset is 'x': it must be a number of seconds"),
        ("b.wav\t0\tnan\tCat", "offset is 'nan': it must be a number"),
        ("b.wav\t0\tinf\tCat", "offset is 'inf': it must be a number"),
        ("b.wav\t-1\t2\tCat", "onset is '-1': it must be"),
        ("b.wav\t\t2\tCat", "onset is '': it must be"),
        ("b.wav\t3\t2\tCat", "the offset lies before the onset"),
        ("b.wav\t1\t2\t", "the event_label is missing"),
        ("\t1\t2\tCat", "the filename is missing"),
        ("b.wav\t1\t2\tCat\tmore", "5 fields under 4 columns"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_bad_row_is_named(
    tmp_path: Path, row: str, message: str, first: bool
) -> None:
    file = write_table(tmp_path / "th_0.5.tsv", [] if first else [ROW, ROW])
    write_table(tmp_path / "th_0.7.tsv", [ROW])
    # A blank line counts as a line, since editors count it.
    file.write_text(f"{file.read_text()}\n{row}\n")
    number = 3 if first else 5
    with pytest.raises(ValueError) as error:
        read_predictions(tmp_path)
    fields = " ".join(map(repr, row.split("\t")))
    assert f"{file}, row {number} ({fields}): {message}" in str(error.value)


@pytest.mark.parametrize("end", ["", "  \t \n"])
def test_blanks_around_names_are_none_of_theirs(
    tmp_path: Path, end: str
) -> None:
    rows = [(" a.wav", " 0.5", 2, "Cat "), ("b.wav ", "", " ", " ")]
    file = write_table(tmp_path / "a.tsv", rows)
    file.write_text(file.read_text() + end)
    found = read_predictions(file)
    assert found.events.values.tolist() == [list(ROW)]
    assert found.clips == {"a.wav", "b.wav"}
    truth = read_annotations(file)
    np.testing.assert_array_equal(
        truth.truth.events.to_numpy(), found.events.to_numpy()
    )


def test_a_bad_threshold_is_named(tmp_path: Path) -> None:
    columns = [*EVENT_COLUMNS, "threshold"]
    file = write_table(tmp_path / "a.tsv", [(*ROW, 0.5), (*ROW, "")], columns)
    with pytest.raises(ValueError, match="row 3 .*threshold is ''"):
        read_predictions(file)


def test_an_event_of_no_length_is_no_bad_row(tmp_path: Path) -> None:
    found = read_predictions(write_table(tmp_path / "a", [("a", 1, 1, "Cat")]))
    assert len(found.events) == 1


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["th_0.5.tsv", "th_0.50.tsv"], "th_0.5.tsv have the same threshold"),
        (["th_0.5.tsv", "truth.tsv"], "no number in its name"),
    ],
)
def test_file_names_must_tell_thresholds(
    tmp_path: Path, names: list[str], message: str
) -> None:
    for name in names:
        write_table(tmp_path / name, [ROW])
    with pytest.raises(ValueError, match=message):
        read_predictions(tmp_path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_predictions(tmp_path / "nothing")
    with pytest.raises(ValueError, match="no TSV file in it$"):
        read_predictions(tmp_path)
    for name in ("student", "teacher"):
        (tmp_path / name).mkdir()
        write_table(tmp_path / name / "th_0.5.tsv", [ROW])
    with pytest.raises(ValueError, match="its folders, student, teacher?"):
        read_predictions(tmp_path)
    for text in ("filename\tevent_labels\n", "", "a,b\n"):
        (tmp_path / "weak.tsv").write_text(text)
        with pytest.raises(ValueError, match="weak.tsv: neither detections"):
            read_predictions(tmp_path / "weak.tsv")
    twice = [*EVENT_COLUMNS, "onset"]
    write_table(tmp_path / "twice.tsv", [], twice)
    with pytest.raises(ValueError, match="more than one column onset"):
        read_predictions(tmp_path / "twice.tsv")
    (tmp_path / "latin.tsv").write_bytes("filename\té\n".encode("latin-1"))
    with pytest.raises(ValueError, match="latin.tsv, row 1: no text in UTF-8"):
        read_predictions(tmp_path / "latin.tsv")


def test_a_file_that_turns_bad_later_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "th_0.1.tsv", [ROW])
    write_table(tmp_path / "th_0.2.tsv", [], ["filename", "onset", "offset"])
    with pytest.raises(ValueError, match="th_0.2.tsv: no column event_label"):
        read_predictions(tmp_path)


@pytest.mark.parametrize("kind", ["npz", "folder"])
def test_frame_scores_are_told_by_their_columns(
    tmp_path: Path, kind: str
) -> None:
    frames, path = frame_scores(), tmp_path / "scores"
    if kind == "npz":
        path = path.with_suffix(".npz")
        frames.save(path)
    else:
        write_score_tsvs(frames, path)
    found = read_predictions(path)
    assert found.events is None
    assert found.clips == set(CLIPS)
    assert found.labels == LABELS
    assert found.form == "frame scores of 3 classes in 12 clips"
    np.testing.assert_array_equal(found.frames.scores, frames.scores)


@pytest.mark.parametrize("of_frames", [True, False])
def test_restricting_keeps_some_clips(tmp_path: Path, of_frames: bool) -> None:
    path = tmp_path / "scores.npz"
    if of_frames:
        frame_scores().save(path)
    else:
        rows = [(clip, 0, 1, "Cat") for clip in CLIPS]
        path = write_table(tmp_path / "a.tsv", [*rows, ("b.wav", "", "", "")])
    found = read_predictions(path).restrict(["03.wav", "07.wav", "other"])
    assert found.clips == {"03.wav", "07.wav"}
    kept = found.frames.clips if of_frames else tuple(found.events.filename)
    assert kept == ("03.wav", "07.wav")


times = st.floats(0, 1e4, allow_nan=False).map(lambda x: round(x, 3))
names = st.text("abNA_.- é'\"", min_size=1).filter(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(names, times, times, names), max_size=8),
    st.permutations([*EVENT_COLUMNS, "more"]),
)
def test_tables_are_read_as_csv_reads_them(tmp_path, rows, columns) -> None:
    rows = [(clip, *sorted(pair), label) for clip, *pair, label in rows]
    content = [
        [
            dict(zip(EVENT_COLUMNS, row, strict=True)).get(x, "?")
            for x in columns
        ]
        for row in rows
    ]
    file = write_table(tmp_path / "a.tsv", content, columns)
    with open(file, newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        expected = [tuple(row[x] for x in EVENT_COLUMNS) for row in reader]
    found = read_event_file(file)
    assert found.values.tolist() == [
        [clip.strip(), float(onset), float(offset), label.strip()]
        for clip, onset, offset, label in expected
    ]
    assert not any(map(math.isnan, found.onset))

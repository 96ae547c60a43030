"""Annotations and durations, from all that tells them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from damaged_audio import claim_flac_length, write_noise
from lgc_plugin.data.manifest import ClipRow, write_manifest
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.types import Event, LabelKind
from scoring_files import CLIPS, LABELS, SILENT, true_events, write_table
from scoring_files import write_truth as write_set

ROWS = [("a.wav", 1, 3, "Dog"), ("b.wav", 0, 2, "Cat"), ("c.wav", "", "", "")]
LENGTHS = [("a.wav", 4), ("b.wav", 5), ("c.wav", 6)]


def read_truth(*files: Path, **options) -> GroundTruth:
    return read_annotations(*files, **options).timed()


def truth_file(folder: Path, rows=ROWS) -> Path:
    return write_table(folder / "truth.tsv", rows)


def lengths_file(folder: Path, rows=LENGTHS) -> Path:
    return write_table(folder / "lengths.tsv", rows, ["filename", "duration"])


def write_audio(file: Path, seconds: float, rate: int = 1000) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, np.zeros((int(seconds * rate), 2)), rate)


def lengths_of(truth: GroundTruth) -> list[tuple[str, float]]:
    return list(truth.durations.itertuples(index=False, name=None))


def test_durations_name_the_clips(tmp_path: Path) -> None:
    notes = Notes()
    lengths = lengths_file(tmp_path, [*LENGTHS, ("d.wav", 7)])
    read = read_annotations(truth_file(tmp_path), lengths, notes=notes)
    assert read.durations_known and read.n_annotated == 4
    assert lengths_of(read.truth) == [*LENGTHS, ("d.wav", 7)]
    assert read.truth.labels == ("Cat", "Dog")
    assert read.truth.profile == "strict" and not read.truth.left_out
    (line,) = notes.lines
    assert line.startswith("note: 1 clip of ")
    assert "are not in the annotations, such as 'd.wav'" in line


def test_profile_and_labels_are_handed_on(tmp_path: Path) -> None:
    files = (truth_file(tmp_path), lengths_file(tmp_path))
    truth = read_truth(*files, labels=["Dog", "Cow", "Cat"], profile="dcase")
    assert truth.labels == ("Dog", "Cow", "Cat")
    assert truth.left_out == {"c.wav"}


@pytest.mark.parametrize("clip", ["b.wav", "c.wav"])
def test_every_annotated_clip_needs_a_duration(
    tmp_path: Path, clip: str
) -> None:
    lengths = [row for row in LENGTHS if row[0] != clip]
    with pytest.raises(ValueError, match=f"lengths.tsv: .*1 .* '{clip}'"):
        read_truth(truth_file(tmp_path), lengths_file(tmp_path, lengths))


def test_audio_tells_durations_at_any_depth(tmp_path: Path) -> None:
    audio, notes = tmp_path / "audio", Notes()
    write_audio(audio / "x" / "a.flac", 4)  # annotated as a.wav
    write_audio(audio / "y" / "z" / "c.wav", 6.5)
    write_audio(audio / "z_16k" / "c.wav", 6.4)  # the second of its name
    write_audio(audio / "other.wav", 1)
    os.symlink(audio, audio / "y" / "loop")
    read = read_annotations(truth_file(tmp_path), audio=audio, notes=notes)
    assert lengths_of(read.truth) == [("a.wav", 4.0), ("c.wav", 6.5)]
    assert read.truth.events.filename.tolist() == ["a.wav"]
    # A class may lose all its events and is still a class.
    assert read.truth.labels == ("Cat", "Dog")
    assert read.without_audio == {"b.wav"} and read.n_annotated == 3
    assert notes.lines == [
        "warning: no audio of 1 of 3 annotated clips, such as 'b.wav': they "
        "are left out"
    ]


def test_audio_of_any_format_counts_by_its_samples(tmp_path: Path) -> None:
    audio, notes = tmp_path / "audio", Notes()
    write_noise(audio / "a.mp3", 3.0, rate=44100)
    write_noise(audio / "b.flac", 2.5)
    claim_flac_length(audio / "b.flac", 0)
    (audio / "c.m4a").write_bytes(b"12")
    read = read_annotations(truth_file(tmp_path), audio=audio, notes=notes)
    (_, mp3), (_, flac) = lengths_of(read.truth)
    assert mp3 == pytest.approx(3.0, abs=0.1) and flac == 2.5
    assert read.without_audio == {"c.wav"}
    assert "1 file is passed over: libsndfile does not read .m4a" in "\n".join(
        notes.lines
    )


def test_audio_behind_a_link_is_found(tmp_path: Path) -> None:
    write_audio(tmp_path / "disk" / "a.wav", 4)
    (tmp_path / "audio").mkdir()
    os.symlink(tmp_path / "disk", tmp_path / "audio" / "link")
    truth = read_truth(truth_file(tmp_path), audio=tmp_path / "audio")
    assert lengths_of(truth) == [("a.wav", 4.0)]


def test_audio_that_cannot_be_is_refused(tmp_path: Path) -> None:
    truth, audio = truth_file(tmp_path), tmp_path / "audio"
    with pytest.raises(FileNotFoundError, match="no such folder of audio"):
        read_truth(truth, audio=audio)
    write_audio(audio / "other.wav", 1)
    with pytest.raises(ValueError, match="no audio of the 3 .* 'a.wav'"):
        read_truth(truth, audio=audio)
    (audio / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="a.wav: cannot be decoded"):
        read_truth(truth, audio=audio)
    write_audio(audio / "a.wav", 0)
    with pytest.raises(ValueError, match="a.wav: .*it holds no samples"):
        read_truth(truth, audio=audio)
    with pytest.raises(ValueError, match="give one"):
        read_truth(truth, lengths_file(tmp_path), audio=audio)


def test_without_durations_clips_have_no_end(tmp_path: Path) -> None:
    truth, notes = truth_file(tmp_path), Notes()
    read = read_annotations(truth, notes=notes)
    assert not read.durations_known
    assert read.truth.clips == {"a.wav", "b.wav", "c.wav"}
    assert read.truth.durations.duration.min() > 1e6
    (line,) = notes.lines
    assert line.startswith("warning: the lengths of the clips are unknown")
    assert "add --durations or --audio" in line
    with pytest.raises(ValueError, match="add --durations or --audio"):
        read_truth(truth)


def test_a_manifest_tells_everything(tmp_path: Path) -> None:
    events = (Event(1.0, 3.0, "Dog"), Event(0.0, 1.0, "Cat"))
    rows = [
        ClipRow("a", 4.0, "a.wav", LabelKind.STRONG, events),
        ClipRow("c", 6.0, "c.wav", LabelKind.STRONG),
        ClipRow("weak", 5.0, "weak.wav", LabelKind.WEAK, (), ("Cow",)),
    ]
    file = tmp_path / "test.csv"
    write_manifest(rows, file)
    read = read_annotations(file)
    assert read.durations_known
    assert lengths_of(read.truth) == [("a.wav", 4.0), ("c.wav", 6.0)]
    assert read.truth.labels == ("Cat", "Dog")
    assert read.truth.events.event_label.tolist() == ["Cat", "Dog"]
    with pytest.raises(ValueError, match="a manifest has the lengths"):
        read_annotations(file, lengths_file(tmp_path))
    some = read_annotations(file, labels=["Cat"])
    assert some.truth.labels == some.truth.present == ("Cat",)
    assert some.clips == read.clips and some.other_labels == {"Dog"}
    write_manifest(rows[2:], file)
    with pytest.raises(ValueError, match="no strongly labeled clip"):
        read_annotations(file)


def test_what_was_mended_is_noted(tmp_path: Path) -> None:
    rows = [*ROWS, ("a.wav", 2, 3.5, "Dog")]
    notes = Notes()
    files = (truth_file(tmp_path, rows), lengths_file(tmp_path))
    truth = read_truth(*files, notes=notes)
    assert truth.events.offset.tolist() == [3.5, 2.0]
    assert notes.lines == [
        "note: annotations: 1 merged with one of the same class that overlaps, "
        "first in a.wav"
    ]


def test_files_and_tables_give_one_truth(tmp_path: Path) -> None:
    write_set(tmp_path)
    read = read_truth(tmp_path / "truth.txt", tmp_path / "lengths.txt")
    table = true_events().sort_values(["filename", "event_label", "onset"])
    assert read.labels == LABELS
    assert read.clips == set(CLIPS)
    assert read.clips.difference(read.events.filename) == set(SILENT)
    assert read.events.values.tolist() == table[EVENT_COLUMNS].values.tolist()

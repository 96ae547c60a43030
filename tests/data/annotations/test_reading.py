"""Files and folders: names of recordings, mixtures and damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.data.annotations import (
    ReadOptions,
    WriteOptions,
    read_annotation_files,
    write_annotation_files,
)
from lgc_plugin.data.annotations.formats import AnnotationFile
from lgc_plugin.data.annotations.recordings import (
    Recordings,
    with_lengths,
)
from lgc_plugin.data.annotations.registry import FORMATS
from lgc_plugin.data.annotations.table import EventCollector, annotations_of
from lgc_plugin.data.annotations.writing import annotation_texts

TABLE = annotations_of(
    [
        ("a.wav", 0.5, 1.5, "Dog", 100.0, 900.0, 0.5, "1", "Ann"),
        ("a.wav", 2.0, 2.5, 'Cat"x"', 1.0, 2.0, 0.25, "1", "Ann"),
    ]
)


def test_folders_names_and_what_is_not_read(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.txt").write_text("0\t1\tDog\n")
    (tmp_path / "y.wav.txt").write_text("0\t1\tDog\n")
    (tmp_path / "README.txt").write_text("about these files\n")
    (tmp_path / ".hidden.txt").write_text("0\t1\tDog\n")
    soundfile.write(tmp_path / "b" / "x.flac", np.zeros(80), 8000)
    annotations = read_annotation_files([tmp_path])
    assert annotations.filenames == ("b/x.flac", "y.wav")
    assert any("not read, of no known" in note for note in annotations.notes)
    (tmp_path / "z.rttm").write_text("SPEAKER z 1 0 1 <NA> <NA> Dog\n")
    with pytest.raises(ValueError, match="seems to be .*give files of one"):
        read_annotation_files([tmp_path])


def test_audio_tells_names_and_lengths(tmp_path):
    (tmp_path / "audio").mkdir()
    soundfile.write(tmp_path / "audio" / "z.flac", np.zeros(800), 8000)
    path = tmp_path / "a.rttm"
    path.write_text("SPEAKER z 1 0 0.05 <NA> <NA> Dog\n")
    options = ReadOptions(audio=tmp_path / "audio")
    assert read_annotation_files([path], options).filenames == ("z.flac",)
    assert read_annotation_files([path]).filenames == ("z",)
    with pytest.raises(FileNotFoundError, match="no such folder of audio"):
        read_annotation_files([path], ReadOptions(audio=tmp_path / "no"))


def test_recordings_of_one_name_in_several_folders(tmp_path):
    audio = tmp_path / "audio"
    for folder, rate in (("x", 8000), ("y", 4000)):
        (audio / folder).mkdir(parents=True)
        soundfile.write(audio / folder / "1.wav", np.zeros(800), rate)
    path = tmp_path / "a.csv"
    path.write_text(
        "filename,onset,offset,label\nx/1.wav,0,800,A\ny/1.wav,0,800,A\n"
    )
    options = ReadOptions(time_unit="samples", audio=audio)
    read = read_annotation_files([path], options)
    assert list(read.events.offset) == [0.1, 0.2]
    lengths = with_lengths(read, audio).durations
    assert lengths == {"x/1.wav": 0.1, "y/1.wav": 0.2}
    path.write_text("filename,onset,offset,label\n1.wav,0,800,A\n")
    with pytest.raises(ValueError, match="of '1.wav', or more than one"):
        read_annotation_files([path], options)


def test_a_file_that_is_given_twice_is_read_once(tmp_path):
    (tmp_path / "a.txt").write_text("0\t1\tDog\n")
    read = read_annotation_files([tmp_path, tmp_path / "a.txt"])
    assert len(read.events) == 1


def test_two_files_of_one_recording_are_noted(tmp_path):
    (tmp_path / "a.txt").write_text("0\t1\tDog\n")
    (tmp_path / "a.wav.txt").write_text("0\t1\tDog\n")
    annotations = read_annotation_files([tmp_path])
    assert annotations.filenames == ("a.wav",)
    assert any("1 recordings have several" in x for x in annotations.notes)


def test_an_empty_file_is_no_table(tmp_path):
    (tmp_path / "a.tsv").touch()
    with pytest.raises(ValueError, match="a.tsv: it is empty"):
        read_annotation_files([tmp_path / "a.tsv"])


def test_labels_are_held_to_a_list(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("0\t1\tDog\n1\t2\tdog\n")
    with pytest.raises(ValueError, match=r"row 2 .*label 'dog' is not one of"):
        read_annotation_files([path], labels=["Dog"])


def test_a_folder_of_results_is_whole_or_not_there(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "older.txt").write_text("0\t1\tDog\n")
    two = annotations_of([(f"{x}.wav", 0.0, 1.0, "Dog") for x in "ab"], more=())
    with pytest.raises(FileExistsError, match="not an empty folder"):
        write_annotation_files(two, tmp_path / "out", "audacity")
    outside = annotations_of([("../a.wav", 0.0, 1.0, "Dog")], more=())
    with pytest.raises(ValueError, match="leads out of the folder"):
        write_annotation_files(outside, tmp_path / "new", "audacity")
    assert not (tmp_path / "new").exists()


TEXTS = {
    name: list(
        annotation_texts(TABLE, kind, WriteOptions(sample_rate=8000))[0].items()
    )[-1]
    for name, kind in FORMATS.items()
}


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 1),
    st.integers(0, 3),
    st.sampled_from(
        ["", "\t", ",", '"', "<", "{", "]", "nan", "9e9", "\\", "é"]
    ),
)
def test_damage_is_an_error_that_names_the_file(where, removed, inserted):
    for name, (path, text) in TEXTS.items():
        place = int(where * len(text))
        text = text[:place] + inserted + text[place + removed :]
        path = Path(path or f"a{FORMATS[name].suffixes[0]}")
        file = AnnotationFile(path, text, Recordings(), Path())
        for kind in FORMATS.values():
            kind.recognize(file)
        try:
            FORMATS[name].read(
                file, EventCollector(), ReadOptions(sample_rate=8000)
            )
        except ValueError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize(
    ("text", "suffix", "format"),
    [
        ("0\t1\tDog\n", ".txt", "audacity"),
        ("0,1,Dog\n", ".txt", "dcase"),
        ("0,1,Dog\n", ".ann", "dcase"),
    ],
)
def test_empty_files_are_recordings_without_events(
    tmp_path, text, suffix, format
):
    (tmp_path / f"a{suffix}").touch()
    (tmp_path / f"b{suffix}").write_text(text)
    for options in (ReadOptions(), ReadOptions(format=format)):
        annotations = read_annotation_files([tmp_path], options)
        assert annotations.format == format
        assert set(annotations.filenames) == {"a.wav", "b.wav"}
        assert "empty" not in annotations.notes[0]


def test_a_header_alone_names_its_recording(tmp_path):
    (tmp_path / "a.csv").write_text("onset,offset,label\n")
    assert read_annotation_files([tmp_path]).filenames == ("a.wav",)

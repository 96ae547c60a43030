"""Which files of a folder are recordings."""

import os

import pytest

from lgc_plugin.data.audio_search import (
    clip_id,
    list_audio,
    list_clips,
    search_audio,
)


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("Y-0A1_JR5f34_16.000_26.000.wav", "Y-0A1_JR5f34_16.000_26.000"),
        ("Y-0A1_JR5f34_16.000_26.000", "Y-0A1_JR5f34_16.000_26.000"),
        ("-x_.WAV", "-x_"),
        ("12.flac", "12"),
        ("Y1_30.000.mp3", "Y1_30.000"),
        ("a.OGG", "a"),
        ("a.m4a", "a"),
        (".wav", ".wav"),
        ("a.wav.wav", "a.wav"),
    ],
)
def test_clip_id(filename, expected):
    assert clip_id(filename) == expected


def test_only_finished_audio_is_listed(tmp_path):
    for name in ("b.wav", "a.flac", "a.wav", "C.WAV", "._b.wav", ".t.wav"):
        (tmp_path / name).write_bytes(b"12")
    (tmp_path / "b.jams").write_text("")
    (tmp_path / "b_events.wav").mkdir()
    (tmp_path / "lost.wav").symlink_to(tmp_path / "nowhere.wav")
    (tmp_path / "linked.wav").symlink_to(tmp_path / "b.wav")
    listed = list_audio(tmp_path)
    names = {clip: file.path.name for clip, file in listed.items()}
    assert names == {
        "C": "C.WAV", "a": "a.wav", "b": "b.wav", "linked": "linked.wav",
    }  # fmt: skip
    assert listed["b"].size == 2


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12")
    return path


def names(search, folder):
    return [path.relative_to(folder).as_posix() for path in search.files]


def test_every_format_is_found_and_links_are_followed(tmp_path):
    folder = tmp_path / "here"
    for name in ("b.wav", "a.mp3", "c/d.ogg", "note.txt", "._b.wav"):
        touch(folder / name)
    touch(tmp_path / "far" / "e.flac")
    (folder / "z").symlink_to(tmp_path / "far")
    (folder / "c" / "loop").symlink_to(folder)
    (tmp_path / "far" / "back").symlink_to(folder)
    found = search_audio(folder)
    assert names(found, folder) == ["a.mp3", "b.wav", "c/d.ogg", "z/e.flac"]
    assert found.passed_over() == ""
    flat = search_audio(folder, below=False)
    assert names(flat, folder) == ["a.mp3", "b.wav"]


def test_what_is_passed_over_is_counted(tmp_path):
    for name in ("a.m4a", "b.M4A", "c/d.aac", "e.wav", "f.txt"):
        touch(tmp_path / name)
    found = search_audio(tmp_path)
    assert names(found, tmp_path) == ["e.wav"]
    sentence = found.passed_over()
    assert "3 files are passed over: libsndfile does not read" in sentence
    assert ".m4a, .aac" in sentence and "convert to WAV or FLAC" in sentence
    assert str(tmp_path / "a.m4a") in sentence


@pytest.mark.skipif(not os.getuid(), reason="root reads everything")
def test_a_folder_that_cannot_be_searched_is_named(tmp_path):
    closed = touch(tmp_path / "closed" / "a.wav").parent
    closed.chmod(0)
    sentence = search_audio(tmp_path).passed_over()
    closed.chmod(0o700)
    assert f"{closed} is not searched (Permission denied)" in sentence


def test_a_folder_that_is_gone_is_named(tmp_path):
    sentence = search_audio(tmp_path / "gone").passed_over()
    assert "is not searched (No such file or directory)" in sentence


def test_what_is_no_clip_has_a_reason(tmp_path):
    touch(tmp_path / "a.wav")
    touch(tmp_path / "b.m4a")
    (tmp_path / "c.wav").symlink_to(tmp_path / "nowhere.wav")
    files, unread = list_clips(tmp_path)
    assert list(files) == ["a"]
    assert unread == {
        "b": "libsndfile does not read .m4a: convert it",
        "c": "a link to nothing",
    }


def test_plain_formats_are_preferred(tmp_path):
    for name in ("a.mp3", "a.flac", "a.wav", "b.ogg", "b.flac", "c.mp3"):
        touch(tmp_path / name)
    files = list_audio(tmp_path).values()
    assert [f.path.name for f in files] == ["a.wav", "b.flac", "c.mp3"]


def test_a_folder_linked_to_nothing_is_told_of(tmp_path):
    (tmp_path / "session1").symlink_to(tmp_path / "nowhere")
    found = search_audio(tmp_path)
    assert not found.files
    assert "session1 is not searched (a link to nothing)" in found.passed_over()

"""Which recordings somebody means."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import soundfile

from lgc_plugin.data.audio_search import audio_suffixes
from lgc_plugin.inference.files.recordings import find_recordings

TREE = (
    *("a.wav", "B.FLAC", "notes.txt", ".hidden.wav", ".cache/c.wav"),
    *("day1/a.ogg", "day1/deep/a.wav", "day2/b[1].wav", "day2/readme"),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in TREE:
        file = tmp_path / "tree" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path / "tree"


def names(*words: object) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [each.name for each in find_recordings(list(words)).sources]


ALL = ["B.FLAC", "a.wav", "day1/a.ogg", "day1/deep/a.wav", "day2/b[1].wav"]


def test_a_folder_is_searched_with_all_below(tree: Path) -> None:
    found = find_recordings([tree]).sources
    assert [source.name for source in found] == ALL
    assert [source.path for source in found] == [tree / name for name in ALL]


def test_patterns_are_called_by_what_is_not_fixed(tree: Path) -> None:
    assert names(tree / "**" / "*") == ALL
    assert names(tree / "*.wav") == ["a.wav"]
    assert names(tree / "day1" / "**" / "*.wav") == ["deep/a.wav"]
    assert names(tree / "day[12]" / "*.*") == ["day1/a.ogg", "day2/b[1].wav"]
    assert names(tree / "?.FLAC") == ["B.FLAC"]


def test_patterns_are_relative_to_where_one_is(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    assert names("*.wav") == ["a.wav"]
    assert names("**/*.ogg") == ["day1/a.ogg"]
    assert names("./day1/*.ogg") == ["a.ogg"]
    assert names(".") == ALL


def test_a_file_is_taken_as_it_is(tree: Path) -> None:
    assert names(tree / "notes.txt") == ["notes.txt"]
    assert names(tree / ".hidden.wav") == [".hidden.wav"]
    # Its name looks like a pattern.
    assert names(tree / "day2" / "b[1].wav") == ["b[1].wav"]


def test_each_file_once_by_name(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    words = ["day1", "a.wav", tree / "a.wav", "./day1/../a.wav", "*.wav"]
    assert names(*words) == ["a.ogg", "a.wav", "deep/a.wav"]


def test_two_with_one_name_are_refused(tree: Path) -> None:
    message = (
        f"{tree}/a.wav and {tree}/day1/deep/a.wav would both be called 'a.wav'"
    )
    with pytest.raises(ValueError, match=message):
        find_recordings([tree / "a.wav", tree / "day1" / "deep"])


def test_nothing_at_all_is_an_error(tree: Path) -> None:
    (tree / "empty").mkdir()
    for word, message in (
        (tree / "no.wav", "no.wav: no such file or folder"),
        ("", "'': no such file or folder"),
        (tree / "empty", "empty: no audio file in it"),
        (tree / "x*", r"x\*: no audio file has such a name"),
        # Folders, text and what is hidden are no recordings.
        (tree / "notes*", r"notes\*: no audio"),
    ):
        with pytest.raises(FileNotFoundError, match=message):
            find_recordings([word])
    with pytest.raises(FileNotFoundError, match=r"no\.wav: .*; .*x\*: no "):
        find_recordings([tree / "no.wav", tree / "x*"])


def test_some_of_many_may_be_missing(tree: Path) -> None:
    with pytest.warns(UserWarning, match=r"x\*: no audio file") as caught:
        found, _ = find_recordings(
            [tree / "x*", tree / "no.wav", tree / "a.wav"]
        )
    # The file is named as one that cannot be read.
    assert [source.name for source in found] == ["a.wav", "no.wav"]
    assert len(caught) == 1
    with pytest.warns(UserWarning, match="'': no such file or folder"):
        find_recordings(["", tree / "a.wav"])


def test_links_are_followed_but_not_in_circles(tree: Path) -> None:
    os.symlink(tree / "day1", tree / "day2" / "linked")
    os.symlink(tree, tree / "day1" / "round")
    # From day1 back to the tree, whose other folders are on the way already.
    assert names(tree / "day2") == [
        "b[1].wav",
        "linked/a.ogg",
        "linked/deep/a.wav",
        "linked/round/B.FLAC",
        "linked/round/a.wav",
    ]


def test_a_broken_link_is_a_recording_that_is_missing(tree: Path) -> None:
    os.symlink(tree / "gone.wav", tree / "day1" / "z.wav")
    os.symlink(tree / "gone.txt", tree / "day1" / "z.txt")
    assert names(tree / "day1")[-1] == "z.wav"
    assert names(tree / "day1" / "z*") == ["z.wav"]


def test_a_folder_that_cannot_be_opened_is_told(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def guarded(path: Path) -> Any:
        if Path(path).name == "day1":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    found, passed_over = find_recordings([tree])
    assert passed_over == [
        f"{tree}: {tree}/day1 is not searched (Permission denied)"
    ]
    assert [source.name for source in found] == ["B.FLAC", "a.wav", ALL[-1]]


def test_what_is_passed_over_is_counted(tree: Path) -> None:
    for name in ("memo.m4a", "day1/b.AAC", "day1/deep/c.wma"):
        (tree / name).touch()
    found, passed_over = find_recordings([tree])
    assert [source.name for source in found] == ALL
    assert len(passed_over) == 1
    assert "3 files are passed over: libsndfile does not" in passed_over[0]
    found, passed_over = find_recordings([tree / "day1" / "**" / "*"])
    assert "2 files are passed over" in passed_over[0]
    assert find_recordings([tree / "*.wav"]).passed_over == []
    for path in (tree / "a.wav", tree / "B.FLAC"):
        path.unlink()
    with pytest.raises(FileNotFoundError, match=r"no audio .*1 file is passed"):
        find_recordings([tree / "*.*"])
    # Who names a file wants to know why it cannot be read.
    found, _ = find_recordings([tree / "memo.m4a"])
    assert [source.name for source in found] == ["memo.m4a"]


def test_a_pattern_does_not_lead_out_of_its_folder(tree: Path) -> None:
    for word in ("day*/../*.wav", "day1/**/../*.wav", "d*/../../tree/*.wav"):
        with pytest.raises(ValueError, match=r"'\.\.' behind a wildcard"):
            find_recordings([tree / "x" / word])
    assert names(tree / "day1" / ".." / "*.wav") == ["a.wav"]


def test_suffixes_are_those_that_can_be_read() -> None:
    suffixes = audio_suffixes()
    assert {".wav", ".flac", ".ogg", ".oga", ".aif", ".au"} <= suffixes
    assert ".raw" not in suffixes
    known = {f".{name.lower()}" for name in soundfile.available_formats()}
    assert known - suffixes == {".raw"}
    assert all(x == x.lower() and x.startswith(".") for x in suffixes)

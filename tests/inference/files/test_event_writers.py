"""Where events go, recording by recording."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.event_writers import open_writer
from lgc_plugin.inference.files.growing_file import partial_path

CAT, DOG = Detection(0.5, 2, "Cat", 0.75), Detection(1, 3, "Dog", 0.5)
MODEL = {"folder": "süß", "labels": ["Cat", "Dog"]}


def write_some(kind: str, path: Path | None) -> None:
    with open_writer(kind, path, MODEL) as writer:
        writer.add("a.wav", 4.0, [CAT, DOG])
        writer.fail("bad.wav", "no sound")
        writer.add("day/b.wav", 2.5, [])


def test_tsv(tmp_path: Path) -> None:
    write_some("tsv", tmp_path / "a.tsv")
    lines = (tmp_path / "a.tsv").read_text().split("\n")
    rows = [line.split("\t") for line in lines]
    assert rows == [
        ["filename", "onset", "offset", "event_label", "score"],
        ["a.wav", "0.500", "2.000", "Cat", "0.7500"],
        ["a.wav", "1.000", "3.000", "Dog", "0.5000"],
        ["day/b.wav", "", "", "", ""],
        [""],
    ]


def test_json(tmp_path: Path) -> None:
    write_some("json", tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert content == {
        "model": MODEL,
        "recordings": [
            {
                "filename": "a.wav",
                "seconds": 4.0,
                "events": [CAT._asdict(), DOG._asdict()],
            },
            {"filename": "day/b.wav", "seconds": 2.5, "events": []},
        ],
        "errors": [{"filename": "bad.wav", "problem": "no sound"}],
        "complete": True,
    }


def test_a_name_that_is_no_text_does_not_stop_json(tmp_path: Path) -> None:
    name = b"caf\xe9.wav".decode(errors="surrogateescape")
    with open_writer("json", tmp_path / "a.json", MODEL) as writer:
        writer.fail(name, "rename it")
    content = json.loads((tmp_path / "a.json").read_bytes())
    assert content["errors"][0]["filename"] == name


def test_json_of_nothing_and_without_nan(tmp_path: Path) -> None:
    with open_writer("json", tmp_path / "a.json", {}):
        pass
    content = json.loads((tmp_path / "a.json").read_text())
    assert content["recordings"] == content["errors"] == []
    with pytest.raises(ValueError):
        with open_writer("json", tmp_path / "b.json", {"x": math.nan}):
            pass


def test_audacity(tmp_path: Path) -> None:
    folder = tmp_path / "labels"
    (folder / "day").mkdir(parents=True)
    (folder / "day" / "b.wav.txt").write_text("of a run before")
    write_some("audacity", folder)
    files = {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*.*")
    }
    assert files == {
        "a.wav.txt": "0.500\t2.000\tCat\n1.000\t3.000\tDog\n",
        "day/b.wav.txt": "",
    }


@pytest.mark.parametrize("kind", ["tsv", "json"])
def test_standard_output_gets_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    write_some(kind, None)
    write_some(kind, tmp_path / "a")
    expected = (tmp_path / "a").read_text(encoding="utf-8")
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("kind", ["tsv", "json"])
def test_a_recording_is_there_as_soon_as_it_is_done(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"a.{kind}"
    with open_writer(kind, path, MODEL) as writer:
        for name in ("a.wav", "b.wav"):
            assert name not in partial_path(path).read_text()
            writer.add(name, 1.0, [CAT])
            assert name in partial_path(path).read_text()


def test_what_was_stopped_is_json_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(KeyboardInterrupt):
        with open_writer("json", path, MODEL) as writer:
            writer.add("a.wav", 4.0, [CAT])
            raise KeyboardInterrupt
    content = json.loads(partial_path(path).read_text(encoding="utf-8"))
    assert [each["filename"] for each in content["recordings"]] == ["a.wav"]
    assert content["complete"] is False
    assert not path.exists()

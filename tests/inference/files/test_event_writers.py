"""Events as text, recording by recording."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.evaluation.predictions import read_event_file
from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.event_writers import (
    TSV_HEADER,
    check_filename,
    event_object,
    growing_file,
    label_rows,
    open_writer,
    partial_path,
    seconds_text,
    tsv_rows,
)

times = st.floats(0, 1e6)


@given(times)
def test_times_keep_a_microsecond(seconds: float) -> None:
    text = seconds_text(seconds)
    decimals = text.partition(".")[2]
    assert abs(float(text) - seconds) <= 0.5001e-6
    assert 3 <= len(decimals) <= 6
    assert len(decimals) == 3 or not decimals.endswith("0")


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_frames_of_a_day_stay_where_they_are(rate: int) -> None:
    frame = 1024 / rate
    frames = np.random.default_rng(0).integers(0, round(86400 / frame), 2000)
    for number in frames.tolist():
        seconds = float(seconds_text(number * frame))
        assert round(seconds / frame) == number
        # As near as a sample.
        assert abs(seconds - number * frame) < 0.5 / rate


NAMES = ("a.wav", "NA", 'day 1/"b".wav', "日本.flac", "#c;d,e.wav")


def test_a_table_reads_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    expected, text = [], TSV_HEADER
    for name in NAMES:
        starts = np.sort(rng.random(int(rng.integers(1, 5))) * 100).round(6)
        events = [
            Detection(start, round(start + 1.5, 6), "null", 0.25)
            for start in starts.tolist()
        ]
        text += tsv_rows(name, events)
        expected += [[name, x.onset, x.offset, "null"] for x in events]
    file = tmp_path / "a.tsv"
    file.write_text(text, encoding="utf-8")
    assert read_event_file(file).values.tolist() == expected


def test_a_silent_recording_has_a_row(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text(TSV_HEADER + tsv_rows("b.wav", []))
    table = read_event_file(file)
    assert table.filename.tolist() == ["b.wav"]
    assert table.event_label.tolist() == [""]
    assert np.isnan(table.onset[0])


def test_labels_are_three_columns() -> None:
    events = [Detection(0.0, 0.5, "Cat", 0.9), Detection(60, 61, "Dog", 0.8)]
    assert label_rows(events) == "0.000\t0.500\tCat\n60.000\t61.000\tDog\n"
    assert label_rows([]) == ""


def test_numpy_numbers_become_json() -> None:
    numbers = map(np.float32, (0.5, 2.0, 0.123456))
    onset, offset, score = numbers
    text = json.dumps(event_object(Detection(onset, offset, "Dog", score)))
    assert json.loads(text) == {
        "onset": 0.5,
        "offset": 2.0,
        "event_label": "Dog",
        "score": 0.1235,
    }


@pytest.mark.parametrize("name", ["a\tb.wav", "a\nb.wav", "a\r.wav", "\udcff"])
def test_a_name_that_would_break_a_table(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be printed: rename"):
        check_filename(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_would_not(name: str) -> None:
    check_filename(name)


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


def test_it_grows_beside_and_gets_its_name(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.tsv"
    with growing_file(file) as text:
        text.write("é\n")
        text.flush()
        assert partial_path(file).read_bytes() == b"\xc3\xa9\n"
        assert not file.exists()
    assert file.read_bytes() == b"\xc3\xa9\n"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_was_written_stays(
    tmp_path: Path, error: type[BaseException]
) -> None:
    file = tmp_path / "a.tsv"
    file.write_text("old")
    with pytest.raises(error):
        with growing_file(file) as text:
            text.write("half")
            raise error
    assert file.read_text() == "old"
    assert partial_path(file).read_text() == "half"
    with growing_file(file) as text:
        text.write("new")
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]

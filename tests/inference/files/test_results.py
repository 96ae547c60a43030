"""Results that grow on disk, and go on where they were stopped."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.batch_detection import Outcome
from lgc_plugin.inference.files.recordings import Source
from lgc_plugin.inference.files.results import open_results, partial_path
from lgc_plugin.utils.locks import LockedError

CAT, DOG = Detection(0.5, 2, "Cat", 0.75), Detection(1, 3, "Dog", 0.5)
MODEL = {"folder": "süß", "labels": ["Cat", "Dog"]}


def write_some(kind: str, path: Path | None) -> None:
    with open_results(kind, path, MODEL) as results:
        writer = results.writer
        writer.add("a.wav", 4.0, [CAT, DOG])
        writer.fail("bad.wav", "no sound")
        writer.add("day/b.wav", 2.5, [])


def test_tsv(tmp_path: Path) -> None:
    write_some("tsv", tmp_path / "a.tsv")
    lines = (tmp_path / "a.tsv").read_text().split("\n")
    rows = [line.split("\t") for line in lines]
    assert rows == [
        ["filename", "onset", "offset", "event_label", "confidence"],
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
    with open_results("json", tmp_path / "a.json", MODEL) as results:
        results.writer.fail(name, "rename it")
    content = json.loads((tmp_path / "a.json").read_bytes())
    assert content["errors"][0]["filename"] == name


def test_json_of_nothing_and_without_nan(tmp_path: Path) -> None:
    with open_results("json", tmp_path / "a.json", {}):
        pass
    content = json.loads((tmp_path / "a.json").read_text())
    assert content["recordings"] == content["errors"] == []
    with pytest.raises(ValueError):
        with open_results("json", tmp_path / "b.json", {"x": math.nan}):
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
    with open_results(kind, path, MODEL) as results:
        writer = results.writer
        for name in ("a.wav", "b.wav"):
            assert name not in partial_path(path).read_text()
            writer.add(name, 1.0, [CAT])
            assert name in partial_path(path).read_text()


def test_what_was_stopped_is_json_and_says_so(tmp_path: Path) -> None:
    path, outcomes = tmp_path / "a.json", recordings(tmp_path, "ab")
    with pytest.raises(Stopped):
        work("json", path, outcomes, 1)
    content = json.loads(partial_path(path).read_text(encoding="utf-8"))
    assert [each["filename"] for each in content["recordings"]] == ["a.wav"]
    assert content["complete"] is False
    assert not path.exists()


class Stopped(BaseException):
    """As a signal would."""


def recordings(folder: Path, names: str) -> list[Outcome]:
    """One recording for each letter; a capital one breaks off, X is bad."""
    outcomes = []
    for name in names:
        source = Source(folder / name, f"{name}.wav")
        source.path.write_text(name)
        events = (CAT, DOG)[: ord(name) % 3]
        problem = f"{name}: bad" if name.isupper() else ""
        if name == "X":
            outcomes.append(Outcome(source, 0.0, (), problem, False))
        else:
            outcomes.append(Outcome(source, 4.0, events, problem))
    return outcomes


def work(
    kind: str, path: Path, outcomes: list[Outcome], stop: int, command=None
) -> int:
    """Writes until it is stopped; how many were done before."""
    sources = [each.source for each in outcomes]
    with open_results(kind, path, MODEL, sources, command) as results:
        n_done = len(results.done)
        for outcome in outcomes[n_done:]:
            if stop == 0:
                raise Stopped
            stop -= 1
            if outcome.decoded:
                results.writer.add(
                    outcome.source.name, outcome.seconds, outcome.events
                )
            if outcome.problem:
                results.writer.fail(outcome.source.name, outcome.problem)
            results.mark(outcome)
    return n_done


@given(
    names=st.text("abcDX", max_size=8).map(
        lambda text: "".join(dict.fromkeys(text))
    ),
    stops=st.lists(st.integers(0, 5), max_size=3),
    torn=st.integers(0, 60),
    kind=st.sampled_from(["tsv", "json"]),
)
def test_after_any_stops_the_results_are_those_of_no_stop(
    tmp_path_factory: pytest.TempPathFactory,
    names: str,
    stops: list[int],
    torn: int,
    kind: str,
) -> None:
    folder = tmp_path_factory.mktemp("results")
    outcomes = recordings(folder, names)
    expected, path = folder / f"whole.{kind}", folder / f"a.{kind}"
    work(kind, expected, outcomes, 99)
    path.write_text("old")
    for stop in stops:
        before = path.read_text()
        try:
            work(kind, path, outcomes, stop)
        except Stopped:
            # A kill may come within a write.
            assert path.read_text() == before
            progress = folder / f".a.{kind}.progress"
            if not progress.exists():
                continue  # not even the first was done
            text = progress.read_bytes()
            progress.write_bytes(text[: max(len(text) - torn, 0)])
            with open(partial_path(path), "ab") as file:
                file.write(b"half a r")
    work(kind, path, outcomes, 99)
    assert path.read_bytes() == expected.read_bytes()
    assert {each.name for each in folder.iterdir()} == {
        path.name,
        expected.name,
        *names,
    }


@pytest.mark.parametrize("kind", ["tsv", "json", "audacity"])
def test_before_the_first_is_done_nothing_is_left(
    tmp_path: Path, kind: str
) -> None:
    outcomes = recordings(tmp_path, "abc")
    (tmp_path / "out").mkdir()
    with pytest.raises(Stopped):
        work(kind, tmp_path / "out" / "a", outcomes, 0)
    left = {path.name for path in (tmp_path / "out").rglob("*")}
    assert left == ({"a"} if kind == "audacity" else set())


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    outcomes = recordings(tmp_path, "abXDc")
    path = tmp_path / "a.tsv"
    with pytest.raises(Stopped):
        work("tsv", path, outcomes, 4)
    assert work("tsv", path, outcomes, 99) == 4


def test_only_the_same_command_goes_on(tmp_path: Path) -> None:
    outcomes = recordings(tmp_path, "abc")
    path = tmp_path / "a.tsv"
    with pytest.raises(Stopped):
        work("tsv", path, outcomes, 2, {"hop": 1})
    assert work("tsv", path, outcomes, 99, {"hop": 2}) == 0


def test_a_recording_that_changed_is_done_again(tmp_path: Path) -> None:
    outcomes = recordings(tmp_path, "abc")
    path = tmp_path / "a.tsv"
    with pytest.raises(Stopped):
        work("tsv", path, outcomes, 2)
    outcomes[1].source.path.write_text("longer")
    assert work("tsv", path, outcomes, 99) == 1


def test_partial_results_that_were_changed_are_not_believed(
    tmp_path: Path,
) -> None:
    outcomes = recordings(tmp_path, "abc")
    path = tmp_path / "a.tsv"
    with pytest.raises(Stopped):
        work("tsv", path, outcomes, 2)
    partial = partial_path(path)
    partial.write_text(partial.read_text().replace("0", "1", 1))
    work("tsv", tmp_path / "b.tsv", outcomes, 99)
    work("tsv", path, outcomes, 99)
    assert path.read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_label_tracks_go_on_where_all_files_are_there(tmp_path: Path) -> None:
    outcomes = recordings(tmp_path, "abc")
    folder = tmp_path / "labels"
    with pytest.raises(Stopped):
        work("audacity", folder, outcomes, 2)
    assert work("audacity", folder, outcomes, 99) == 2
    assert sorted(os.listdir(folder)) == ["a.wav.txt", "b.wav.txt", "c.wav.txt"]


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    with open_results("tsv", path, MODEL) as results:
        results.writer.add("a.wav", 4.0, [CAT])
        with pytest.raises(LockedError, match=r"a\.tsv: in use by process"):
            with open_results("tsv", path, MODEL):
                pass
    assert "Cat" in path.read_text()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_standard_output_on_a_full_disk_has_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = os.open("/dev/full", os.O_WRONLY)
    full = io.TextIOWrapper(io.FileIO(file), write_through=True)
    monkeypatch.setattr(sys, "stdout", full)
    with pytest.raises(OSError, match="standard output: cannot be written: No"):
        with open_results("tsv", None, MODEL):
            pass

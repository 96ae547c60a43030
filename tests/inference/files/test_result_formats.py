"""Detections in every format of annotations, which people correct."""

from __future__ import annotations

from pathlib import Path

import pytest

from lgc_plugin.data.annotation_names import FORMAT_NAMES, RECORDING_SUFFIXES
from lgc_plugin.data.annotations import ReadOptions, read_annotation_files
from lgc_plugin.inference.event_stream import Detection
from lgc_plugin.inference.files.batch_detection import Outcome
from lgc_plugin.inference.files.event_writers import check_writable
from lgc_plugin.inference.files.recordings import Source
from lgc_plugin.inference.files.results import open_results, partial_path
from lgc_plugin.types import Event

FOUND = {
    "a.wav": [Detection(0.5, 2.0, "Cat", 0.75), Detection(1, 3, "Dog", 0.5)],
    "day/b.wav": [Detection(0.064 * 3, 2.0, "Cat", 0.25)],
}
EVENTS = {
    name: [Event(round(x.onset, 6), x.offset, x.event_label) for x in found]
    for name, found in FOUND.items()
}


def outcomes(folder: Path) -> list[Outcome]:
    made = []
    for name, events in FOUND.items():
        path = folder / name.replace("/", "_")
        if not path.exists():
            path.touch()
        source = Source(path, name)
        made.append(Outcome(source, 4.0, tuple(events), sample_rate=1000))
    return made


def detect(kind: str, path: Path, folder: Path, stop: bool = False) -> int:
    """Writes what was detected; returns how many were done before."""
    made = outcomes(folder)
    sources = [each.source for each in made]
    with open_results(kind, path, {}, sources) as results:
        for each in made[len(results.done) :]:
            results.writer.add(each.source.name, each.seconds, each.events)
            results.mark(each)
            if stop:
                raise KeyboardInterrupt
    return len(results.done)


@pytest.mark.filterwarnings("ignore:.* has no place for confidence")
@pytest.mark.parametrize("kind", FORMAT_NAMES)
def test_what_is_written_is_what_was_detected(
    tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out" / "events"
    out.parent.mkdir()
    detect(kind, out, tmp_path)
    read = read_annotation_files(
        [out], ReadOptions(format=kind, sample_rate=1000)
    )
    clips = {name: sorted(found) for name, found in read.by_clip().items()}
    assert clips == EVENTS
    if "confidence" in read.events:
        assert sorted(read.events.confidence) == [0.25, 0.5, 0.75]
    left = {x.name for x in out.parent.iterdir() if x.suffix != ".lock"}
    assert left == {"events"}


def test_tables_that_are_made_at_last_go_on_too(tmp_path: Path) -> None:
    out = tmp_path / "events.rttm"
    with pytest.raises(KeyboardInterrupt):
        detect("rttm", out, tmp_path, stop=True)
    assert not out.exists()
    partial = partial_path(out, "rttm")
    assert partial.name == "events.partial.tsv"
    assert "Dog" in partial.read_text()
    assert detect("rttm", out, tmp_path) == 1
    assert out.read_text().count("SPEAKER") == 3
    assert not partial.exists()


@pytest.mark.parametrize("kind", ["audacity", "vad"])
def test_what_a_format_cannot_hold_is_a_warning(
    tmp_path: Path, kind: str
) -> None:
    with pytest.warns(UserWarning, match="no place for confidence"):
        detect(kind, tmp_path / "out", tmp_path)


def test_names_that_a_format_cannot_hold_are_refused_at_once() -> None:
    check_writable("tsv", ["a b.wav"], ["Alarm bell"])
    check_writable("raven", ["a b.wav"], ["Alarm bell"])
    for names, labels in ((["a b.wav"], ["Dog"]), (["a"], ["Alarm bell"])):
        with pytest.raises(ValueError, match="RTTM cannot hold"):
            check_writable("rttm", names, labels)


def test_the_files_of_raven_name_the_recording(tmp_path: Path) -> None:
    detect("raven", tmp_path / "out", tmp_path)
    suffix = RECORDING_SUFFIXES["raven"]
    lines = (tmp_path / "out" / f"a.wav{suffix}").read_text().splitlines()
    rows = [line.split("\t") for line in lines]
    assert dict(zip(rows[0], rows[1], strict=True)) == {
        "Selection": "1",
        "View": "Spectrogram 1",
        "Channel": "1",
        "Begin File": "a.wav",
        "Begin Time (s)": "0.500",
        "End Time (s)": "2.000",
        "File Offset (s)": "0.500",
        "Confidence": "0.75",
        "Annotation": "Cat",
    }

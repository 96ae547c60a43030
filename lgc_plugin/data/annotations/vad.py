"""JSON of SpeechBrain's VAD recipe: lists of ``[onset, offset]`` by recording.

``{"id": {"wav": ..., "speech": [[0.5, 2.0], ...]}}``; other sounds than
speech are further lists. A ``wav`` with start and stop (samples) is a window
of a file, in which times count from the start.
"""

from __future__ import annotations

from typing import Any

from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
    refuse,
)
from lgc_plugin.data.annotations.json_text import (
    parse_object,
    to_text,
    try_object,
)
from lgc_plugin.data.annotations.recordings import short_names
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
)

_WAV, _ROOT = "wav", "{data_root}/"
_RESERVED = frozenset({_WAV, "id", "length", "duration"})


def recognize(file: AnnotationFile) -> Recognition | None:
    """By objects that have a wav and lists."""
    content = try_object(file)
    if content and all(
        isinstance(each, dict) and _WAV in each and _lists(each)
        for each in content.values()
    ):
        return Recognition(True, "objects with a wav and lists of times")
    return None


def _lists(entry: dict[str, Any]) -> dict[str, list]:
    return {
        name: value
        for name, value in entry.items()
        if isinstance(value, list) and name not in _RESERVED
    }


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds an event for each pair of times; the list names its label."""
    content = parse_object(file)
    paths = {name: _path(file, name, x) for name, x in content.items()}
    below = {x for x in paths.values() if x.startswith(_ROOT)}
    names = short_names(set(paths.values()) - below)
    names.update((path, path.removeprefix(_ROOT)) for path in below)
    for number, (name, entry) in enumerate(content.items(), start=1):
        recording = names[paths[name]]
        events.clip(recording)
        begin = _begin(file, entry, recording, number, options)
        for label, pairs in _lists(entry).items():
            for pair in pairs:
                good = isinstance(pair, list) and len(pair) == 2
                onset, offset = pair if good else (pair, "")
                fields = {"id": name, "onset": onset, "offset": offset}
                row = file.row(fields, number, f"{label} of object")
                start, end = row.seconds("onset"), row.seconds("offset")
                events.add(row, recording, begin + start, begin + end, label)


def _path(file: AnnotationFile, name: str, entry: object) -> str:
    wav = entry.get(_WAV) if isinstance(entry, dict) else None
    path = wav.get("file") if isinstance(wav, dict) else wav
    if not isinstance(path, str) or not path.strip():
        raise ValueError(
            f"{file.path}: object {name!r} has no path of its audio as 'wav'"
        )
    return path.strip()


def _begin(
    file: AnnotationFile,
    entry: dict[str, Any],
    recording: str,
    number: int,
    options: ReadOptions,
) -> float:
    """Where a window of a file begins, in seconds."""
    wav = entry[_WAV]
    start = wav.get("start", 0) if isinstance(wav, dict) else 0
    if not start:
        return 0.0
    row = file.row({"start": start}, number, "wav of object")
    row.check(
        0 < row.number("start") < float("inf"),
        "start must be a number of samples",
    )
    return row.number("start") / file.sample_rate(recording, row, options)


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """All recordings; each has a list for every class."""
    labels = sorted(annotations.events.event_label.unique()) or ["speech"]
    for label in labels:
        if label in _RESERVED:
            raise refuse("the JSON of VAD", "label", label, "has a meaning")
    content = {}
    for name, events in annotations.rows_by_clip().items():
        lists: dict[str, list] = {label: [] for label in labels}
        for event in events:
            lists[event["event_label"]].append(
                [event["onset"], event["offset"]]
            )
        content[name] = {_WAV: f"{_ROOT}{name}", **lists}
    return {"": to_text(content)}


FORMAT = Format(
    "vad",
    "JSON of SpeechBrain's VAD recipe",
    (".json",),
    recognize,
    read,
    write,
    holds=frozenset(),
)

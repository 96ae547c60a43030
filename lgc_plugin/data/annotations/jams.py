"""JAMS, as Scaper writes it: JSON with events and backgrounds in one list."""

from __future__ import annotations

from typing import Any

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.json_text import (
    objects_in,
    parse_object,
    to_text,
    try_object,
)
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
    check_in_row,
    optional_number,
    seconds_between,
    sum_of_seconds,
)
from lgc_plugin.data.annotations.tiers import write_length

_SCAPER, _OPEN = "scaper", "segment_open"
#: Those whose values are names of sounds; in the first two, an object.
_NAMESPACES = (_SCAPER, "sound_event", _OPEN, "tag_open", "tag_urbansound")
_BACKGROUND = "background"
_SUFFIX = RECORDING_SUFFIXES["jams"]


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its annotations, which have data."""
    found = try_object(file).get("annotations")
    if isinstance(found, list) and all(
        isinstance(each, dict) and "data" in each for each in found
    ):
        return Recognition(True, "an object with annotations that have data")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the sounds; backgrounds of Scaper are no events."""
    content = parse_object(file)
    recording = file.recording
    events.clip(recording, _length(file, content))
    for annotation in objects_in(file, content, "annotations"):
        namespace = annotation.get("namespace")
        if namespace not in (None, *_NAMESPACES):
            row = file.row({"namespace": namespace}, 1, "annotation")
            events.leave_out(f"of the namespace {namespace!r}", row)
            continue
        annotator = _annotator(annotation)
        for number, item in enumerate(_data(file, annotation), start=1):
            value = item.get("value")
            fields = value if isinstance(value, dict) else {"label": value}
            row = file.row(
                {
                    "time": item.get("time"),
                    "duration": item.get("duration"),
                    "event_label": _plain(fields.get("label")),
                    "confidence": _plain(item.get("confidence")),
                },
                number,
                "event",
            )
            if fields.get("role") == _BACKGROUND:
                events.leave_out("background of Scaper", row)
                continue
            if annotator:
                check_in_row(row, "annotator", annotator)
            events.add(
                row,
                recording,
                row.seconds("time"),
                sum_of_seconds(row, "time", "duration"),
                row["event_label"],
                confidence=optional_number(row, "confidence"),
                annotator=annotator,
            )


def _plain(value: object) -> object:
    return "" if value is None else value


def _length(file: AnnotationFile, content: dict[str, Any]) -> float | None:
    metadata = content.get("file_metadata")
    value = metadata.get("duration") if isinstance(metadata, dict) else None
    if not value:
        return None
    row = file.row({"duration": value}, 1, "file_metadata")
    return row.seconds("duration")


def _annotator(annotation: dict[str, Any]) -> str:
    metadata = annotation.get("annotation_metadata")
    found = metadata.get("annotator") if isinstance(metadata, dict) else None
    name = found.get("name") if isinstance(found, dict) else None
    return str(name or "").strip()


def _data(
    file: AnnotationFile, annotation: dict[str, Any]
) -> list[dict[str, Any]]:
    """Observations; older files have one list for each field."""
    data = annotation.get("data")
    if not isinstance(data, dict):
        return objects_in(file, annotation, "data")
    names = ("time", "duration", "value", "confidence")
    columns = [data.get(name) for name in names]
    if not all(isinstance(x, list) for x in columns) or (
        len({len(x) for x in columns if isinstance(x, list)}) > 1
    ):
        raise ValueError(
            f"{file.path}: the lists of 'data' differ in length: save it again"
        )
    lists = [x for x in columns if isinstance(x, list)]
    return [
        dict(zip(names, item, strict=True)) for item in zip(*lists, strict=True)
    ]


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """A file for each recording, of the namespace segment_open."""
    files = {}
    for name, events in annotations.rows_by_clip().items():
        by_annotator: dict[str, list[dict]] = {"": []} if not events else {}
        for event in events:
            annotator = event.get("annotator") or ""
            by_annotator.setdefault(annotator, []).append(_item(event))
        content = {
            "annotations": [
                _annotation(annotator, data)
                for annotator, data in by_annotator.items()
            ],
            "file_metadata": {
                "duration": write_length(
                    annotations, name, events, "JAMS file", notes
                ),
                "identifiers": {},
                "title": name,
                "artist": "",
                "release": "",
                "jams_version": "0.3.4",
            },
            "sandbox": {},
        }
        files[f"{name}{_SUFFIX}"] = to_text(content)
    return files


def _item(event: dict) -> dict[str, Any]:
    confidence = event.get("confidence", float("nan"))
    length = seconds_between(event["onset"], event["offset"])
    return {
        "time": event["onset"],
        "duration": float(length),
        "value": event["event_label"],
        "confidence": None if confidence != confidence else confidence,
    }


def _annotation(annotator: str, data: list[dict]) -> dict[str, Any]:
    return {
        "namespace": _OPEN,
        "data": data,
        "annotation_metadata": {
            "annotator": {"name": annotator} if annotator else {},
            "curator": {"name": "", "email": ""},
        },
        "time": 0,
        "duration": None,
        "sandbox": {},
    }


FORMAT = Format(
    "jams",
    "JAMS (Scaper)",
    (".jams", ".json"),
    recognize,
    read,
    write,
    holds=frozenset({"confidence", "annotator"}),
)

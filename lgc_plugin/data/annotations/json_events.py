"""The JSON of ``lgc-sed detect``: recordings with their events."""

from __future__ import annotations

from lgc_plugin.data.annotations.desed import add_row
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
    OPTIONAL_COLUMNS,
    EventCollector,
    StrongAnnotations,
)
from lgc_plugin.utils.text import shortened

_RECORDINGS = "recordings"


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its list of recordings."""
    if isinstance(try_object(file).get(_RECORDINGS), list):
        return Recognition(True, f"an object with a list of {_RECORDINGS}")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the events of the recordings."""
    content = parse_object(file)
    if content.get("complete") is False:
        events.note(f"{file.path}: not complete: detection was interrupted")
    if unread := content.get("errors"):
        events.note(
            f"{file.path}: recordings that could not be read are among its "
            f"errors: {shortened(str(unread))}"
        )
    for place, recording in enumerate(
        objects_in(file, content, _RECORDINGS), start=1
    ):
        name = str(recording.get("filename") or "").strip()
        row = file.row({"filename": name}, place, "recording")
        row.check(bool(name), "the filename is missing")
        seconds = recording.get("seconds")
        if seconds is not None:
            row["seconds"] = str(seconds)
            seconds = row.seconds("seconds")
        events.clip(name, seconds)
        found = objects_in(file, recording, "events")
        for number, event in enumerate(found, start=1):
            present = {k: v for k, v in event.items() if v is not None}
            more = [x for x in OPTIONAL_COLUMNS if x in present]
            names = ("onset", "offset", "event_label", *more)
            fields = {x: present.get(x, "") for x in names}
            row = file.row(fields, number, f"{name!r}, event")
            onset, offset = row.seconds("onset"), row.seconds("offset")
            add_row(row, name, onset, offset, more, events)


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """One object."""
    recordings = []
    for name, rows in annotations.rows_by_clip().items():
        recording: dict[str, object] = {"filename": name}
        if name in annotations.durations:
            recording["seconds"] = annotations.durations[name]
        recording["events"] = [_event(row) for row in rows]
        recordings.append(recording)
    return {"": to_text({_RECORDINGS: recordings})}


def _event(row: dict) -> dict[str, object]:
    """What is known of an event."""
    return {
        name: value
        for name, value in row.items()
        if name != "filename" and value == value and value != ""
    }


FORMAT = Format(
    "json",
    "JSON of lgc-sed detect",
    (".json",),
    recognize,
    read,
    write,
)

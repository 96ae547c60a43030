"""Event lists of DCASE, as sed_eval reads them: no header, tabs or commas.

``onset offset label`` of the recording that the file is named for, or with
``filename`` in front, and perhaps a ``scene_label`` behind it. A filename
alone is a recording without events.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.numbers import decimal_points
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
    seconds_text,
)
from lgc_plugin.data.audio_search import clip_id
from lgc_plugin.data.table_files import Row
from lgc_plugin.utils.text import plain_number

_TIMES = ("onset", "offset")
_FORMS = (
    ("onset", "offset", "event_label"),
    ("filename", "onset", "offset", "event_label"),
    ("filename", "scene_label", "onset", "offset", "event_label"),
    ("filename",),
)


def recognize(file: AnnotationFile) -> Recognition | None:
    """By where the numbers are in every row."""
    separator = _separator(file)
    rows = [_fields(line, separator) for _, line in file.lines()]
    forms = [_form(row, separator) for row in rows]
    if not rows or None in forms or not any(len(x or ()) > 1 for x in forms):
        return None
    first = max(forms, key=lambda form: len(form or ()))
    return Recognition(False, f"{', '.join(first or ())}, without header")


def _separator(file: AnnotationFile) -> str:
    """The first that makes all rows right, or else the most frequent."""
    lines = [line for _, line in file.lines()]
    for separator in "\t;,":
        rows = [_fields(line, separator) for line in lines]
        # A filename alone may be anything.
        if max(map(len, rows), default=0) > 1 and all(
            _form(row, separator) for row in rows
        ):
            return separator
    if all(clip_id(line.strip()) != line.strip() for line in lines):
        return "\t"
    return max("\t;,", key=file.text.count)


def _fields(line: str, separator: str) -> list[str]:
    return [field.strip() for field in line.split(separator)]


def _form(fields: Sequence[str], separator: str) -> tuple[str, ...] | None:
    """What the fields are."""
    for form in _FORMS:
        if len(form) == len(fields) and all(
            not math.isnan(plain_number(_number(field, separator)))
            for name, field in zip(form, fields, strict=True)
            if name in _TIMES
        ):
            return form
    return None


def _number(field: str, separator: str) -> str:
    return field if separator == "," else decimal_points(field)


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the events."""
    separator = _separator(file)
    own = ""
    for number, line in file.lines():
        fields = _fields(line, separator)
        form = _form(fields, separator)
        row = Row({}, file.path, number, line)
        row.check(
            form is not None,
            "it must be onset, offset, label; or these after filename, or "
            "after filename and scene_label, in seconds",
        )
        for name, field in zip(form or (), fields, strict=True):
            row[name] = _number(field, separator) if name in _TIMES else field
        if "filename" not in row and not own:
            own = file.recording
        filename = row.get("filename", own)
        row.check(bool(filename), "the filename is missing")
        events.clip(filename)
        if "onset" in row:
            onset, offset = row.seconds("onset"), row.seconds("offset")
            events.add(row, filename, onset, offset, row["event_label"])


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """``filename onset offset label`` between tabs."""
    lines = []
    for name, events in annotations.rows_by_clip().items():
        for event in events:
            onset = seconds_text(event["onset"])
            offset = seconds_text(event["offset"])
            lines.append(f"{name}\t{onset}\t{offset}\t{event['event_label']}\n")
        if not events:
            lines.append(f"{name}\n")
    return {"": "".join(lines)}


FORMAT = Format(
    "dcase",
    "event list of DCASE and sed_eval",
    (".txt", ".ann", ".csv"),
    recognize,
    read,
    write,
    holds=frozenset(),
)

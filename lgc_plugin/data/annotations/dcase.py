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
    strong_fields,
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
    """By where the numbers are in the first row that has any."""
    separator = _separator(file)
    rows = [_fields(line, separator) for _, line in file.lines()]
    if not rows and file.path.suffix.lower() == ".ann":
        return Recognition(False, "an empty file: no events")
    form = next((_form(x, separator) for x in rows if len(x) > 1), None)
    if form is None:
        return None
    return Recognition(False, f"{', '.join(form)}, without header")


def _separator(file: AnnotationFile) -> str:
    """The one that makes most rows right, or else the most frequent."""
    lines = [line for _, line in file.lines()]
    right = {
        separator: sum(
            # A filename alone may be anything.
            len(_form(_fields(line, separator), separator) or ()) > 1
            for line in lines
        )
        for separator in "\t;,"
    }
    if any(right.values()):
        return max(right, key=lambda separator: right[separator])
    if any(clip_id(line.strip()) != line.strip() for line in lines):
        return "\t"  # filenames alone
    return max("\t;,", key=file.text.count)


def _fields(line: str, separator: str) -> list[str]:
    return [field.strip() for field in line.split(separator)]


def _form(fields: Sequence[str], separator: str) -> tuple[str, ...] | None:
    """What the fields are."""
    first = [plain_number(field) for field in fields[:2]]
    if (
        separator == ","
        and len(fields) == 5
        and not any(map(math.isnan, first))
    ):
        return None  # decimal commas between commas
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
    lines = file.lines()
    own = "" if lines else file.recording
    if own:
        events.clip(own)
    named = False
    for number, line in lines:
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
        named = named or "filename" in row
        if "filename" not in row and not own:
            own = file.recording
        row.check(
            not (own and named),
            "some rows have a filename and others none: give it to all rows, "
            "or to none",
        )
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
            lines.append("\t".join(strong_fields(name, event)) + "\n")
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

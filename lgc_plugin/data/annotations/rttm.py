"""RTTM: ``SPEAKER file channel onset duration <NA> <NA> label confidence``.

Blanks separate the fields, so no name can hold one.
"""

from __future__ import annotations

from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
    refuse,
)
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
    decimal_text,
    optional_number,
    seconds_between,
    seconds_text,
    sum_of_seconds,
)
from lgc_plugin.data.annotations.tsv import field_text
from lgc_plugin.data.table_files import Row

_TYPE, _NONE, _COMMENT = "SPEAKER", "<NA>", ";;"
# NIST's description has these types of rows; only SPEAKER's are events.
_TYPES = frozenset(
    "SEGMENT NOSCORE NO_RT_METADATA LEXEME NON-LEX NON-SPEECH FILLER EDIT IP "
    "SU CB A/P SPEAKER SPKR-INFO".split()
)
_NAMES = (
    "type filename channel onset duration orthography subtype event_label "
    "confidence lookahead"
).split()
_LEAST = 8


def recognize(file: AnnotationFile) -> Recognition | None:
    """By the first word of each row."""
    rows = [x.split() for _, x in file.lines() if not x.startswith(_COMMENT)]
    if rows and all(row and row[0] in _TYPES for row in rows):
        return Recognition(True, f"rows of the type {rows[0][0]}")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the rows of the type SPEAKER."""
    for number, line in file.lines():
        if line.startswith(_COMMENT):
            continue
        fields = line.split()
        padded = [*fields, *[_NONE] * (len(_NAMES) - len(fields))]
        values = {
            name: "" if field == _NONE else field
            for name, field in zip(_NAMES, padded, strict=False)
        }
        row = Row(values, file.path, number, line)
        row.check(
            row["type"] in _TYPES,
            f"{row['type']!r} is no type of row: it must be {_TYPE}",
        )
        if row["type"] != _TYPE:
            events.leave_out(f"of the type {row['type']}", row)
            continue
        row.check(
            _LEAST <= len(fields) <= len(_NAMES),
            f"{len(fields)} fields between blanks: there must be 8 to 10, "
            "and no name may hold a blank",
        )
        row.check(bool(row["filename"]), "the filename is missing")
        events.add(
            row,
            row["filename"],
            row.seconds("onset"),
            sum_of_seconds(row, "onset", "duration"),
            row["event_label"],
            confidence=optional_number(row, "confidence"),
            channel=row["channel"],
        )


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """One row for each event; recordings without events are not named."""
    lines = []
    for name, events in annotations.rows_by_clip().items():
        _check("filename", name)
        for event in events:
            _check("label", event["event_label"])
            channel = event.get("channel") or "1"
            _check("channel", channel)
            onset = event["onset"]
            length = seconds_between(onset, event["offset"])
            confidence = field_text(
                "confidence", event.get("confidence", float("nan"))
            )
            lines.append(
                f"{_TYPE} {name} {channel} {seconds_text(onset)} "
                f"{decimal_text(length)} {_NONE} {_NONE} "
                f"{event['event_label']} {confidence or _NONE} {_NONE}\n"
            )
    return {"": "".join(lines)}


def _check(what: str, value: str) -> None:
    if value.split() != [value] or value == _NONE:
        raise refuse("RTTM", what, value, "holds a blank or is <NA>")


FORMAT = Format(
    "rttm",
    "RTTM",
    (".rttm",),
    recognize,
    read,
    write,
    holds=frozenset({"confidence", "channel"}),
    holds_silent=False,
    no_suffixes=True,
)

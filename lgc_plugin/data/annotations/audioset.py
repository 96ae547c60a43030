"""AudioSet's strong labels: ``segment_id``, times in the segment, ``label``.

A segment is named by the video and its begin there in milliseconds
(``b0RFKhbpFJA_30000``); times count from the begin of the segment. A column
``present`` marks sounds that were looked for and are not there.
"""

from __future__ import annotations

from lgc_plugin.data.annotations.csv_rows import has_columns, tab_table
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
    strong_fields,
)

_COLUMNS = ("segment_id", "start_time_seconds", "end_time_seconds", "label")
_PRESENT, _THERE, _ABSENT = "present", "PRESENT", "NOT_PRESENT"


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its columns."""
    if has_columns(file, set(_COLUMNS)):
        return Recognition(True, f"columns {', '.join(_COLUMNS)}")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the events; recordings are called by the segment."""
    table = tab_table(file)
    more = [_PRESENT] if _PRESENT in table.header else []
    for row in table.rows([*_COLUMNS, *more]):
        segment = row["segment_id"]
        row.check(bool(segment), "segment_id is missing")
        events.clip(segment)
        if more:
            row.check(
                row[_PRESENT] in (_THERE, _ABSENT),
                f"present is {row[_PRESENT]!r}: it must be {_THERE} or "
                f"{_ABSENT}",
            )
            if row[_PRESENT] == _ABSENT:
                events.leave_out(f"{_ABSENT}", row)
                continue
        onset, offset = row.seconds(_COLUMNS[1]), row.seconds(_COLUMNS[2])
        events.add(row, segment, onset, offset, row["label"])


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """One row for each event; recordings without events are not named."""
    lines = ["\t".join(_COLUMNS)]
    for name, events in annotations.rows_by_clip().items():
        for event in events:
            lines.append("\t".join(strong_fields(name, event)))
    return {"": "\n".join(lines) + "\n"}


FORMAT = Format(
    "audioset",
    "strong labels of AudioSet",
    (".tsv", ".csv", ".txt"),
    recognize,
    read,
    write,
    holds=frozenset(),
    holds_silent=False,
    no_suffixes=True,
)

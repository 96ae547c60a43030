"""The project's own table: that of DESED, with optional columns behind."""

from __future__ import annotations

from lgc_plugin.data.annotations.desed import collect_strong
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.table import (
    NUMBER_COLUMNS,
    OPTIONAL_COLUMNS,
    STRONG_COLUMNS,
    EventCollector,
    StrongAnnotations,
    seconds_text,
    strong_fields,
)
from lgc_plugin.data.table_files import TableFile


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its columns."""
    header = TableFile(file.path, file.text).header
    if set(STRONG_COLUMNS) <= set(header):
        return Recognition(True, f"columns {', '.join(STRONG_COLUMNS)}")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the events; one without duration is an error."""
    collect_strong(TableFile(file.path, file.text), events)


def table_rows(
    annotations: StrongAnnotations,
) -> tuple[list[str], list[list[str]]]:
    """Header and rows as text; a clip without events has empty fields."""
    more = [x for x in OPTIONAL_COLUMNS if x in annotations.events]
    rows = []
    for name, events in annotations.rows_by_clip().items():
        for event in events:
            rows.append(
                [
                    *strong_fields(name, event),
                    *(field_text(column, event[column]) for column in more),
                ]
            )
        if not events:
            rows.append([name, *[""] * (3 + len(more))])
    return [*STRONG_COLUMNS, *more], rows


def field_text(column: str, value: float | str) -> str:
    """An optional field; empty where there is no value.

    >>> field_text("low_freq", 440.0), field_text("channel", "1")
    ('440', '1')
    """
    if column not in NUMBER_COLUMNS:
        return str(value)
    if value != value:
        return ""
    text = seconds_text(float(value))
    return text.rstrip("0").rstrip(".")


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """Clip by clip."""
    header, rows = table_rows(annotations)
    lines = ("\t".join(row) + "\n" for row in (header, *rows))
    return {"": "".join(lines)}


FORMAT = Format(
    "tsv",
    "table of DESED (TSV: filename onset offset event_label)",
    (".tsv", ".txt"),
    recognize,
    read,
    write,
)

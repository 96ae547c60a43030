"""RealDESED: ``annotations.csv``, and ``metadata.csv``, which names clips.

``annotations_raw.csv`` of the training set has the events of each annotator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lgc_plugin.data.annotations import columns
from lgc_plugin.data.annotations.csv_rows import (
    csv_rows,
    csv_text,
    has_columns,
    separator_of,
)
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
from lgc_plugin.utils.text import read_text

METADATA, MERGED, RAW = "metadata.csv", "annotations.csv", "annotations_raw.csv"
_COLUMNS = ("filename", "onset", "offset", "class")
_ANNOTATOR = "annotator_id"
_ROLES = dict(
    zip(("filename", "onset", "offset", "event_label"), _COLUMNS, strict=True)
)


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its columns."""
    if separator_of(file) == "," and has_columns(file, set(_COLUMNS)):
        return Recognition(True, f"columns {', '.join(_COLUMNS)}")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the events, and the clips of the metadata."""
    metadata = file.path.parent / METADATA
    if metadata.is_file():
        clips = replace(file, path=metadata, text=read_text(metadata))
        for name in _clips(clips):
            events.clip(name)
    else:
        events.note(
            f"{metadata}: not there, so clips without events are not known"
        )
    if file.path.name == MERGED and file.path.with_name(RAW).is_file():
        events.note(f"{file.path.with_name(RAW)}: not read beside {MERGED}")
    given = {**_ROLES, **options.columns}
    if has_columns(file, {_ANNOTATOR}):
        given["annotator"] = _ANNOTATOR
    columns.read_as(file, events, options, given)


def _clips(metadata: AnnotationFile) -> Iterator[str]:
    rows = csv_rows(metadata, metadata.text, ",")
    _, header = next(rows, (1, []))
    if header.count("filename") != 1:
        raise ValueError(f"{metadata.path}: no column filename, or several")
    place = header.index("filename")
    for number, fields in rows:
        if any(fields):
            name = fields[place] if place < len(fields) else ""
            row = metadata.row({"filename": name}, number)
            row.check(bool(name), "the filename is missing")
            yield name


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """A folder of a split, without its audio."""
    raw = "annotator" in annotations.events
    header = [*_COLUMNS, *([_ANNOTATOR] if raw else [])]
    rows = []
    for name, events in annotations.rows_by_clip().items():
        for event in events:
            more = [event["annotator"]] if raw else []
            rows.append(strong_fields(name, event) + more)
    clips = [[name] for name in annotations.filenames]
    return {
        METADATA: csv_text([["filename"], *clips]),
        RAW if raw else MERGED: csv_text([header, *rows]),
    }


FORMAT = Format(
    "realdesed",
    "RealDESED (metadata.csv, annotations.csv)",
    (".csv",),
    recognize,
    read,
    write,
    holds=frozenset({"annotator"}),
    options=frozenset({"columns", "time_unit"}),
)

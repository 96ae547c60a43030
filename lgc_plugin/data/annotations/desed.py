"""Annotation files of DESED (tab-separated): ``tsv``, this project's own.

Strong: ``filename onset offset event_label``; weak: ``filename
event_labels``; unlabeled: ``filename``; durations: ``filename duration``.
What is wrong in a file is an error that names the file and the row; what is
only odd (a clip without events, a label given twice) is read for what it
means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from lgc_plugin.data.annotations.table import (
    NUMBER_COLUMNS,
    OPTIONAL_COLUMNS,
    STRONG_COLUMNS,
    EventCollector,
    StrongAnnotations,
    check_known_label,
    optional_number,
)
from lgc_plugin.data.table_files import Row, TableFile


def read_strong(
    path: str | Path, labels: Collection[str] | None = None
) -> StrongAnnotations:
    """Reads events with onset and offset.

    A row with a filename and nothing else is a clip without events.
    """
    events = EventCollector(labels)
    collect_strong(TableFile.read(path), events)
    return events.collected()


def collect_strong(table: TableFile, events: EventCollector) -> None:
    """Adds the events of a table."""
    header = table.header
    more = [name for name in OPTIONAL_COLUMNS if header.count(name) == 1]
    for row in table.rows([*STRONG_COLUMNS, *more]):
        events.clip(row["filename"])
        if row["onset"] or row["offset"] or row["event_label"]:
            onset, offset = row.seconds("onset"), row.seconds("offset")
            events.check_label(row, row["event_label"])
            row.check(
                onset < offset,
                "offset must lie after onset: correct or remove the event",
            )
            add_row(row, row["filename"], onset, offset, more, events)


def add_row(
    row: Row,
    filename: str,
    onset: float,
    offset: float,
    more: Collection[str],
    events: EventCollector,
) -> None:
    """Adds an event with the optional columns that a row has."""
    values: dict[str, float | str] = {
        name: optional_number(row, name)
        if name in NUMBER_COLUMNS
        else row[name]
        for name in more
    }
    events.add(row, filename, onset, offset, row["event_label"], **values)


def read_weak(
    path: str | Path, labels: Collection[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Reads which classes sound in each clip.

    Commas separate labels; one of ``labels`` may have some itself.
    """
    clips: dict[str, dict[str, None]] = {}
    for row in TableFile.read(path).rows(("filename", "event_labels")):
        tags = clips.setdefault(row["filename"], {})
        if row["event_labels"]:
            for label in _split_labels(row["event_labels"], labels or ()):
                tags[check_known_label(row, label, labels)] = None
    return {name: tuple(tags) for name, tags in clips.items()}


def read_durations(path: str | Path) -> dict[str, float]:
    """Reads the annotated length of each clip."""
    durations: dict[str, float] = {}
    for row in TableFile.read(path).rows(("filename", "duration")):
        seconds = row.seconds("duration")
        row.check(seconds > 0, "duration must be above 0")
        known = durations.setdefault(row["filename"], seconds)
        row.check(
            known == seconds,
            f"this clip lasts {seconds!r} s here and {known!r} s in a row "
            "before: remove what is wrong",
        )
    return durations


def read_unlabeled(path: str | Path) -> tuple[str, ...]:
    """Reads the names of clips of which nothing is known."""
    rows = TableFile.read(path).rows(("filename",))
    return tuple(dict.fromkeys(row["filename"] for row in rows))


def _split_labels(text: str, labels: Collection[str]) -> Iterator[str]:
    """Labels between commas; of several readings, the longest label."""
    parts = text.split(",")
    start = 0
    while start < len(parts):
        ends = range(len(parts), start, -1)
        names = [",".join(parts[start:end]).strip() for end in ends]
        known = (i for i, name in enumerate(names) if name in labels)
        chosen = next(known, len(names) - 1)
        yield names[chosen]
        start = ends[chosen]

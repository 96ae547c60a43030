"""Annotation files of DESED (tab-separated), and events fitted to the audio.

Strong: ``filename onset offset event_label``; weak: ``filename
event_labels``; unlabeled: ``filename``; durations: ``filename duration``.
What is wrong in a file is an error that names the file and the row; what is
only odd (a clip without events, a label given twice) is read for what it
means.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lgc_plugin.data.fields import check_label
from lgc_plugin.types import Event

STRONG_COLUMNS = ("filename", "onset", "offset", "event_label")


@dataclass(frozen=True)
class StrongAnnotations:
    """What a strong annotation file contains."""

    #: One row per event: ``filename``, ``onset`` and ``offset`` in seconds,
    #: ``event_label``; in the order of the file.
    events: pd.DataFrame
    #: Every clip that the file names, with events or without.
    filenames: tuple[str, ...]

    def by_clip(self) -> dict[str, list[Event]]:
        """The events of every clip; a clip without events has none."""
        clips: dict[str, list[Event]] = {name: [] for name in self.filenames}
        for name, *event in self.events.itertuples(index=False):
            clips[name].append(Event(*event))
        return clips


def read_strong(
    path: str | Path, labels: Collection[str] | None = None
) -> StrongAnnotations:
    """Reads events with onset and offset.

    A row with a filename and nothing else is a clip without events.
    """
    events = []
    filenames: dict[str, None] = {}
    for row in _rows(path, STRONG_COLUMNS):
        filenames[row["filename"]] = None
        if row["onset"] or row["offset"] or row["event_label"]:
            onset, offset = row.seconds("onset"), row.seconds("offset")
            label = row.label(row["event_label"], labels)
            row.check(
                onset < offset,
                "offset must lie after onset: correct or remove the event",
            )
            events.append((row["filename"], onset, offset, label))
    frame = pd.DataFrame(events, columns=list(STRONG_COLUMNS))
    frame = frame.astype({"onset": float, "offset": float})
    return StrongAnnotations(frame, tuple(filenames))


def read_weak(
    path: str | Path, labels: Collection[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Reads which classes sound in each clip."""
    clips: dict[str, dict[str, None]] = {}
    for row in _rows(path, ("filename", "event_labels")):
        tags = clips.setdefault(row["filename"], {})
        if row["event_labels"]:
            for label in row["event_labels"].split(","):
                tags[row.label(label.strip(), labels)] = None
    return {name: tuple(tags) for name, tags in clips.items()}


def read_durations(path: str | Path) -> dict[str, float]:
    """Reads the annotated length of each clip."""
    durations = {}
    for row in _rows(path, ("filename", "duration")):
        seconds = row.seconds("duration")
        row.check(seconds > 0, "duration must be above 0")
        durations[row["filename"]] = seconds
    return durations


def read_unlabeled(path: str | Path) -> tuple[str, ...]:
    """Reads the names of clips of which nothing is known."""
    names = (row["filename"] for row in _rows(path, ("filename",)))
    return tuple(dict.fromkeys(names))


class _Row(dict):
    """The fields of one row, with its place in the file."""

    def __init__(self, fields: dict[str, str], where: str) -> None:
        super().__init__(fields)
        self.where = where

    def check(self, good: bool, advice: str) -> None:
        """Raises an error that shows the row, unless it is good."""
        if not good:
            content = " ".join(repr(value) for value in self.values())
            raise ValueError(f"{self.where} ({content}): {advice}")

    def seconds(self, column: str) -> float:
        """The field as a time or a length."""
        try:
            value = float(self[column])
        except ValueError:
            value = math.nan
        self.check(
            0 <= value < math.inf,
            f"{column} must be a number of seconds, 0 or above",
        )
        return value

    def label(self, label: str, labels: Collection[str] | None) -> str:
        """The label, if it is a good name and one of the known."""
        try:
            check_label(label)
        except ValueError as error:
            self.check(False, str(error))
        self.check(
            labels is None or label in labels,
            f"label {label!r} is not one of {', '.join(labels or ())}: "
            "correct it, or add it to the labels",
        )
        return label


def _rows(path: str | Path, columns: tuple[str, ...]) -> Iterator[_Row]:
    # Spreadsheets mark UTF-8 with a byte order mark, which utf-8-sig drops.
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise ValueError(
                f"{path}: no column {', '.join(missing)}; the first line is "
                f"{' '.join(header)!r}. The columns {', '.join(columns)} "
                "must be named there and separated by tabs"
            )
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            where = f"{path}, row {reader.line_num}"
            if len(values) > len(header):
                raise ValueError(
                    f"{where}: {len(values)} fields under {len(header)} "
                    "columns: remove what does not belong there"
                )
            # Editors strip the tabs behind the last value.
            values += [""] * (len(header) - len(values))
            fields = dict(zip(header, map(str.strip, values), strict=True))
            row = _Row({name: fields[name] for name in columns}, where)
            row.check(bool(row["filename"]), "the filename is missing")
            yield row


# Annotators and audio headers round to a millisecond: cutting off less than
# that changes nothing worth reporting.
_NEGLIGIBLE_SECONDS = 1e-3


@dataclass(frozen=True)
class CleanEvents:
    """Events that fit their clip, and what it took."""

    #: By onset; within the clip, and no two of one class overlap.
    events: tuple[Event, ...]
    #: Events that reached beyond the end of the clip.
    cut: int = 0
    #: Events that lay wholly beyond the end of the clip.
    dropped: int = 0
    #: Events that were joined to another one of their class.
    merged: int = 0


def clean_events(events: Iterable[Event], duration: float) -> CleanEvents:
    """Cuts events at the end of the clip and joins those that overlap.

    Events of one class that only touch stay two events.
    """
    events = sorted(events)
    inside = [event for event in events if event.onset < duration]
    limit = duration + _NEGLIGIBLE_SECONDS
    fitting = [
        event._replace(offset=min(event.offset, duration)) for event in inside
    ]
    apart = merge_overlaps(fitting)
    return CleanEvents(
        events=tuple(apart),
        cut=sum(event.offset > limit for event in inside),
        dropped=len(events) - len(inside),
        merged=len(fitting) - len(apart),
    )


def merge_overlaps(events: Iterable[Event]) -> list[Event]:
    """Joins overlapping events of one class; metrics refuse such pairs."""
    apart: list[Event] = []
    last: dict[str, int] = {}
    for event in sorted(events):
        place = last.get(event.label)
        if place is not None and event.onset < apart[place].offset:
            end = max(event.offset, apart[place].offset)
            apart[place] = apart[place]._replace(offset=end)
        else:
            last[event.label] = len(apart)
            apart.append(event)
    return sorted(apart)

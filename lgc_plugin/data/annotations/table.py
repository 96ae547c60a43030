"""The one table that every format of annotations is read into."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from lgc_plugin.data.fields import check_label, check_text
from lgc_plugin.data.table_files import Row
from lgc_plugin.types import Event
from lgc_plugin.utils.text import shortened

STRONG_COLUMNS = ("filename", "onset", "offset", "event_label")
#: Hz; Hz; from 0 to 1.
NUMBER_COLUMNS = ("low_freq", "high_freq", "confidence")
TEXT_COLUMNS = ("channel", "annotator")
#: What some formats have beside.
OPTIONAL_COLUMNS = (*NUMBER_COLUMNS, *TEXT_COLUMNS)


@dataclass(frozen=True)
class StrongAnnotations:
    """Events with onset and offset, and the recordings they are in."""

    #: One row per event, in the order of the file: ``filename``, ``onset`` and
    #: ``offset`` in seconds, ``event_label``; then those of ``low_freq``,
    #: ``high_freq`` (Hz), ``confidence``, ``channel``, ``annotator`` that some
    #: event has. Missing numbers are NaN, missing texts are empty.
    events: pd.DataFrame
    #: Every clip that the file names, with events or without.
    filenames: tuple[str, ...]
    #: Seconds of those clips whose length the file states.
    durations: Mapping[str, float] = field(default_factory=dict)
    #: What was left out or understood in some way, in sentences.
    notes: tuple[str, ...] = ()
    #: The name of the format that they were read from.
    format: str = "tsv"

    def by_clip(self) -> dict[str, list[Event]]:
        """The events of every clip; a clip without events has none."""
        clips: dict[str, list[Event]] = {name: [] for name in self.filenames}
        rows = self.events[list(STRONG_COLUMNS)].itertuples(index=False)
        for name, *event in rows:
            clips[name].append(Event(*event))
        return clips

    def renamed(self, names: Mapping[str, str]) -> StrongAnnotations:
        """The same with other names of the clips."""
        return replace(
            self,
            events=self.events.assign(filename=self.events.filename.map(names)),
            filenames=tuple(dict.fromkeys(names.values())),
            durations={names[k]: v for k, v in self.durations.items()},
        )

    def rows_by_clip(self) -> dict[str, list[dict]]:
        """The same as rows of the table."""
        clips: dict[str, list[dict]] = {name: [] for name in self.filenames}
        for row in self.events.to_dict("records"):
            clips[row["filename"]].append(row)
        return clips


def annotations_of(
    rows: Iterable[Sequence],
    filenames: Iterable[str] = (),
    *,
    more: Sequence[str] = OPTIONAL_COLUMNS,
    durations: Mapping[str, float] | None = None,
    notes: Iterable[str] = (),
) -> StrongAnnotations:
    """A table of rows: the four columns, then ``more``; those without a value
    in any row are left away.
    """
    frame = pd.DataFrame(list(rows), columns=[*STRONG_COLUMNS, *more])
    frame = frame.astype({"onset": float, "offset": float})
    for name in more:
        if name in NUMBER_COLUMNS:
            frame[name] = frame[name].astype(float)
            empty = frame[name].isna().all()
        else:
            frame[name] = frame[name].fillna("").astype(object)
            empty = (frame[name] == "").all()
        if empty:
            del frame[name]
    named = tuple(dict.fromkeys((*filenames, *frame.filename)))
    return StrongAnnotations(frame, named, durations or {}, tuple(notes))


class EventCollector:
    """Takes the events of files, checks them, and counts what is left out."""

    def __init__(self, labels: Collection[str] | None = None) -> None:
        self.labels = labels
        self._checked: set[str] = set()
        self._rows: list[tuple] = []
        self._filenames: dict[str, None] = {}
        self._durations: dict[str, float] = {}
        self._notes: dict[str, None] = {}
        self._of_files: dict[str, tuple[int, str]] = {}
        self._left_out: dict[str, tuple[int, str]] = {}

    @property
    def n_events(self) -> int:
        """How many there are."""
        return len(self._rows)

    def clip(self, filename: str, seconds: float | None = None) -> None:
        """Names a recording, which may have no events, and its length."""
        self._filenames[filename] = None
        if seconds is not None:
            known = self._durations.get(filename, 0.0)
            self._durations[filename] = max(known, seconds)

    def note(self, text: str) -> None:
        """Adds a sentence, once."""
        self._notes[text] = None

    def note_file(self, file: Path, what: str, details: object) -> None:
        """The same of a file, with the details of the first that has it."""
        count, first = self._of_files.get(
            what, (0, f"{file}: {what}: {details}")
        )
        self._of_files[what] = count + 1, first

    def check_label(self, row: Row, label: str) -> None:
        """Refuses a label that is no good name or not one of the known."""
        if label not in self._checked:
            check_known_label(row, label, self.labels)
            self._checked.add(label)

    def leave_out(self, what: str, row: Row) -> None:
        """Counts what is no event."""
        count, first = self._left_out.get(what, (0, row.where))
        self._left_out[what] = count + 1, first

    def add(
        self,
        row: Row,
        filename: str,
        onset: float,
        offset: float,
        label: str,
        **more: float | str,
    ) -> None:
        """Adds an event, unless it has no duration or no label."""
        self.clip(filename)
        row.check(
            onset <= offset,
            "the offset lies before the onset: correct or remove the event",
        )
        label = label.strip()
        if not label:
            self.leave_out("without label", row)
        elif onset == offset:
            self.leave_out("without duration (point)", row)
        else:
            self.check_label(row, label)
            for name, text in more.items():
                if isinstance(text, str) and text:
                    check_in_row(row, name, text)
            values = (more.get(name) for name in OPTIONAL_COLUMNS)
            self._rows.append((filename, onset, offset, label, *values))

    def collected(self) -> StrongAnnotations:
        """All of them."""
        left_out = (
            f"left out, {what}: {count}, the first in {first}"
            for what, (count, first) in self._left_out.items()
        )
        of_files = (
            first + (f"; {count - 1} more files likewise" if count > 1 else "")
            for count, first in self._of_files.values()
        )
        return annotations_of(
            self._rows,
            self._filenames,
            durations=self._durations,
            notes=(*left_out, *of_files, *self._notes),
        )


def check_in_row(row: Row, column: str, text: str) -> None:
    """Refuses text that no table can hold, and shows the row."""
    try:
        check_text(column, text)
    except ValueError as error:
        row.check(False, str(error))


def check_known_label(
    row: Row, label: str, labels: Collection[str] | None
) -> str:
    """The label, if it is a good name and one of the known."""
    try:
        check_label(label)
    except ValueError as error:
        row.check(False, str(error))
    row.check(
        labels is None or label in labels,
        f"label {label!r} is not one of {', '.join(labels or ())}: correct "
        "it, or add it to the labels",
    )
    return label


def sum_of_seconds(row: Row, *columns: str) -> float:
    """The sum of some fields, without errors of floating point numbers."""
    for column in columns:
        row.seconds(column)
    return float(sum(Decimal(row[column]) for column in columns))


def optional_number(row: Row, column: str) -> float:
    """A field that may be empty, or be missing; NaN then."""
    text = row.get(column, "")
    value = row.number(column) if text else float("nan")
    row.check(
        not text or abs(value) < float("inf"),
        f"{column} is {shortened(text)!r}: it must be a number, or empty",
    )
    return value


def seconds_text(seconds: float) -> str:
    """A time with all of its decimals, three at least.

    >>> seconds_text(1.5), seconds_text(2.8349814495)
    ('1.500', '2.8349814495')
    """
    return decimal_text(Decimal(repr(float(seconds))))


def decimal_text(value: Decimal) -> str:
    """The same of a decimal number."""
    whole, _, decimals = f"{value:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<3}"


def strong_fields(filename: str, event: Mapping[str, Any]) -> list[str]:
    """An event as texts of the four columns that every table has."""
    onset, offset = seconds_text(event["onset"]), seconds_text(event["offset"])
    return [filename, onset, offset, event["event_label"]]


def seconds_between(onset: float, offset: float) -> Decimal:
    """The exact length of an event."""
    return Decimal(repr(float(offset))) - Decimal(repr(float(onset)))

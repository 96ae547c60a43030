"""Reads the annotation files of DESED: tab-separated, with a header.

Strong: ``filename onset offset event_label``; weak: ``filename
event_labels``; unlabeled: ``filename``; durations: ``filename duration``.
What is wrong in a file is an error that names the file and the row; what is
only odd (a clip without events, a label given twice) is read for what it
means.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lgc_plugin.data.fields import check_label
from lgc_plugin.types import Event

STRONG_COLUMNS = ("filename", "onset", "offset", "event_label")


@dataclass(frozen=True)
class StrongAnnotations:
    """What a strong annotation file says.

    Arguments
    ---------
    events : DataFrame
        One row per event: ``filename``, ``onset`` and ``offset`` in seconds,
        ``event_label``; in the order of the file.
    filenames : tuple[str, ...]
        Every clip that the file names, with events or without.
    """

    events: pd.DataFrame
    filenames: tuple[str, ...]

    def by_clip(self) -> dict[str, list[Event]]:
        """The events of every clip; a clip without events has none.

        Returns
        -------
        dict[str, list[Event]]
        """
        clips: dict[str, list[Event]] = {name: [] for name in self.filenames}
        for name, *event in self.events.itertuples(index=False):
            clips[name].append(Event(*event))
        return clips


def read_strong(
    path: str | Path, labels: Collection[str] | None = None
) -> StrongAnnotations:
    r"""Reads events with onset and offset.

    A row with a filename and nothing else is a clip without events.

    Arguments
    ---------
    path : str or Path
        The annotation file.
    labels : Collection[str], optional
        The classes that may occur; None takes any.

    Returns
    -------
    StrongAnnotations

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, or a row cannot be an event of these classes.

    Example
    -------
    >>> path = getfixture("tmp_path") / "strong.tsv"
    >>> _ = path.write_text(
    ...     "filename\tonset\toffset\tevent_label\n"
    ...     "a.wav\t0.5\t2.0\tDog\n"
    ...     "b.wav\t\t\t\n"
    ... )
    >>> annotations = read_strong(path)
    >>> annotations.filenames
    ('a.wav', 'b.wav')
    >>> annotations.by_clip()["a.wav"]
    [Event(onset=0.5, offset=2.0, label='Dog')]
    """
    events = []
    filenames = {}
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
    r"""Reads which classes sound in each clip.

    Arguments
    ---------
    path : str or Path
        The annotation file; several labels of a clip are joined by commas.
    labels : Collection[str], optional
        The classes that may occur; None takes any.

    Returns
    -------
    dict[str, tuple[str, ...]]
        For each filename its labels, each once.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, or a label is not one of these classes.

    Example
    -------
    >>> path = getfixture("tmp_path") / "weak.tsv"
    >>> _ = path.write_text("filename\tevent_labels\na.wav\tDog,Cat,Dog\n")
    >>> read_weak(path)
    {'a.wav': ('Dog', 'Cat')}
    """
    clips: dict[str, dict[str, None]] = {}
    for row in _rows(path, ("filename", "event_labels")):
        tags = clips.setdefault(row["filename"], {})
        if row["event_labels"]:
            for label in row["event_labels"].split(","):
                tags[row.label(label.strip(), labels)] = None
    return {name: tuple(tags) for name, tags in clips.items()}


def read_durations(path: str | Path) -> dict[str, float]:
    r"""Reads how long each clip is said to be.

    Arguments
    ---------
    path : str or Path
        The annotation file.

    Returns
    -------
    dict[str, float]
        For each filename its duration in seconds.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, or a duration is not a number above 0.

    Example
    -------
    >>> path = getfixture("tmp_path") / "durations.tsv"
    >>> _ = path.write_text("filename\tduration\na.wav\t9.85\n")
    >>> read_durations(path)
    {'a.wav': 9.85}
    """
    durations = {}
    for row in _rows(path, ("filename", "duration")):
        seconds = row.seconds("duration")
        row.check(seconds > 0, "duration must be above 0")
        durations[row["filename"]] = seconds
    return durations


def read_unlabeled(path: str | Path) -> tuple[str, ...]:
    r"""Reads the names of clips of which nothing is known.

    Arguments
    ---------
    path : str or Path
        The annotation file; columns other than ``filename`` are ignored.

    Returns
    -------
    tuple[str, ...]
        The filenames, each once, in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If there is no column ``filename``.

    Example
    -------
    >>> path = getfixture("tmp_path") / "unlabeled.tsv"
    >>> _ = path.write_text("filename\na.wav\nb.wav\n")
    >>> read_unlabeled(path)
    ('a.wav', 'b.wav')
    """
    names = (row["filename"] for row in _rows(path, ("filename",)))
    return tuple(dict.fromkeys(names))


class _Row(dict):
    """The fields of one row; it knows where it stands."""

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

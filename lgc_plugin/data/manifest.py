"""The row of a manifest: what is known of one clip, as CSV.

A manifest is a CSV file that SpeechBrain's ``DynamicItemDataset`` loads as it
is. It has one row per clip and the columns
``ID,duration,wav,label_kind,events,tags``; see :class:`ClipRow`. Where some
clip has unknown classes, a column ``unknown`` follows.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lgc_plugin.data.fields import (
    check_event,
    check_label,
    check_name,
    format_events,
    format_tags,
    parse_events,
    parse_seconds,
    parse_tags,
)
from lgc_plugin.types import Event, LabelKind
from lgc_plugin.utils.files import atomic_file
from lgc_plugin.utils.text import read_text

__all__ = [
    "COLUMNS",
    "ROOT_MARK",
    "ClipRow",
    "format_events",
    "format_tags",
    "parse_events",
    "parse_tags",
    "read_manifest",
    "write_manifest",
]

COLUMNS = ("ID", "duration", "wav", "label_kind", "events", "tags")

#: Further column, of manifests in which some clip has unknown classes.
UNKNOWN = "unknown"

#: Stands for the folder of the dataset, so that a dataset can be moved.
ROOT_MARK = "$data_root/"


@dataclass(frozen=True)
class ClipRow:
    """What is known of one clip.

    Arguments
    ---------
    id : str
        Name of the clip, unique in its manifest.
    duration : float
        Length of the audio in seconds.
    wav : str
        The audio file; it may begin with ``$data_root/``.
    label_kind : LabelKind
        How much is known of the clip.
    events : tuple[Event, ...]
        What sounds and when; only strongly labeled clips have events.
    tags : tuple[str, ...]
        Classes that sound anywhere in the clip; none if nothing is known.
    unknown : tuple[str, ...]
        Classes that the annotation of a labeled clip does not cover: they may
        sound in it or not.

    Raises
    ------
    ValueError
        If a value is not what its column may hold.

    Example
    -------
    >>> ClipRow("a", 10.0, "a.wav", LabelKind.WEAK, tags=("Dog",)).tags
    ('Dog',)
    """

    id: str
    duration: float
    wav: str
    label_kind: LabelKind
    events: tuple[Event, ...] = ()
    tags: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name("ID", self.id)
        if not (math.isfinite(self.duration) and self.duration > 0):
            raise ValueError(
                f"duration is {self.duration!r}: it must be a number of "
                "seconds above 0"
            )
        if self.events and self.label_kind != LabelKind.STRONG:
            raise ValueError(
                f"a clip of label_kind {self.label_kind} has events: remove "
                "them, or make it strong"
            )
        if self.tags and self.label_kind == LabelKind.NONE:
            raise ValueError(
                "a clip of label_kind none has tags: remove them, or make it "
                "weak"
            )
        for event in self.events:
            check_event(event)
        for tag in self.tags:
            check_label(tag)
        if self.unknown and self.label_kind == LabelKind.NONE:
            raise ValueError(
                "a clip of label_kind none has unknown classes: all are, leave "
                "the field empty"
            )
        for label in self.unknown:
            check_label(label)
            if label in self.classes:
                raise ValueError(
                    f"class {label!r} is unknown and in the clip: keep one"
                )

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that sound in the clip, as far as they are known."""
        return self.tags or tuple({e.label: None for e in self.events})


def write_manifest(rows: Iterable[ClipRow], path: str | Path) -> None:
    """Writes a manifest, whole or not at all.

    Arguments
    ---------
    rows : Iterable[ClipRow]
        The clips, in the order in which they are written.
    path : str or Path
        The CSV file.

    Raises
    ------
    ValueError
        If two clips have the same ID, or SpeechBrain could not read the
        name of an audio file.

    Example
    -------
    >>> path = getfixture("tmp_path") / "manifest.csv"
    >>> write_manifest([ClipRow("a", 9.5, "a.wav", LabelKind.NONE)], path)
    >>> print(path.read_text(), end="")
    ID,duration,wav,label_kind,events,tags
    a,9.5,a.wav,none,,
    """
    rows = list(rows)
    with_unknown = any(row.unknown for row in rows)
    seen = set()
    with (
        atomic_file(path) as temporary,
        open(temporary, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, UNKNOWN) if with_unknown else COLUMNS)
        for row in rows:
            if row.id in seen:
                raise ValueError(
                    f"{path}: clip {row.id!r} comes twice: give every clip "
                    "of a manifest its own ID"
                )
            seen.add(row.id)
            unknown = [format_tags(row.unknown)] if with_unknown else []
            writer.writerow([*_fields(row), *unknown])


def is_manifest(path: str | Path) -> bool:
    """Whether the columns of a file are those of a manifest."""
    path = Path(path)
    if path.is_dir():
        return False
    first = read_text(path).partition("\n")[0]
    return set(COLUMNS) <= set(first.strip().split(","))


def read_manifest(
    path: str | Path, data_root: str | Path | None = None
) -> list[ClipRow]:
    """Reads a manifest.

    Arguments
    ---------
    path : str or Path
        The CSV file.
    data_root : str or Path, optional
        What ``$data_root`` stands for; None leaves it in the names.

    Returns
    -------
    list[ClipRow]
        The clips, in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, a value is not what its column may hold, or
        an ID comes twice; the message names the file and the row.

    Example
    -------
    >>> path = getfixture("tmp_path") / "manifest.csv"
    >>> row = ClipRow("a", 9.5, "$data_root/a.wav", LabelKind.NONE)
    >>> write_manifest([row], path)
    >>> read_manifest(path) == [row]
    True
    >>> read_manifest(path, data_root="/data")[0].wav
    '/data/a.wav'
    """
    rows: dict[str, ClipRow] = {}
    reader = csv.DictReader(io.StringIO(read_text(path)))
    try:
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise ValueError(
                f"no column {', '.join(sorted(missing))}: a manifest begins "
                f"with the line {','.join(COLUMNS)}"
            )
        for fields in reader:
            row = _parse_row(fields)
            if row.id in rows:
                raise ValueError(
                    f"ID {row.id!r} comes twice: remove one of the rows"
                )
            rows[row.id] = row
    except (ValueError, csv.Error) as error:
        row_text = f", row {reader.line_num}" if reader.line_num else ""
        raise ValueError(f"{path}{row_text}: {error}") from None
    if data_root is None:
        return list(rows.values())
    return [_resolve(row, data_root) for row in rows.values()]


def check_known(rows: Iterable[ClipRow], path: str | Path) -> None:
    """Raises an error if a clip to be scored has unknown classes."""
    for row in rows:
        if row.unknown:
            raise ValueError(
                f"{path}, clip {row.id!r}: {', '.join(row.unknown)} may sound "
                "in it or not: keep only clips whose classes are all known in "
                "sets that are scored"
            )


def _fields(row: ClipRow) -> tuple[str, ...]:
    check_name("wav", row.wav.removeprefix(ROOT_MARK))
    return (
        row.id,
        repr(float(row.duration)),
        row.wav,
        str(row.label_kind),
        format_events(row.events),
        format_tags(row.tags),
    )


def _parse_row(fields: Mapping[str | None, str | None]) -> ClipRow:
    columns = (*COLUMNS, UNKNOWN) if UNKNOWN in fields else COLUMNS
    values = [text for c in columns if (text := fields[c]) is not None]
    if len(values) < len(columns) or None in fields:
        raise ValueError(
            f"the row has not {len(columns)} fields: the file may be "
            "truncated, prepare the data again"
        )
    name, duration, wav, kind, events, tags, *unknown = values
    check_name("wav", wav.removeprefix(ROOT_MARK))
    return ClipRow(
        id=name,
        duration=parse_seconds("duration", duration),
        wav=wav,
        label_kind=LabelKind.parse(kind),
        events=parse_events(events),
        tags=parse_tags(tags),
        unknown=parse_tags("".join(unknown)),
    )


def _resolve(row: ClipRow, data_root: str | Path) -> ClipRow:
    if not row.wav.startswith(ROOT_MARK):
        return row
    # Text for text, as SpeechBrain does it.
    wav = f"{data_root}/{row.wav.removeprefix(ROOT_MARK)}"
    return replace(row, wav=wav)

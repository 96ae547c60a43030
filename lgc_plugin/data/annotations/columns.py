"""Tables with a header, of any separator, columns and units.

Columns are known by usual names (``Start (s)``, ``end_ms``, ``species``), or
named by the user.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath, PureWindowsPath

from lgc_plugin.data.annotation_names import TIME_UNITS
from lgc_plugin.data.annotations.csv_rows import (
    csv_rows,
    csv_text,
    separator_of,
)
from lgc_plugin.data.annotations.desed import add_row
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.numbers import has_decimal_commas
from lgc_plugin.data.annotations.recordings import short_names
from lgc_plugin.data.annotations.table import (
    NUMBER_COLUMNS,
    OPTIONAL_COLUMNS,
    EventCollector,
    StrongAnnotations,
)
from lgc_plugin.data.annotations.tsv import table_rows
from lgc_plugin.data.table_files import MOST_SECONDS, Row
from lgc_plugin.utils.text import shortened

#: What columns may hold, and their usual names.
NAMES = {
    "filename": "filename file file_name filepath file_path path recording "
    "recording_id wav audio audio_file audio_filename audio_path begin_path "
    "begin_file sound_file soundfile wav_file wavfile fname clip clip_id "
    "segment_id",
    "onset": "onset start start_time begin begin_time t_start tmin xmin",
    "offset": "offset end end_time stop stop_time t_end tmax xmax",
    "duration": "duration dur length",
    "event_label": "event_label label class event species annotation "
    "class_name common_name tag",
    "low_freq": "low_freq freq_low low_frequency f_min fmin freq_min",
    "high_freq": "high_freq freq_high high_frequency f_max fmax freq_max",
    "confidence": "confidence score probability",
    "channel": "channel",
    "annotator": "annotator annotator_id",
}
_USUAL = {
    name: (role, rank)
    for role, names in NAMES.items()
    for rank, name in enumerate(names.split())
}
_TIMES = ("onset", "offset", "duration")
_UNIT = re.compile(
    r"_(?:(s|sec|secs|second|seconds)|(ms|msec|milliseconds)|"
    r"(samples?)|hz)$"
)


@dataclass(frozen=True)
class _Table:
    separator: str
    header: Sequence[str]
    #: Column by role.
    columns: Mapping[str, str]
    unit: str | None


def recognize(file: AnnotationFile) -> Recognition | None:
    """By columns with usual names."""
    try:
        table = _table(file, {})
    except ValueError:
        return None
    shown = ", ".join(f"{x} = {y!r}" for x, y in table.columns.items())
    return Recognition(False, f"a table with {shown}")


def _table(file: AnnotationFile, given: Mapping[str, str]) -> _Table:
    """Separator and columns; an error names what is missing."""
    unknown = sorted(set(given) - set(NAMES))
    if unknown:
        raise ValueError(
            f"--columns names {unknown[0]!r}: it must be one of "
            f"{', '.join(NAMES)}"
        )
    separator = separator_of(file)
    _, header = next(csv_rows(file, file.first_line, separator), (1, []))
    for role, column in given.items():
        if header.count(column) != 1:
            raise ValueError(
                f"{file.path}: --columns {role}={column}: there is "
                f"{'no' if column not in header else 'more than one'} such "
                f"column; the first line is {shortened(' '.join(header))!r}"
            )
    columns, units = dict(given), set()
    for role in NAMES:
        ranked = sorted(
            (_USUAL[name][1], column)
            for column in header
            if (name := _plain(column)) in _USUAL and _USUAL[name][0] == role
        )
        taken = role not in columns and (
            role != "duration" or "offset" not in columns
        )
        if ranked and taken and ranked[0][1] not in columns.values():
            if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
                raise ValueError(
                    f"{file.path}: {role} may be {ranked[0][1]!r} or "
                    f"{ranked[1][1]!r}: choose with --columns {role}=..."
                )
            columns[role] = ranked[0][1]
    missing = [x for x in ("onset", "event_label") if x not in columns]
    if "offset" not in columns and "duration" not in columns:
        missing.append("offset")
    if missing:
        raise ValueError(
            f"{file.path}: which column holds {missing[0]}? The first line is "
            f"{shortened(' '.join(header))!r}: name it, as in --columns "
            f"{missing[0]}=COLUMN"
        )
    units = {_unit(columns[role]) for role in _TIMES if role in columns}
    if len(units) > 1:
        raise ValueError(
            f"{file.path}: the times of {', '.join(_TIMES)} have different "
            "units by the names of their columns: give them the same"
        )
    return _Table(separator, header, columns, units.pop())


def _plain(column: str) -> str:
    """A name without its unit, in small letters and underscores."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).lower()
    name = re.sub(r"\W+", "_", name).strip("_")
    if name in ("low_freq_hz", "high_freq_hz"):
        return name.removesuffix("_hz")
    return name if name in _USUAL else _UNIT.sub("", name)


def _unit(column: str) -> str | None:
    name = re.sub(r"\W+", "_", column.lower()).strip("_")
    found = _UNIT.search(name)
    if found is None or not any(found.groups()):
        return None
    return TIME_UNITS[[bool(x) for x in found.groups()].index(True)]


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the events."""
    read_as(file, events, options, options.columns)


def read_as(
    file: AnnotationFile,
    events: EventCollector,
    options: ReadOptions,
    given: Mapping[str, str],
) -> None:
    """The same, of columns by role."""
    table = _table(file, given)
    unit = options.time_unit or table.unit or "s"
    rows = list(_rows(file, table))
    more = [x for x in OPTIONAL_COLUMNS if x in table.columns]
    numbers = [x for x in (*_TIMES, *NUMBER_COLUMNS) if x in table.columns]
    commas = table.separator != "," and has_decimal_commas(
        (row, row[x]) for row in rows for x in numbers
    )
    own = "" if "filename" in table.columns else file.recording
    if own:
        events.clip(own)
    if not own:
        _shorten(file, rows, events)
    for row in rows:
        if commas:
            for name in numbers:
                row[name] = row[name].replace(",", ".")
        filename = own or row["filename"]
        row.check(bool(filename), "the filename is missing")
        events.clip(filename)
        end = "offset" if "offset" in row else "duration"
        if not (row["onset"] or row[end] or row["event_label"]):
            continue
        factor = _factor(unit, row, filename, file, options)
        onset = _seconds(row, ("onset",), factor)
        added = ("onset", "duration") if end == "duration" else ("offset",)
        offset = _seconds(row, added, factor)
        add_row(row, filename, onset, offset, more, events)
    shown = ", ".join(f"{x} = {y!r}" for x, y in table.columns.items())
    events.note(
        f"columns: {shown}; times in {unit}"
        + ("; numbers with decimal commas" if commas else "")
    )


def _rows(file: AnnotationFile, table: _Table) -> list[Row]:
    rows = []
    lines = file.text.split("\n")
    for number, values in csv_rows(file, file.text, table.separator):
        if number == 1 or not any(values):
            continue
        fields = dict(zip(table.header, values, strict=False))
        row = Row(
            {x: fields.get(y, "") for x, y in table.columns.items()},
            *(file.path, number, lines[number - 1]),
        )
        row.check(
            not any(values[len(table.header) :]),
            f"{len(values)} fields under {len(table.header)} columns: put "
            "quotes around text with separators",
        )
        rows.append(row)
    return rows


def _shorten(
    file: AnnotationFile, rows: Sequence[Row], events: EventCollector
) -> None:
    """Recordings with whole paths get names that lie where the file does."""
    paths = {row["filename"] for row in rows if row["filename"]}
    kinds = (PurePosixPath, PureWindowsPath)
    if not paths or not all(
        any(kind(path).is_absolute() for kind in kinds) for path in paths
    ):
        return
    names = short_names(paths)
    for row in rows:
        if row["filename"]:
            row["filename"] = file.in_folder(names[row["filename"]])
    events.note("folders are left out of the names of recordings")


def _factor(
    unit: str,
    row: Row,
    filename: str,
    file: AnnotationFile,
    options: ReadOptions,
) -> Decimal:
    """How many units a second has."""
    if unit != "samples":
        return Decimal(1000 if unit == "ms" else 1)
    return Decimal(file.sample_rate(filename, row, options))


def _seconds(row: Row, columns: tuple[str, ...], factor: Decimal) -> float:
    """A time in seconds, rounded once."""
    limit = Decimal(MOST_SECONDS)
    for name in columns:
        value = row.number(name)
        row.check(
            0 <= value <= limit * factor,
            f"{name} is {shortened(row[name])!r}: it must be a number from 0",
        )
    return float(sum(Decimal(row[name]) for name in columns) / factor)


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """A table with commas, in seconds."""
    header, rows = table_rows(annotations)
    return {"": csv_text([header, *rows])}


FORMAT = Format(
    "csv",
    "table with a header (CSV)",
    (".csv", ".tsv", ".txt"),
    recognize,
    read,
    write,
    options=frozenset({"columns", "time_unit"}),
)

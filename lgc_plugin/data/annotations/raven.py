"""Selection tables of Raven, one row for each view.

``Begin Time (s)`` counts from the begin of all sound files that were open, so
where a table names its files, ``File Offset (s)`` is what counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations.csv_rows import has_columns, tab_table
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.numbers import decimal_points
from lgc_plugin.data.annotations.recordings import short_names
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
    decimal_text,
    optional_number,
    seconds_between,
    seconds_text,
)
from lgc_plugin.data.annotations.tsv import field_text
from lgc_plugin.data.table_files import Row, TableFile

_SELECTION, _VIEW, _CHANNEL = "Selection", "View", "Channel"
_BEGIN, _END = "Begin Time (s)", "End Time (s)"
_LOW, _HIGH = "Low Freq (Hz)", "High Freq (Hz)"
_FILE, _PATH, _OFFSET = "Begin File", "Begin Path", "File Offset (s)"
_END_FILE, _CONFIDENCE = "End File", "Confidence"
_LABEL, _SPECTROGRAM = "Annotation", "Spectrogram 1"
#: Where the label is, if there are several free columns; the first with text.
_LABELS = (
    "event_label Annotation Species Label Class Tag Tags Type Call Sound"
).split() + ["Common Name", "Call Type", "Species Code"]
_TIMES = (_BEGIN, _END, _OFFSET)
_NUMBERS = (*_TIMES, _LOW, _HIGH, _CONFIDENCE)
_SUFFIX = RECORDING_SUFFIXES["raven"]


def recognize(file: AnnotationFile) -> Recognition | None:
    """By its columns."""
    if has_columns(file, {_BEGIN, _END}):
        return Recognition(True, f"columns {_BEGIN}, {_END}")
    return None


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds each selection once."""
    table = tab_table(file)
    table.require((_BEGIN, _END))
    if set(options.columns) - {"event_label"}:
        raise ValueError(
            f"{file.path}: of a table of Raven, --columns chooses event_label "
            "alone. Name the format csv to read it as a plain table: then each "
            f"view counts, and {_OFFSET} does not"
        )
    column = options.columns.get("event_label") or _label_column(table)
    rows = list(_rows(table, column))
    recordings = _recordings(file, table, rows, events)
    if not rows:
        events.clip(file.recording)
    longer = [x for x in rows if x.get(_END_FILE, "") not in ("", x.get(_FILE))]
    if longer and _FILE in table.header:
        events.note_file(
            file.path,
            "selections go on in the next file (End File), so their ends lie "
            "beyond their recordings",
            len(longer),
        )
    selections: dict[tuple, Row] = {}
    for row, recording in zip(rows, recordings, strict=True):
        names = (row.get(x, "") for x in (_SELECTION, _CHANNEL, column))
        key = (recording, *_times(row), *names)
        if not row.get(_SELECTION):
            key = (*key, len(selections))
        if key in selections:
            events.leave_out("other view of the same selection", row)
        # Only views with a frequency axis have its limits.
        if key not in selections or not selections[key].get(_HIGH):
            selections[key] = row
    for (recording, onset, offset, *_), row in selections.items():
        events.add(
            row,
            recording,
            onset,
            offset,
            row[column],
            low_freq=optional_number(row, _LOW),
            high_freq=optional_number(row, _HIGH),
            confidence=optional_number(row, _CONFIDENCE),
            channel=row.get(_CHANNEL, ""),
        )
    events.note(f"labels are from the column {column!r}")


def _label_column(table: TableFile) -> str:
    header = [name for name in table.header if name]
    known = [name for name in _LABELS if name in header]
    if known:
        filled = (x for x in known if any(row[x] for row in table.rows([x])))
        return next(filled, known[0])
    # Measurements name their unit; what Raven adds otherwise is known.
    own = {_SELECTION, _VIEW, _CHANNEL, _FILE, _PATH, _END_FILE, "End Path"}
    own |= {_CONFIDENCE, "Score", "Occupancy"}
    free = [
        name
        for name in header
        if name not in own
        and not name.endswith(")")
        and not name.startswith(("Begin ", "End "))
    ]
    if len(free) == 1:
        return free[0]
    raise ValueError(
        f"{table.path}: labels may be in any of the columns "
        f"{', '.join(free or header)}: name it, as in "
        "--columns event_label=Species"
    )


def _rows(table: TableFile, column: str) -> list[Row]:
    wanted = (_SELECTION, _VIEW, _CHANNEL, _FILE, _PATH, _END_FILE, *_NUMBERS)
    more = [name for name in wanted if name in table.header]
    columns = list(dict.fromkeys((*more, column)))
    rows = list(table.rows(columns))
    for row in rows:
        for name in set(_NUMBERS) & set(row):
            row[name] = decimal_points(row[name])
    return rows


def _recordings(
    file: AnnotationFile,
    table: TableFile,
    rows: list[Row],
    events: EventCollector,
) -> list[str]:
    """The recording of each row."""
    columns = [x for x in (_PATH, _FILE) if x in table.header]
    if not columns:
        recording = file.recording
        return [recording] * len(rows)
    paths = []
    for row in rows:
        paths.append(next((row[x] for x in columns if row[x]), ""))
        row.check(bool(paths[-1]), f"{' and '.join(columns)} is missing")
    short = short_names(set(paths))
    names = {path: file.in_folder(name) for path, name in short.items()}
    if _OFFSET in table.header:
        for row in rows:
            row.check(
                bool(row[_OFFSET]) or len(names) == 1,
                f"{_OFFSET} is missing in a table of several recordings: "
                "measure it in Raven",
            )
    elif len(names) > 1:
        raise ValueError(
            f"{file.path}: it names {len(names)} recordings without "
            f"{_OFFSET!r}, so it is not known where in them {_BEGIN!r} "
            "begins: add this measurement in Raven; or, if the times are "
            "those in each recording, read it as a plain table: --from csv "
            f"--columns 'filename={columns[-1]}' 'onset={_BEGIN}' "
            f"'offset={_END}' event_label=..."
        )
    if not all(row.get(_OFFSET) for row in rows):
        events.note(
            f"there is no {_OFFSET!r}, so each table's recording is taken for "
            "the first that was open in Raven"
        )
    return [names[path] for path in paths]


def _times(row: Row) -> tuple[float, float]:
    begin, end = row.seconds(_BEGIN), row.seconds(_END)
    row.check(begin <= end, f"{_END} lies before {_BEGIN}: correct it")
    if not row.get(_OFFSET):
        return begin, end
    onset = row.seconds(_OFFSET)
    length = seconds_between(begin, end)
    return onset, float(seconds_between(0.0, onset) + length)


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """A table for each recording, which Raven opens beside it."""
    return {
        f"{name}{_SUFFIX}": _table(name, events)
        for name, events in annotations.rows_by_clip().items()
    }


def _table(name: str, events: list[dict]) -> str:
    optional: Mapping[str, str] = {
        "low_freq": _LOW,
        "high_freq": _HIGH,
        "confidence": _CONFIDENCE,
    }
    more = [x for x in optional if any(x in event for event in events)]
    header = [_SELECTION, _VIEW, _CHANNEL, _FILE, _BEGIN, _END, _OFFSET]
    header += [*(optional[x] for x in more), _LABEL]
    lines = [header]
    for number, event in enumerate(events, start=1):
        onset, offset = event["onset"], event["offset"]
        lines.append(
            [
                str(number),
                _SPECTROGRAM,
                event.get("channel") or "1",
                name.rpartition("/")[2],
                seconds_text(onset),
                seconds_text(offset),
                decimal_text(seconds_between(0.0, onset)),
                *(field_text(x, event[x]) for x in more),
                event["event_label"],
            ]
        )
    return "".join("\t".join(line) + "\n" for line in lines)


FORMAT = Format(
    "raven",
    "selection table of Raven",
    (".txt", ".csv", ".tsv"),
    recognize,
    read,
    write,
    holds=frozenset({"low_freq", "high_freq", "confidence", "channel"}),
    options=frozenset({"columns"}),
)

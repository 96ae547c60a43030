r"""Label tracks of Audacity: ``onset<TAB>offset<TAB>label``, without header.

A line ``\<TAB>low<TAB>high`` (Hz) may follow a label; -1 is no bound. Points
have one time twice. Some locales write decimal commas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
    WriteOptions,
)
from lgc_plugin.data.annotations.numbers import decimal_points
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
    optional_number,
    seconds_text,
)
from lgc_plugin.data.table_files import Row
from lgc_plugin.utils.text import plain_number

_CONTINUED = "\\"
_UNDEFINED = -1
_SUFFIX = RECORDING_SUFFIXES["audacity"]


def recognize(file: AnnotationFile) -> Recognition | None:
    """By two numbers at the begin of the first line, or no content at all."""
    lines = [line for _, line in file.lines()]
    if not lines:
        if file.path.suffix.lower() == ".txt":
            return Recognition(False, "an empty text file: no labels")
        return None
    fields = decimal_points(lines[0]).split("\t")
    numbers = [not math.isnan(plain_number(field)) for field in fields]
    # Three numbers of four fields are a filename and times.
    if numbers[:2] != [True, True] or (len(fields) > 3 and numbers[2]):
        return None
    if any(line.startswith(f"{_CONTINUED}\t") for line in lines):
        return Recognition(True, "onset, offset, label, and frequencies")
    return Recognition(
        False, "onset, offset, label between tabs, without header"
    )


def read(
    file: AnnotationFile, events: EventCollector, options: ReadOptions
) -> None:
    """Adds the labels of a recording."""
    recording = file.recording
    events.clip(recording)
    last: tuple[Row, float, float] | None = None
    low = high = math.nan

    def add_last() -> None:
        if last is not None:
            row, onset, offset = last
            bounds = {"low_freq": low, "high_freq": high}
            events.add(row, recording, onset, offset, row["label"], **bounds)

    for number, line in file.lines():
        fields = line.split("\t")
        if fields[0] == _CONTINUED:
            row = _row(file, number, line, ("", "low", "high"))
            row.check(last is not None, "frequencies without a label before")
            low, high = (_frequency(row, name) for name in ("low", "high"))
            continue
        add_last()
        low = high = math.nan
        row = _row(file, number, line, ("onset", "offset", "label"))
        last = row, row.seconds("onset"), row.seconds("offset")
    add_last()


def _row(
    file: AnnotationFile, number: int, line: str, names: tuple[str, ...]
) -> Row:
    fields = [*line.split("\t"), "", ""]
    values = {
        name: field if name == "label" else decimal_points(field).strip()
        for name, field in zip(names, fields, strict=False)
    }
    row = Row(values, file.path, number, line)
    row.check(
        not any(field.strip() for field in fields[len(names) :]),
        "more than three fields: a label cannot hold a tab",
    )
    return row


def _frequency(row: Row, name: str) -> float:
    value = optional_number(row, name)
    return math.nan if value == _UNDEFINED else value


def write(
    annotations: StrongAnnotations, options: WriteOptions, notes: list[str]
) -> dict[str, str]:
    """A track for each recording, ``a.wav.txt`` for ``a.wav``."""
    return {
        f"{name}{_SUFFIX}": "".join(map(label_lines, events))
        for name, events in annotations.rows_by_clip().items()
    }


def label_lines(event: Mapping[str, Any]) -> str:
    """A label, and a line with its frequencies if it has any."""
    onset, offset = seconds_text(event["onset"]), seconds_text(event["offset"])
    line = f"{onset}\t{offset}\t{event['event_label']}\n"
    bounds = [event.get("low_freq"), event.get("high_freq")]
    known = [x is not None and not math.isnan(x) for x in bounds]
    if not any(known):
        return line
    low, high = (
        seconds_text(x) if x is not None and there else str(_UNDEFINED)
        for x, there in zip(bounds, known, strict=True)
    )
    return f"{line}{_CONTINUED}\t{low}\t{high}\n"


FORMAT = Format(
    "audacity",
    "label track of Audacity",
    (".txt",),
    recognize,
    read,
    write,
    holds=frozenset({"low_freq", "high_freq"}),
)

"""Files of detected events, as DCASE's tools write them."""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lgc_plugin.data.table_files import MOST_SECONDS, Row, TableFile
from lgc_plugin.evaluation.events import EVENT_COLUMNS

#: Numbers that a file may have beside the columns of every event.
EXTRA_COLUMNS = ("threshold", "confidence")
_NUMBERS = ("onset", "offset", *EXTRA_COLUMNS)


def read_event_file(file: Path) -> pd.DataFrame:
    """Reads one file of detections, with those extra columns that it has.

    Clips without events have NaN and an empty label.
    """
    table = TableFile.read(file)
    table.require(EVENT_COLUMNS)
    extra = [x for x in EXTRA_COLUMNS if table.header.count(x) == 1]
    columns = [*EVENT_COLUMNS, *extra]
    try:
        events = _stripped(_read_whole(table, columns))
        if _all_right(events):
            return events
    except (ValueError, Warning):
        pass
    # Row by row, which names what is wrong.
    rows = [_detection(row) for row in table.rows(columns)]
    events = pd.DataFrame(rows, columns=columns)
    return events.astype({x: float for x in columns if x in _NUMBERS})


def _read_whole(table: TableFile, columns: Sequence[str]) -> pd.DataFrame:
    """By pandas: many times faster than row by row."""
    # Extra columns may have any names, or none.
    names = [x if x in columns else f"_{i}" for i, x in enumerate(table.header)]
    with warnings.catch_warnings():
        # pandas only warns of values that it drops.
        warnings.simplefilter("error")
        events = pd.read_csv(
            io.StringIO(table.text),
            sep="\t",
            header=None,
            skiprows=1,
            names=names,
            index_col=False,
            quoting=csv.QUOTE_NONE,
            # A class may be called "NA".
            keep_default_na=False,
            na_values={name: [""] for name in _NUMBERS},
            dtype={x: float if x in _NUMBERS else str for x in columns},
        )
    return events[list(columns)]


def _stripped(events: pd.DataFrame) -> pd.DataFrame:
    """Names without the blanks around them."""
    for column in ("filename", "event_label"):
        names = {name: name.strip() for name in events[column].unique()}
        if any(name != bare for name, bare in names.items()):
            events = events.assign(**{column: events[column].map(names)})
    return events


def _all_right(events: pd.DataFrame) -> bool:
    """Whether :func:`_detection` would refuse no row."""
    onset, offset = events.onset.to_numpy(), events.offset.to_numpy()
    unlabeled = events.event_label.to_numpy() == ""
    silent = np.isnan(onset) & np.isnan(offset) & unlabeled
    good = (0 <= onset) & (onset <= offset) & (offset <= MOST_SECONDS)
    good &= ~unlabeled
    for column in EXTRA_COLUMNS:
        if column in events:
            good &= np.isfinite(events[column].to_numpy())
    named = events.filename.to_numpy() != ""
    return bool(((silent | good) & named).all())


def _detection(row: Row) -> list[str | float]:
    """A row, checked."""
    label = row["event_label"]
    extra = {x: row.number(x) for x in EXTRA_COLUMNS if x in row}
    if not (label or row["onset"] or row["offset"]):
        return [row["filename"], math.nan, math.nan, "", *extra.values()]
    row.check(bool(label), "the event_label is missing")
    onset, offset = row.seconds("onset"), row.seconds("offset")
    row.check(
        onset <= offset,
        "the offset lies before the onset: correct or remove the event",
    )
    for column, number in extra.items():
        row.check(
            math.isfinite(number),
            f"{column} is {row[column]!r}: it must be a number",
        )
    return [row["filename"], onset, offset, label, *extra.values()]

"""Detections in tab-separated files, as DCASE's tools write and read them.

Read as a whole by pandas; only what it cannot read is looked at row by row,
to name what is wrong where.
"""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import EVENT_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TIMES = ("onset", "offset")
_THRESHOLD = "threshold"


def list_tsvs(folder: Path) -> list[Path]:
    """The TSV files of a folder, by name; none if there is no such folder."""
    return sorted(
        file
        for file in folder.glob("*.tsv")
        if file.is_file() and not file.name.startswith(".")
    )


def read_header(file: Path) -> list[str]:
    r"""The names of the columns of a tab-separated file.

    >>> file = getfixture("tmp_path") / "a.tsv"
    >>> _ = file.write_text("filename\tonset\n")
    >>> read_header(file)
    ['filename', 'onset']
    """
    for values in _rows(file):
        return [value.strip() for value in values]
    return []


def has_event_columns(file: Path) -> bool:
    """Whether a file holds detections, by its first line."""
    return set(EVENT_COLUMNS) <= set(read_header(file))


def read_event_file(file: Path) -> pd.DataFrame:
    r"""Reads one file of detections.

    >>> file = getfixture("tmp_path") / "a.tsv"
    >>> _ = file.write_text(
    ...     "event_label\tonset\toffset\tfilename\n"
    ...     "Cat\t0.5\t2\ta.wav\n"
    ...     "\t\t\tb.wav\n"
    ... )
    >>> read_event_file(file).values.tolist()
    [['a.wav', 0.5, 2.0, 'Cat'], ['b.wav', nan, nan, '']]
    """
    header = read_header(file)
    missing = [name for name in EVENT_COLUMNS if name not in header]
    twice = [name for name in EVENT_COLUMNS if header.count(name) > 1]
    if missing or twice:
        problem = "no column" if missing else "more than one column"
        raise ValueError(
            f"{file}: {problem} {', '.join(missing or twice)}; the first line "
            f"is {' '.join(header)!r}. Detections have the columns "
            f"{', '.join(EVENT_COLUMNS)}, separated by tabs"
        )
    columns = [*EVENT_COLUMNS]
    if header.count(_THRESHOLD) == 1:
        columns.append(_THRESHOLD)
    reason = "cannot be read"
    try:
        table = _read_whole(file, header, columns)
        if not _wrong_rows(table).any():
            return table
    except (ValueError, Warning) as error:
        reason = str(error).strip()
    _refuse_first_wrong_row(file, header, columns)
    raise ValueError(f"{file}: {reason}")


def _read_whole(
    file: Path, header: Sequence[str], columns: Sequence[str]
) -> pd.DataFrame:
    numbers = [name for name in columns if name in (*_TIMES, _THRESHOLD)]
    texts = [name for name in columns if name not in numbers]
    # Extra columns may have any names, or none.
    names = [x if x in columns else f"_{i}" for i, x in enumerate(header)]
    with warnings.catch_warnings():
        # pandas only warns of values that it drops.
        warnings.simplefilter("error")
        table = pd.read_csv(
            file,
            sep="\t",
            header=None,
            skiprows=1,
            names=names,
            index_col=False,
            quoting=csv.QUOTE_NONE,
            # A class may be called "NA".
            keep_default_na=False,
            na_values={name: [""] for name in numbers},
            dtype=dict.fromkeys(numbers, float) | dict.fromkeys(texts, str),
            encoding="utf-8",
        )
    return table[list(columns)]


def _wrong_rows(table: pd.DataFrame) -> NDArray[np.bool_]:
    """The rows that :func:`_problem` refuses."""
    onset, offset = (table[name].to_numpy() for name in _TIMES)
    unlabeled = table.event_label.to_numpy() == ""
    silent = np.isnan(onset) & np.isnan(offset) & unlabeled
    good = (onset >= 0) & (onset <= offset) & (offset < np.inf) & ~unlabeled
    if _THRESHOLD in table:
        good &= np.isfinite(table[_THRESHOLD].to_numpy())
    return ~(silent | good) | (table.filename.to_numpy() == "")


def _refuse_first_wrong_row(
    file: Path, header: Sequence[str], columns: Sequence[str]
) -> None:
    for number, values in enumerate(_rows(file), start=1):
        if number == 1 or not any(value.strip() for value in values):
            continue
        where = f"{file}, row {number} ({' '.join(map(repr, values))})"
        if len(values) > len(header) and any(values[len(header) :]):
            raise ValueError(
                f"{where}: {len(values)} fields under {len(header)} columns: "
                "remove what does not belong there"
            )
        values += [""] * (len(header) - len(values))
        problem = _problem({x: values[header.index(x)] for x in columns})
        if problem:
            raise ValueError(f"{where}: {problem}")


def _problem(row: dict[str, str]) -> str:
    """What is wrong with a row; nothing if it is right."""
    if not row["filename"]:
        return "the filename is missing"
    if not (row["event_label"] or row["onset"] or row["offset"]):
        return ""
    if not row["event_label"]:
        return "the event_label is missing"
    seconds = [_number(row[name]) for name in _TIMES]
    for name, value in zip(_TIMES, seconds, strict=True):
        if not 0 <= value < math.inf:
            return (
                f"{name} is {row[name]!r}: it must be a number of seconds, 0 "
                "or above"
            )
    if seconds[0] > seconds[1]:
        return "the offset lies before the onset: correct or remove the event"
    if not math.isfinite(_number(row.get(_THRESHOLD, "0"))):
        return f"threshold is {row[_THRESHOLD]!r}: it must be a number"
    return ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _rows(file: Path) -> Iterator[list[str]]:
    """Every line, split at tabs; spreadsheets mark UTF-8 at the beginning."""
    try:
        with open(file, encoding="utf-8-sig") as lines:
            for line in lines:
                yield line.rstrip("\r\n").split("\t")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: no text in UTF-8: {error}") from error

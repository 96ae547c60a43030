"""Rows of text tables in which quotes may stand around fields."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from lgc_plugin.data.annotations.formats import AnnotationFile
from lgc_plugin.data.table_files import TableFile


def separator_of(file: AnnotationFile) -> str:
    """What separates the fields of the first line."""
    return max("\t;,", key=file.first_line.count)


def csv_rows(
    file: AnnotationFile, text: str, separator: str
) -> Iterator[tuple[int, list[str]]]:
    """Number of the last line, and fields, of each row.

    In tables with tabs, quotes have a meaning only if they are around a name
    in the first line.
    """
    plain = separator == "\t" and not file.first_line.startswith('"')
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL,
        skipinitialspace=True,
        strict=True,
    )
    try:
        for fields in reader:
            yield reader.line_num, [field.strip() for field in fields]
    except csv.Error as error:
        raise ValueError(
            f"{file.path}, row {reader.line_num}: {error}: correct it"
        ) from None


def tab_table(file: AnnotationFile) -> TableFile:
    """A table that programs write with tabs, and people save with commas."""
    separator = separator_of(file)
    if separator == "\t" and not file.first_line.startswith('"'):
        return TableFile(file.path, file.text)
    lines = [""] * (file.text.count("\n") + 1)
    for number, fields in csv_rows(file, file.text, separator):
        lines[number - 1] = "\t".join(re.sub(r"[\t\n]", " ", x) for x in fields)
    return TableFile(file.path, "\n".join(lines))


def has_columns(file: AnnotationFile, columns: set[str]) -> bool:
    """Whether the first line names them all."""
    rows = csv_rows(file, file.first_line, separator_of(file))
    try:
        return columns <= set(next(rows, (1, []))[1])
    except ValueError:
        return False


def csv_text(rows: list[list[str]]) -> str:
    """A table with commas."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()

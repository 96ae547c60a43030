"""Rows of text tables in which quotes may stand around fields."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from lgc_plugin.data.annotations.formats import AnnotationFile


def csv_rows(
    file: AnnotationFile, text: str, separator: str
) -> Iterator[tuple[int, list[str]]]:
    """Number of the last line, and fields, of each row.

    Quotes have no meaning in tables with tabs.
    """
    tabs = separator == "\t"
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
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


def csv_text(rows: list[list[str]]) -> str:
    """A table with commas."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()

"""Rows of text tables, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lgc_plugin.utils.text import plain_number, read_text, shortened

#: Three years; what is more is another unit, or damage.
MOST_SECONDS = 1e8


class Row(dict[str, str]):
    """The fields of one row by column, and where it is."""

    def __init__(
        self,
        fields: dict[str, str],
        file: Path,
        number: int,
        line: str,
        kind: str = "row",
    ) -> None:
        super().__init__(fields)
        self._place = (file, f"{kind} {number}", line)

    @property
    def where(self) -> str:
        """File, number and content."""
        file, number, line = self._place
        content = " ".join(map(repr, _fields(line)))
        return f"{file}, {number} ({shortened(content)})"

    def check(self, good: bool, advice: str) -> None:
        """Raises an error that shows the row, unless it is good."""
        if not good:
            raise ValueError(f"{self.where}: {advice}")

    def number(self, column: str) -> float:
        """The field as a number; NaN if it is none."""
        return plain_number(self[column])

    def seconds(self, column: str) -> float:
        """The field as a time or a length."""
        value = self.number(column)
        self.check(
            0 <= value <= MOST_SECONDS,
            f"{column} is {shortened(self[column])!r}: it must be a number of "
            f"seconds from 0 to {MOST_SECONDS:g}",
        )
        return value


@dataclass(frozen=True)
class TableFile:
    """A tab-separated file with the names of its columns in the first line."""

    path: Path
    #: Lines end in a line feed.
    text: str

    @classmethod
    def read(cls, path: str | Path) -> TableFile:
        """Reads the whole file."""
        return cls(Path(path), read_text(path))

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return _fields(self.text.partition("\n")[0])

    def require(self, columns: Sequence[str]) -> None:
        """Refuses a table in which a column is missing or not alone."""
        header = self.header
        missing = [name for name in columns if name not in header]
        twice = [name for name in columns if header.count(name) > 1]
        if missing or twice:
            problem = "no column" if missing else "more than one column"
            raise ValueError(
                f"{self.path}: {problem} {', '.join(missing or twice)}; the "
                f"first line is {shortened(' '.join(header))!r}. The columns "
                f"{', '.join(columns)} must be named there and separated by "
                "tabs"
            )

    def lines(self) -> list[tuple[int, str]]:
        """Number (from 1, the header's) and text of each row that has any."""
        lines = enumerate(self.text.split("\n"), start=1)
        next(lines)
        return [(i, line) for i, line in lines if line.strip()]

    def rows(
        self, columns: Sequence[str], *, containing: str = ""
    ) -> Iterator[Row]:
        """The rows, or those with some text; a filename is not empty."""
        self.require(columns)
        header = self.header
        for number, line in self.lines():
            if containing not in line:
                continue
            values = _fields(line)
            # Editors strip the tabs behind the last value.
            padded = values + [""] * (len(header) - len(values))
            fields = dict(zip(header, padded, strict=False))
            row = Row(
                {name: fields[name] for name in columns},
                *(self.path, number, line),
            )
            row.check(
                not any(values[len(header) :]),
                f"{len(values)} fields under {len(header)} columns: remove "
                "what does not belong there",
            )
            named = "filename" not in row or bool(row["filename"])
            row.check(named, "the filename is missing")
            yield row


def _fields(line: str) -> list[str]:
    return [value.strip() for value in line.split("\t")]

"""What a format of annotations is: recognized, read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations.recordings import Recordings
from lgc_plugin.data.annotations.table import (
    OPTIONAL_COLUMNS,
    EventCollector,
    StrongAnnotations,
)
from lgc_plugin.data.table_files import Row

#: Why positions of a recording cannot be read or written.
NO_RATE = (
    "times are in samples, and there is no audio of {!r}, or more than one, "
    "that gives their rate: add --audio or --sample-rate"
)


@dataclass(frozen=True)
class ReadOptions:
    """How files are read where they do not state it themselves."""

    #: Name of the format; None recognizes it by the content.
    format: str | None = None
    #: Names of the tiers of TextGrid and ELAN; none for those with events.
    tiers: tuple[str, ...] = ()
    #: Columns of a table by what is in them: ``{"onset": "Start"}``.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Of the times in a table: ``s``, ``ms`` or ``samples``; None goes by the
    #: names of the columns.
    time_unit: str | None = None
    #: In Hz, where positions are in samples and the audio is not there.
    sample_rate: int | None = None
    #: What to make of several annotators: ``majority``, ``union`` or ``all``.
    annotators: str | None = None
    #: Folder with the recordings, at any depth.
    audio: Path | None = None


@dataclass(frozen=True)
class WriteOptions:
    """What some formats need beside the events."""

    #: In Hz, for positions in samples.
    sample_rate: int | None = None
    #: The same by recording.
    sample_rates: Mapping[str, int] = field(default_factory=dict)
    #: Folder with the recordings, at any depth, which have their own.
    audio: Path | None = None


@dataclass(frozen=True)
class AnnotationFile:
    """A file, and where it was found."""

    path: Path
    #: Lines end in a line feed.
    text: str
    recordings: Recordings
    #: The folder that was searched, if one was.
    root: Path | None = None

    @property
    def recording(self) -> str:
        """The recording that it is named for."""
        return self.recordings.named_for(self.path, self.root)

    def in_folder(self, filename: str) -> str:
        """A recording that lies where the file does."""
        folder = self.path.parent.relative_to(self.root) if self.root else ""
        return (PurePosixPath(folder) / filename).as_posix()

    def sample_rate(self, filename: str, row: Row, options: ReadOptions) -> int:
        """In Hz, where the times of a recording are in samples."""
        rate = options.sample_rate or self.recordings.sample_rate(
            filename, self.path.parent
        )
        row.check(rate is not None, NO_RATE.format(filename))
        return rate or 1

    @property
    def first_line(self) -> str:
        """Where tables have their header."""
        return self.text.partition("\n")[0]

    def lines(self) -> list[tuple[int, str]]:
        """Number, from 1, and text of each line that has any."""
        lines = enumerate(self.text.split("\n"), start=1)
        return [(i, line) for i, line in lines if line.strip()]

    def row(
        self, fields: Mapping[str, object], number: int, kind: str = "row"
    ) -> Row:
        """Fields with their place, for formats that are no tables."""
        texts = {name: str(value) for name, value in fields.items()}
        line = "\t".join(f"{name}={text}" for name, text in texts.items())
        return Row(texts, self.path, number, line, kind)


class Recognition(NamedTuple):
    """That a file is of a format, and why."""

    #: False if it may be another one too.
    sure: bool
    why: str


@dataclass(frozen=True)
class Format:
    """A format of annotations."""

    name: str
    title: str
    #: With which its files end; the first is that of new ones.
    suffixes: tuple[str, ...]
    recognize: Callable[[AnnotationFile], Recognition | None]
    read: Callable[[AnnotationFile, EventCollector, ReadOptions], None]
    #: The content of files by name, ``""`` for the one file; what the format
    #: cannot hold exactly is appended to the list.
    write: Callable[
        [StrongAnnotations, WriteOptions, list[str]], dict[str, str]
    ]
    #: Optional columns that it can hold.
    holds: frozenset[str] = frozenset(OPTIONAL_COLUMNS)
    #: Whether it can name a recording without events.
    holds_silent: bool = True
    #: Whether it calls recordings without the suffix of their audio.
    no_suffixes: bool = False
    #: Which of ``tiers``, ``columns`` and ``time_unit`` it is read by.
    options: frozenset[str] = frozenset()

    def check_options(self, options: ReadOptions) -> None:
        """Refuses options that would change nothing."""
        for name in ("tiers", "columns", "time_unit"):
            if getattr(options, name) and name not in self.options:
                raise ValueError(
                    f"--{name.replace('_', '-')} does not apply to "
                    f"{self.title} ({self.name}): leave it out; or, if the "
                    "file is another kind of table, name the format csv"
                )

    @property
    def per_recording(self) -> bool:
        """Whether there is a file for each recording."""
        return self.name in RECORDING_SUFFIXES


def refuse(format: str, what: str, value: str, why: str) -> ValueError:
    """An error about what a format cannot hold."""
    return ValueError(
        f"{what} {value!r} {why}, which {format} cannot hold: rename it, or "
        "choose another format"
    )

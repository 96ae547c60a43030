"""Where events go, recording by recording, as soon as one is done."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from lgc_plugin.inference.files.event_formats import (
    TSV_HEADER,
    label_rows,
    tsv_rows,
)
from lgc_plugin.inference.files.growing_file import growing_file
from lgc_plugin.inference.files.json_writer import JsonWriter
from lgc_plugin.utils.files import write_text

if TYPE_CHECKING:
    from lgc_plugin.inference.event_stream import Detection


class EventWriter(Protocol):
    """What takes the events of many recordings."""

    def add(
        self, filename: str, seconds: float, events: Sequence[Detection]
    ) -> None:
        """Writes what was detected in a recording.

        Arguments
        ---------
        filename : str
            Its name.
        seconds : float
            Its length.
        events : Sequence[Detection]
            By onset.
        """

    def fail(self, filename: str, problem: str) -> None:
        """Notes a recording that could not be heard.

        Arguments
        ---------
        filename : str
            Its name.
        problem : str
            Why.
        """

    def finish(self, *, complete: bool) -> None:
        """Writes what comes behind the last recording.

        Arguments
        ---------
        complete : bool
            Whether all recordings had their turn.
        """


class TsvWriter:
    r"""A table with one row for each event.

    Arguments
    ---------
    file : TextIO
        Gets the header at once.

    Example
    -------
    >>> import io
    >>> file = io.StringIO()
    >>> TsvWriter(file).add("a.wav", 10.0, [])
    >>> file.getvalue().splitlines()
    ['filename\tonset\toffset\tevent_label\tscore', 'a.wav\t\t\t\t']
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._write(TSV_HEADER)

    def add(
        self, filename: str, seconds: float, events: Sequence[Detection]
    ) -> None:
        """See :class:`EventWriter`."""
        self._write(tsv_rows(filename, events))

    def fail(self, filename: str, problem: str) -> None:
        """A table has no place for it: the recording is not in it."""

    def finish(self, *, complete: bool) -> None:
        """A table has no end."""

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()


class LabelWriter:
    """A folder with a label track of Audacity for each recording.

    ``cat.wav`` becomes ``cat.wav.txt``, which Audacity shows as ``cat.wav``.
    Folders in names are kept, and files that exist are replaced.

    Arguments
    ---------
    folder : str or Path
        Made when the first recording is done.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> LabelWriter(folder).add("day/a.wav", 10.0, [])
    >>> (folder / "day" / "a.wav.txt").read_text()
    ''
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def add(
        self, filename: str, seconds: float, events: Sequence[Detection]
    ) -> None:
        """See :class:`EventWriter`."""
        write_text(self.folder / f"{filename}.txt", label_rows(events))

    def fail(self, filename: str, problem: str) -> None:
        """There is no file of a recording that was not heard."""

    def finish(self, *, complete: bool) -> None:
        """Each file is whole."""


@contextmanager
def open_writer(
    kind: str, path: str | Path | None, model: Mapping[str, Any]
) -> Iterator[EventWriter]:
    """Lends a writer, and ends what it wrote.

    Arguments
    ---------
    kind : str
        One of :data:`.FORMATS`.
    path : str or Path, optional
        A folder for ``audacity``, else a file, which has its final name when
        the block ends well (:func:`.growing_file`); None means standard
        output.
    model : Mapping[str, Any]
        What JSON tells of the model.

    Yields
    ------
    EventWriter

    Example
    -------
    >>> import json
    >>> file = getfixture("tmp_path") / "a.json"
    >>> with open_writer("json", file, {}) as writer:
    ...     writer.add("a.wav", 1.0, [])
    >>> json.loads(file.read_text())["complete"]
    True
    """
    if kind == "audacity":
        yield LabelWriter(path)
        return
    if path is None:
        with _ended(kind, sys.stdout, model) as writer:
            yield writer
        return
    with growing_file(path) as file, _ended(kind, file, model) as writer:
        yield writer


@contextmanager
def _ended(
    kind: str, file: TextIO, model: Mapping[str, Any]
) -> Iterator[EventWriter]:
    writer = TsvWriter(file) if kind == "tsv" else JsonWriter(file, model)
    complete = False
    try:
        yield writer
        complete = True
    finally:
        writer.finish(complete=complete)

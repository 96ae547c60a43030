"""Detected events as text files: tables, JSON, and files that people open."""

from __future__ import annotations

import json
import unicodedata
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Protocol

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations import table
from lgc_plugin.data.annotations.audacity import label_lines
from lgc_plugin.data.annotations.formats import WriteOptions
from lgc_plugin.data.annotations.registry import FORMATS
from lgc_plugin.data.annotations.writing import annotation_texts
from lgc_plugin.utils.files import write_text

if TYPE_CHECKING:
    from lgc_plugin.inference.event_stream import Detection

#: What grows recording by recording; other tables are made of a TSV at last.
GROWING = ("tsv", "json")
#: Columns of a table; the first four are those of DCASE.
TSV_COLUMNS = ("filename", "onset", "offset", "event_label", "confidence")
TSV_HEADER = "\t".join(TSV_COLUMNS) + "\n"
_CONFIDENCE_DIGITS = 4


def seconds_text(seconds: float) -> str:
    """A time with as many decimals as it has, three to six."""
    return table.seconds_text(round(float(seconds), 6))


def tsv_rows(filename: str, events: Iterable[Detection]) -> str:
    """The rows of one recording."""
    rows: list[tuple[str, ...]] = [
        (
            filename,
            seconds_text(event.onset),
            seconds_text(event.offset),
            event.event_label,
            f"{event.confidence:.{_CONFIDENCE_DIGITS}f}",
        )
        for event in events
    ] or [(filename, *[""] * (len(TSV_COLUMNS) - 1))]
    return "".join("\t".join(row) + "\n" for row in rows)


def label_rows(events: Iterable[Detection]) -> str:
    """A label track of Audacity."""
    return "".join(map(label_lines, map(event_object, events)))


def event_object(event: Detection) -> Mapping[str, Any]:
    """An event as JSON has it."""
    return {
        "onset": round(float(event.onset), 6),
        "offset": round(float(event.offset), 6),
        "event_label": event.event_label,
        "confidence": round(float(event.confidence), _CONFIDENCE_DIGITS),
    }


def check_writable(
    kind: str, filenames: Sequence[str], labels: Sequence[str]
) -> None:
    """Refuses a format that cannot hold a name, before anything is detected."""
    if kind in GROWING or not filenames:
        return
    names = filenames[:1] if kind in RECORDING_SUFFIXES else filenames
    rows = [(names[0], 0.0, 1.0, label) for label in labels]
    some = table.annotations_of(rows, names, more=())
    FORMATS[kind].write(some, WriteOptions(sample_rate=1000), [])


def check_filename(name: str) -> None:
    """Refuses a name that would break a table, or leave a folder."""
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise ValueError(
            f"{name!r}: the name holds a character that cannot be printed: "
            "rename the file"
        )
    path = PurePath(name)
    if ".." in path.parts or path.is_absolute():
        raise ValueError(
            f"{name!r}: the name leads out of the folder of the results"
        )


class TextFile(Protocol):
    """What a writer needs of a file."""

    def write(self, text: str, /) -> Any:
        """Adds text."""

    def flush(self) -> None:
        """Hands it to the system."""


class EventWriter:
    """What takes the events of many recordings."""

    def add(
        self, filename: str, seconds: float, events: Sequence[Detection]
    ) -> None:
        """Writes what was detected in a recording."""
        raise NotImplementedError

    def fail(self, filename: str, problem: str) -> None:
        """Notes a recording that could not be read, if there is a place."""

    def finish(self, *, complete: bool) -> None:
        """Writes what comes behind the last recording, if anything does."""


class TsvWriter(EventWriter):
    r"""A table with one row for each event.

    Example
    -------
    >>> import io
    >>> file = io.StringIO()
    >>> TsvWriter(file).add("a.wav", 10.0, [])
    >>> file.getvalue().splitlines()
    ['filename\tonset\toffset\tevent_label\tconfidence', 'a.wav\t\t\t\t']
    """

    def __init__(self, file: TextFile, *, begun: bool = False) -> None:
        self._file = file
        if not begun:
            self._write(TSV_HEADER)

    def add(
        self, filename: str, seconds: float, events: Sequence[Detection]
    ) -> None:
        """Adds its rows."""
        self._write(tsv_rows(filename, events))

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()


class FolderWriter(EventWriter):
    """A folder with a file for each recording, such as a label track.

    For Audacity, ``cat.wav`` becomes ``cat.wav.txt``, which it shows as
    ``cat.wav``. Folders in names are kept, and files that exist are replaced.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> FolderWriter(folder, "audacity").add("day/a.wav", 10.0, [])
    >>> (folder / "day" / "a.wav.txt").read_text()
    ''
    """

    def __init__(self, folder: str | Path, kind: str) -> None:
        self.folder, self.kind = Path(folder), kind

    def add(
        self, filename: str, seconds: float, events: Sequence[Detection]
    ) -> None:
        """Writes its file."""
        objects = map(event_object, events)
        annotations = table.annotations_of(
            [(filename, *each.values()) for each in objects],
            [filename],
            more=("confidence",),
            durations={filename: float(seconds)},
        )
        files, notes = annotation_texts(annotations, FORMATS[self.kind])
        for note in notes:
            warnings.warn(note, stacklevel=2)
        for name, text in files.items():
            write_text(self.folder / name, text)


class JsonWriter(EventWriter):
    """One JSON object: the model, the recordings, and those not read.

    Each recording is written in a line as soon as it is done; the object is
    whole after :meth:`finish`.

    Example
    -------
    >>> import io
    >>> file = io.StringIO()
    >>> writer = JsonWriter(file, {"network": "teacher"})
    >>> writer.add("a.wav", 10.0, [])
    >>> writer.fail("b.wav", "no such file")
    >>> writer.finish(complete=True)
    >>> print(file.getvalue(), end="")
    {
    "model": {"network": "teacher"},
    "recordings": [
    {"filename": "a.wav", "seconds": 10.0, "events": []}
    ],
    "errors": [{"filename": "b.wav", "problem": "no such file"}],
    "complete": true
    }
    """

    def __init__(
        self, file: TextFile, model: Mapping[str, Any], *, begun: bool = False
    ) -> None:
        self._file = file
        self._errors: list[dict[str, str]] = []
        self._separator = "\n"
        if not begun:
            self._write(f'{{\n"model": {_json(model)},\n"recordings": [')

    def take_up(self, filename: str, problem: str, decoded: bool) -> None:
        """Counts a recording that is in the file already."""
        if problem:
            self.fail(filename, problem)
        if decoded:
            self._separator = ",\n"

    def add(
        self, filename: str, seconds: float, events: Sequence[Detection]
    ) -> None:
        """See :class:`.EventWriter`."""
        recording = {
            "filename": filename,
            "seconds": round(float(seconds), 6),
            "events": [event_object(event) for event in events],
        }
        self._write(self._separator + _json(recording))
        self._separator = ",\n"

    def fail(self, filename: str, problem: str) -> None:
        """See :class:`.EventWriter`."""
        self._errors.append({"filename": filename, "problem": problem})

    def finish(self, *, complete: bool) -> None:
        """See :class:`.EventWriter`."""
        self._write(
            f'\n],\n"errors": {_json(self._errors)},\n'
            f'"complete": {_json(complete)}\n}}\n'
        )

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()


def _json(value: Any) -> str:
    # In ASCII: names of files may be no text at all.
    return json.dumps(value, allow_nan=False)

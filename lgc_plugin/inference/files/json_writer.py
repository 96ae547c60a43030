"""The events of many recordings as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from lgc_plugin.inference.files.event_formats import event_object

if TYPE_CHECKING:
    from lgc_plugin.inference.event_stream import Detection


class JsonWriter:
    """One JSON object: the model, the recordings, and those not heard.

    Each recording is written in a line as soon as it is done; the object is
    whole after :meth:`finish`.

    Arguments
    ---------
    file : TextIO
        Gets the model at once.
    model : Mapping[str, Any]
        What is told of it, as JSON knows it.

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

    def __init__(self, file: TextIO, model: Mapping[str, Any]) -> None:
        self._file = file
        self._errors: list[dict[str, str]] = []
        self._separator = "\n"
        self._write(f'{{\n"model": {_json(model)},\n"recordings": [')

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

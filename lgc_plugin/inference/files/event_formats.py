"""Detected events as text: tables, JSON and Audacity's labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lgc_plugin.inference.event_stream import Detection

#: What ``lgc-sed detect`` writes.
FORMATS = ("tsv", "json", "audacity")
#: Columns of a table; the first four are those of DCASE.
TSV_COLUMNS = ("filename", "onset", "offset", "event_label", "score")
TSV_HEADER = "\t".join(TSV_COLUMNS) + "\n"
_SCORE_DIGITS = 4


def seconds_text(seconds: float) -> str:
    """A time with as many decimals as it has, three to six.

    Arguments
    ---------
    seconds : float
        From the start of the recording.

    Returns
    -------
    str

    Example
    -------
    >>> seconds_text(2.0), seconds_text(0.064), seconds_text(1 / 46.875)
    ('2.000', '0.064', '0.021333')
    """
    whole, _, decimals = f"{seconds:.6f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<3}"


def tsv_rows(filename: str, events: Iterable[Detection]) -> str:
    r"""The rows of one recording.

    Arguments
    ---------
    filename : str
        Its name.
    events : Iterable[Detection]
        What was detected.

    Returns
    -------
    str
        A line for each event. Without events, one with empty fields: so a
        recording in which nothing was detected differs from one that was not
        heard, for ``lgc-sed evaluate`` too.

    Example
    -------
    >>> from lgc_plugin.inference.event_stream import Detection
    >>> tsv_rows("a.wav", [Detection(0.5, 2.0, "Dog", 0.8)])
    'a.wav\t0.500\t2.000\tDog\t0.8000\n'
    >>> tsv_rows("b.wav", [])
    'b.wav\t\t\t\t\n'
    """
    rows = [
        (
            filename,
            seconds_text(event.onset),
            seconds_text(event.offset),
            event.event_label,
            f"{event.score:.{_SCORE_DIGITS}f}",
        )
        for event in events
    ] or [(filename, *[""] * (len(TSV_COLUMNS) - 1))]
    return "".join("\t".join(row) + "\n" for row in rows)


def label_rows(events: Iterable[Detection]) -> str:
    r"""A label track of Audacity.

    Arguments
    ---------
    events : Iterable[Detection]
        What was detected.

    Returns
    -------
    str
        Onset, offset and label of each event in a line.

    Example
    -------
    >>> from lgc_plugin.inference.event_stream import Detection
    >>> label_rows([Detection(0.5, 2.0, "Dog", 0.8)])
    '0.500\t2.000\tDog\n'
    """
    return "".join(
        f"{seconds_text(event.onset)}\t{seconds_text(event.offset)}\t"
        f"{event.event_label}\n"
        for event in events
    )


def event_object(event: Detection) -> Mapping[str, Any]:
    """An event as JSON has it.

    Arguments
    ---------
    event : Detection
        What was detected.

    Returns
    -------
    Mapping[str, Any]
        The same precision as in a table.

    Example
    -------
    >>> from lgc_plugin.inference.event_stream import Detection
    >>> event_object(Detection(0.5, 2.0, "Dog", 0.81234567))["score"]
    0.8123
    """
    return {
        "onset": round(float(event.onset), 6),
        "offset": round(float(event.offset), 6),
        "event_label": event.event_label,
        "score": round(float(event.score), _SCORE_DIGITS),
    }


def check_filename(name: str) -> None:
    """Refuses a name that would break a table in two.

    Arguments
    ---------
    name : str
        The name of a recording.

    Raises
    ------
    ValueError
        If it holds a tab, a line break or another control character, or
        bytes that are no text.

    Example
    -------
    >>> check_filename("cat and dog.wav")
    """
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise ValueError(
            f"{name!r}: the name holds a character that cannot be printed: "
            "rename the file"
        )

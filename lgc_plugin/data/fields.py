"""The fields of a manifest: values to text, and back, unchanged.

Events are ``onset:offset:label``, and events and tags are joined by ``;``. In a
label, ``:``, ``;`` and ``$`` are written ``::``, ``:,`` and ``:S``.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

from lgc_plugin.types import Event
from lgc_plugin.utils.text import plain_number, shortened

# $ begins a variable of SpeechBrain.
_ESCAPES = {":": "::", ";": ":,", "$": ":S"}
_ESCAPED = {escape: char for char, escape in _ESCAPES.items()}


def check_label(label: str) -> str:
    """A class name that every file format of the project can hold.

    Example
    -------
    >>> check_label("Alarm_bell_ringing")
    'Alarm_bell_ringing'
    """
    check_text("label", label)
    return label


def format_events(events: Iterable[Event]) -> str:
    """Events as ``onset:offset:label``, joined by ``;``."""
    return ";".join(
        f"{float(event.onset)!r}:{float(event.offset)!r}:{_escape(event.label)}"
        for event in map(check_event, events)
    )


def parse_events(text: str) -> tuple[Event, ...]:
    """The inverse of :func:`format_events`."""
    return tuple(_parse_event(part) for part in text.split(";") if text)


def format_tags(tags: Iterable[str]) -> str:
    """Class names joined by ``;``."""
    return ";".join(_escape(check_label(tag)) for tag in tags)


def parse_tags(text: str) -> tuple[str, ...]:
    """The inverse of :func:`format_tags`."""
    return tuple(
        check_label(_unescape(part)) for part in text.split(";") if text
    )


def parse_seconds(column: str, text: str) -> float:
    """A field that holds a time or a length.

    Example
    -------
    >>> parse_seconds("duration", "9.5")
    9.5
    """
    seconds = plain_number(text)
    if math.isnan(seconds):
        raise ValueError(
            f"{column} is {shortened(text)!r}: it must be a number of seconds"
        )
    return seconds


def check_name(column: str, text: str) -> None:
    """Refuses text that CSV readers or SpeechBrain would change.

    Example
    -------
    >>> check_name("ID", "Y-0A1_JR5f34_16.000_26.000")
    """
    check_text(column, text)
    if "$" in text:
        raise ValueError(
            f"{column} {text!r} holds a $, which SpeechBrain takes for a "
            "variable: rename it"
        )


def check_event(event: Event) -> Event:
    """An event that a manifest can hold.

    Example
    -------
    >>> check_event(Event(0.5, 2.0, "Dog")).label
    'Dog'
    """
    check_label(event.label)
    if not 0 <= event.onset <= event.offset < math.inf:
        raise ValueError(
            f"event of {event.label!r} from {event.onset} s to "
            f"{event.offset} s: onset must be at least 0 and offset not "
            "before it"
        )
    return event


def _parse_event(text: str) -> Event:
    parts = text.split(":", 2)
    if len(parts) != 3:
        raise ValueError(
            f"event {text!r} is not of the form onset:offset:label"
        )
    onset = parse_seconds("onset", parts[0])
    offset = parse_seconds("offset", parts[1])
    return check_event(Event(onset, offset, _unescape(parts[2])))


def _escape(label: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in label)


def _unescape(text: str) -> str:
    def char(found: re.Match) -> str:
        if found[0] not in _ESCAPED:
            raise ValueError(
                f"label {shortened(text)!r} has a {found[0]!r}: a colon is "
                "written twice"
            )
        return _ESCAPED[found[0]]

    return re.sub(":.?", char, text)


def check_text(column: str, text: str) -> None:
    """Refuses text that files of lines cannot hold, or would change."""
    if not text or text != text.strip():
        raise ValueError(
            f"{column} is {shortened(text)!r}: it must not be empty, nor begin "
            "or end with a space"
        )
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise ValueError(
            f"{column} {shortened(text)!r} holds a character that cannot be "
            "printed: rename it"
        )

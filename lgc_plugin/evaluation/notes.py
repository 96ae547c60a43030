"""What a user should know beside the scores."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from lgc_plugin.utils.text import printable

_LOGGER = "lgc_plugin"


class Notes:
    """Lines that begin with ``note:`` or ``warning:``, in order."""

    def __init__(self, about: str = "", lines: list[str] | None = None) -> None:
        self.about = about
        self.lines: list[str] = [] if lines is None else lines

    def named(self, about: str) -> Notes:
        """The same lines; those that are added begin with a name."""
        return Notes(about, self.lines)

    def note(self, text: str) -> None:
        """Adds what is good to know."""
        self._add("note", text)

    def warn(self, text: str) -> None:
        """Adds what may make scores wrong."""
        self._add("warning", text)

    @contextmanager
    def from_log(self) -> Iterator[None]:
        """Keeps what this package logs in the block: what it mended."""
        logger = logging.getLogger(_LOGGER)
        handler = _NoteHandler(self)
        level, passed_on = logger.level, logger.propagate
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        # Shown once, with the notes.
        logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = passed_on

    def _add(self, kind: str, text: str) -> None:
        about = f"{self.about}: " if self.about else ""
        line = printable(f"{kind}: {about}{text}")
        if line not in self.lines:
            self.lines.append(line)


class _NoteHandler(logging.Handler):
    def __init__(self, notes: Notes) -> None:
        super().__init__(logging.INFO)
        self.notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        serious = record.levelno >= logging.WARNING
        (self.notes.warn if serious else self.notes.note)(record.getMessage())


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 clip, 2 clips, 2 classes."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}{'es' if noun.endswith('s') else 's'}"


def how_often(names: Iterable[str]) -> str:
    """The names that there are, the most frequent first: 'Dog' (3)."""
    counts = Counter(names).most_common()
    return ", ".join(f"{name!r} ({n})" for name, n in counts)


@contextmanager
def quiet() -> Iterator[None]:
    """Within it, no warning is shown, nor numpy's about NaN."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield

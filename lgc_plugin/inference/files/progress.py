"""Which of many recordings are done, kept for a command that is killed."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lgc_plugin.utils.files import explain_full_disk

if TYPE_CHECKING:
    from lgc_plugin.inference.files.batch_detection import Outcome
    from lgc_plugin.inference.files.recordings import Source


class Done(NamedTuple):
    """A recording that was done by a command that was stopped."""

    #: As the output calls it.
    name: str
    #: Size and time of change of its file; None if there is none.
    stamp: list[int] | None
    #: Bytes of the partial results with its own, and their digest.
    end: int
    digest: str
    #: How many events were detected.
    n_events: int
    #: Why it could not be read, or not to its end; empty if it could.
    problem: str
    #: Whether its events are in the results.
    decoded: bool
    #: Samples per second of its file.
    sample_rate: int


class ResultFile(Protocol):
    """Results that grow: their bytes so far, and the digest of these."""

    end: int

    @property
    def digest(self) -> str:
        """In hexadecimal digits."""


class Progress:
    """A list of what is done, a line each; of a torn line nothing is read."""

    def __init__(self, path: Path, command: Mapping[str, Any]) -> None:
        self.path = path
        # Of another version, lines would mean something else.
        asked = {**command, "fields": Done._fields}
        self._command = json.loads(_json(asked))
        self._results: ResultFile | None = None
        self.n_done = 0

    def read(
        self, sources: Sequence[Source], made: Callable[[Source], bool]
    ) -> Sequence[Done]:
        """The first recordings, as long as they were done and are the same."""
        lines = self._lines()
        if next(lines, None) != self._command:
            return []
        done = []
        for source, line in zip(sources, lines, strict=False):
            each = Done(*line)
            same = [source.name, _stamp(source)] == [each.name, each.stamp]
            if not same or (each.decoded and not made(source)):
                break
            done.append(each)
        self.n_done = len(done)
        return done

    def begin(
        self, done: Sequence[Done], results: ResultFile | None = None
    ) -> None:
        """Keeps what is done, and nothing else that was there."""
        self._results, self.n_done = results, len(done)
        text = "".join(map(_line, [self._command, *done]))
        with explain_full_disk(self.path):
            self.path.write_text(text, encoding="utf-8")

    def add(self, outcome: Outcome) -> None:
        """Notes a recording."""
        results = self._results
        done = Done(
            outcome.source.name,
            _stamp(outcome.source),
            results.end if results else 0,
            results.digest if results else "",
            len(outcome.events),
            outcome.problem,
            outcome.decoded,
            outcome.sample_rate,
        )
        with explain_full_disk(self.path):
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(_line(done))
        self.n_done += 1

    def remove(self) -> None:
        """All is done."""
        self.path.unlink(missing_ok=True)

    def _lines(self) -> Iterator[Any]:
        with suppress(OSError, ValueError, RecursionError):
            text = self.path.read_text(encoding="utf-8")
            for line in text.splitlines():
                check, _, content = line.partition(" ")
                if check != _check(content):
                    return
                yield json.loads(content)


def _stamp(source: Source) -> list[int] | None:
    try:
        stat = os.stat(source.path)
    except OSError:
        return None
    return [stat.st_size, stat.st_mtime_ns]


def _line(value: Any) -> str:
    content = _json(value)
    return f"{_check(content)} {content}\n"


def _json(value: Any) -> str:
    # In ASCII: names of files may be no text at all.
    return json.dumps(value)


def _check(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def digest_of(content: bytes | str) -> str:
    """Of a text or bytes, in hexadecimal digits."""
    if isinstance(content, str):
        content = content.encode()
    return hashlib.sha256(content).hexdigest()

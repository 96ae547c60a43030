"""Results that grow on disk, and go on where a killed command stopped."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations import (
    WriteOptions,
    read_strong,
    write_annotation_files,
)
from lgc_plugin.inference.files.event_writers import (
    GROWING,
    EventWriter,
    FolderWriter,
    JsonWriter,
    TsvWriter,
)
from lgc_plugin.inference.files.progress import Done, Progress, digest_of
from lgc_plugin.utils.files import explain_full_disk
from lgc_plugin.utils.locks import lock_file

if TYPE_CHECKING:
    from lgc_plugin.inference.files.batch_detection import Outcome
    from lgc_plugin.inference.files.recordings import Source


def partial_path(path: str | Path, kind: str = GROWING[0]) -> Path:
    """Where a result grows until it is whole: a TSV, unless it is JSON."""
    path = Path(path)
    suffix = path.suffix if kind in GROWING else ".tsv"
    return path.with_name(f"{path.stem}.partial{suffix}")


class Results:
    """A writer, and what it need not write again."""

    def __init__(
        self,
        writer: EventWriter,
        done: Sequence[Done] = (),
        mark: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.writer = writer
        #: The first recordings, in their order.
        self.done = done
        self._mark = mark

    def mark(self, outcome: Outcome) -> None:
        """Notes that a recording is done, with all that is made of it."""
        if self._mark is not None:
            self._mark(outcome)


@contextmanager
def open_results(
    kind: str,
    path: Path | None,
    model: Mapping[str, Any],
    sources: Sequence[Source] = (),
    command: Mapping[str, Any] | None = None,
    made: Callable[[Source], bool] = lambda _: True,
) -> Iterator[Results]:
    """Lends a writer; a file gets its name when the block ends well.

    Until then, and if the block fails or the machine stops, it is called
    :func:`partial_path`, and beside it is a hidden list of the recordings that
    are done. The same ``command`` on the same recordings goes on from there,
    as far as files that are ``made`` of a recording exist. One process at a
    time writes to ``path``.
    """
    if path is None:
        with _ended(_new_writer(kind, _StandardOutput(), model, ())) as writer:
            yield Results(writer)
        return
    asked = {"format": kind, "model": dict(model), **(command or {})}
    name, folder = path.name, path.parent
    per_recording = kind in RECORDING_SUFFIXES
    if per_recording:
        # Other commands may write their files to the same folder.
        name, folder = f"detect-{digest_of(json.dumps(asked))[:12]}", path
    with lock_file(folder / f".{name}.lock", str(path)):
        progress = Progress(folder / f".{name}.progress", asked)
        partial = partial_path(path, kind)
        try:
            done = progress.read(sources, made)
            if per_recording:
                progress.begin(done)
                yield Results(FolderWriter(path, kind), done, progress.add)
            else:
                with _GrowingFile(partial, done) as file:
                    done = file.done
                    progress.begin(done, file)
                    rates = {each.name: each.sample_rate for each in done}

                    def mark(outcome: Outcome) -> None:
                        progress.add(outcome)
                        rates[outcome.source.name] = outcome.sample_rate

                    with _ended(_new_writer(kind, file, model, done)) as writer:
                        yield Results(writer, done, mark)
                _finish(kind, partial, path, rates)
        except BaseException:
            if not progress.n_done:  # there is nothing to go on with
                partial.unlink(missing_ok=True)
                progress.remove()
            raise
        progress.remove()


def _finish(
    kind: str, partial: Path, path: Path, rates: Mapping[str, int]
) -> None:
    """Makes the file of what has grown."""
    if kind in GROWING:
        os.replace(partial, path)
        return
    options = WriteOptions(sample_rates=rates)
    for note in write_annotation_files(
        read_strong(partial), path, kind, options
    ):
        warnings.warn(note, stacklevel=2)
    partial.unlink()


def _new_writer(
    kind: str, file: Any, model: Mapping[str, Any], done: Sequence[Done]
) -> EventWriter:
    if kind != "json":
        return TsvWriter(file, begun=bool(done))
    writer = JsonWriter(file, model, begun=bool(done))
    for each in done:
        writer.take_up(each.name, each.problem, each.decoded)
    return writer


@contextmanager
def _ended(writer: EventWriter) -> Iterator[EventWriter]:
    complete = False
    try:
        yield writer
        complete = True
    finally:
        writer.finish(complete=complete)


class _StandardOutput:
    """Standard output, which has no name in the errors of the system."""

    def write(self, text: str) -> None:
        """Adds text, and hands it to the system."""
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = f"standard output: cannot be written: {error.strerror}"
            raise OSError(reason) from error

    def flush(self) -> None:
        """Nothing is kept back."""


class _GrowingFile:
    """A text file, and the digest of what is in it."""

    def __init__(self, path: Path, done: Sequence[Done]) -> None:
        self.path = path
        self._hash, self.end = hashlib.sha256(), 0
        self.done: Sequence[Done] = ()
        self._file = open(path, "r+b" if done and path.exists() else "w+b")
        content = self._file.read(done[-1].end) if done else b""
        if done and digest_of(content) == done[-1].digest:
            self.done, self.end = done, len(content)
            self._hash.update(content)
        self._file.seek(self.end)
        self._file.truncate()

    def __enter__(self) -> _GrowingFile:
        return self

    def __exit__(self, *_: object) -> None:
        with explain_full_disk(self.path):
            self._file.close()

    @property
    def digest(self) -> str:
        """Of all that was written."""
        return self._hash.hexdigest()

    def write(self, text: str) -> None:
        """Adds text."""
        content = text.encode("utf-8")
        self._hash.update(content)
        self.end += len(content)
        with explain_full_disk(self.path):
            self._file.write(content)

    def flush(self) -> None:
        """Hands what was written to the system."""
        with explain_full_disk(self.path):
            self._file.flush()

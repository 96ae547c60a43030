"""What ``lgc-sed detect`` prints on standard error."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lgc_plugin.cli.detect_options import pictures_folder, results_path
from lgc_plugin.utils.text import one_line


@contextmanager
def warnings_in_lines() -> Iterator[None]:
    """Shows each warning once, in one line, without the code it is from.

    One that many recordings share names the first; the others are counted.
    """
    from tqdm import tqdm

    shown = set()
    kinds: Counter[str] = Counter()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        line = one_line(message)
        kind = getattr(message, "kind", None)
        if line in shown:
            return
        shown.add(line)
        if kind is not None:
            kinds[kind] += 1
        if kind is None or kinds[kind] == 1:
            tqdm.write(f"warning: {line}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        try:
            yield
        finally:
            for kind, count in kinds.items():
                if count > 1:
                    print(
                        f"warning: {count} recordings {kind}, the first of "
                        "which is named above",
                        file=sys.stderr,
                    )


def band_note(rates: Iterable[int], highest: float) -> str:
    """What of recordings the model does not process; empty if nothing.

    >>> band_note([16000, 48000, 44100], 8000.0)[:51]
    '2 recordings reach above 8000 Hz (up to 24000 Hz): '
    """
    above = [rate / 2 for rate in rates if rate / 2 > highest]
    if not above:
        return ""
    many = f"{len(above)} recordings reach"
    return (
        f"{many if len(above) > 1 else 'the recording reaches'} above "
        f"{highest:g} Hz (up to {max(above):g} Hz): the model does not process "
        "what is there"
    )


def done_note(path: Path | None, n_done: int, n_recordings: int) -> str:
    """That results go on where a command was stopped."""
    return (
        f"{path}: goes on where it was stopped, {n_done} of {n_recordings} "
        "recordings are done"
    )


def end_notes(
    args: argparse.Namespace,
    n_recordings: int,
    n_read: int,
    n_failed: int,
    n_events: int,
) -> Iterator[str]:
    """What was written where, and how much could not be read."""
    from lgc_plugin.evaluation.notes import counted

    path, pictures = results_path(args), pictures_folder(args)
    if path is not None and path.exists():
        events = counted(n_events, "event")
        yield f"wrote {path}: {events} in {counted(n_read, 'recording')}"
    if pictures is not None and n_read:
        yield f"wrote {pictures}: {counted(n_read, 'picture')}"
    recordings = counted(n_recordings, "recording")
    n_unread = n_recordings - n_read
    if n_unread:
        yield f"{n_unread} of {recordings} could not be read"
    if n_failed > n_unread:
        n_cut = n_failed - n_unread
        yield f"{n_cut} of {recordings} could not be read to the end"

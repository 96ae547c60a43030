"""A result that grows for hours, and is worth something before it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def partial_path(path: str | Path) -> Path:
    """Where a result grows until it is whole.

    Arguments
    ---------
    path : str or Path
        Its final name.

    Returns
    -------
    Path

    Example
    -------
    >>> partial_path("out/events.tsv").as_posix()
    'out/events.partial.tsv'
    """
    path = Path(path)
    return path.with_name(f"{path.stem}.partial{path.suffix}")


@contextmanager
def growing_file(path: str | Path) -> Iterator[TextIO]:
    """Lends a text file that gets its final name on success.

    Unlike :func:`.utils.files.atomic_file`, what was written stays under
    the name of :func:`partial_path` if the block fails or the machine stops.

    Arguments
    ---------
    path : str or Path
        The final name. Missing parent folders are made.

    Yields
    ------
    TextIO
        UTF-8; flush it after each part that should not get lost.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> with growing_file(folder / "a.tsv") as file:
    ...     _ = file.write("half")
    ...     print([each.name for each in folder.iterdir()])
    ['a.partial.tsv']
    >>> [each.name for each in folder.iterdir()]
    ['a.tsv']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    with open(partial, "w", encoding="utf-8", newline="\n") as file:
        yield file
    os.replace(partial, path)

"""Progress bars, for people who look."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress_bar(
    items: Iterable | None = None, *, shown: bool = True, **options: Any
) -> tqdm:
    """A bar on standard error, if that is a terminal and a bar is wanted.

    A log file would hold thousands of bars.

    Arguments
    ---------
    items : Iterable, optional
        What to iterate over; None for a bar that is moved by hand.
    shown : bool
        Whether a bar is wanted.
    **options : Any
        See :class:`tqdm.tqdm`.

    Returns
    -------
    tqdm

    Example
    -------
    >>> list(progress_bar([1, 2], desc="clips"))
    [1, 2]
    """
    disable = not (shown and is_terminal())
    return tqdm(items, dynamic_ncols=True, disable=disable, **options)


def is_terminal() -> bool:
    """Whether somebody sees standard error as it is written."""
    return sys.stderr is not None and sys.stderr.isatty()

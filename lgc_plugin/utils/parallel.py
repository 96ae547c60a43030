"""A parallel map with a progress bar."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from lgc_plugin.utils.progress import progress_bar

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_cores() -> int:
    """Number of processor cores that this process may use.

    Returns
    -------
    int

    Example
    -------
    >>> available_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parallel_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    n_jobs: int | None = None,
    description: str = "",
    unit: str = "clip",
    progress: bool = True,
) -> list[Result]:
    """Applies a function to every item in worker processes, in order.

    The workers are started afresh (not forked: a fork of a process that runs
    PyTorch's threads can hang), so the function must be importable and should
    not need heavy imports.

    Arguments
    ---------
    function : Callable
        A module-level function (or a ``functools.partial`` of one).
    items : Iterable
        Its arguments, one each.
    n_jobs : int, optional
        Worker processes; None takes every core, and 1 stays in this process.
    description : str
        What the progress bar says.
    unit : str
        What one item is called.
    progress : bool
        Whether a progress bar is shown, on a terminal.

    Returns
    -------
    list
        The results, in the order of the items. The first exception of a
        worker is raised here, and the rest of the work is dropped.

    Example
    -------
    >>> parallel_map(abs, [-1, 2], n_jobs=1, progress=False)
    [1, 2]
    """
    items = list(items)
    n_jobs = min(n_jobs or available_cores(), max(len(items), 1))
    bar = {
        "total": len(items),
        "desc": description,
        "unit": unit,
        "shown": progress,
    }
    if n_jobs == 1:
        return [function(item) for item in progress_bar(items, **bar)]
    chunk = max(1, min(16, len(items) // (4 * n_jobs)))
    pool = ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn"))
    try:
        results = pool.map(function, items, chunksize=chunk)
        return list(progress_bar(results, **bar))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

"""A parallel map, and progress bars."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def progress_bar(
    items: Iterable | None = None, *, shown: bool = True, **options: Any
) -> tqdm:
    """A :class:`tqdm.tqdm` on standard error, if that is a terminal.

    A log file would hold thousands of bars.
    """
    disable = not (shown and is_terminal())
    return tqdm(items, dynamic_ncols=True, disable=disable, **options)


def is_terminal() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def available_cores() -> int:
    """Number of processor cores that this process may use.

    >>> available_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _end_with_parent() -> None:
    """Lets a worker end when its parent is killed, and not before: it is the
    parent that an interrupt from the keyboard is for.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        _end_after(parent.sentinel)


def end_with_launcher() -> None:
    """Lets a process that ``torchrun`` started end when that is killed.

    Left alone it would go on, and hold what it has locked. Call it first.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return
    launcher = os.getppid()
    with suppress(OSError, AttributeError):  # other systems than Linux
        command = Path(f"/proc/{launcher}/cmdline").read_bytes()
        if launcher == 1 and b"python" not in command:
            os._exit(1)  # the launcher was killed before
        _end_after(os.pidfd_open(launcher))


def _end_after(sentinel: int) -> None:
    """Ends this process as soon as another one has ended."""

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class _Sendable:
    """A function whose errors survive the way back from a worker.

    One that does not would be taken for the death of the worker.
    """

    function: Callable

    def __call__(self, item: Any) -> Any:
        try:
            return self.function(item)
        except Exception as error:
            try:
                pickle.loads(pickle.dumps(error))
            except Exception:
                name = type(error).__name__
                raise RuntimeError(f"{name}: {error}") from None
            raise


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

    >>> parallel_map(abs, [-1, 2], n_jobs=1, progress=False)
    [1, 2]
    """
    items = list(items)
    n_jobs = min(n_jobs or available_cores(), max(len(items), 1))
    bar = partial(
        progress_bar,
        total=len(items),
        desc=description,
        unit=unit,
        shown=progress,
    )
    if n_jobs == 1:
        return [function(item) for item in bar(items)]
    chunk = max(1, min(16, len(items) // (4 * n_jobs)))
    pool = ProcessPoolExecutor(
        n_jobs, mp_context=get_context("spawn"), initializer=_end_with_parent
    )
    try:
        results = pool.map(_Sendable(function), items, chunksize=chunk)
        return list(bar(results))
    except BrokenProcessPool:
        raise ChildProcessError(
            f"{description or 'the work'}: a worker process was killed, "
            f"probably for want of memory: use fewer than {n_jobs} processes "
            "(n_jobs)"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

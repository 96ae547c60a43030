"""Recordings of any length as windows of one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def plan_windows(n_samples: int, window: int, hop: int) -> range:
    """Where windows begin, so that they cover a recording.

    The first begins with the recording. The last is the first that reaches
    its end, and may be shorter.

    Arguments
    ---------
    n_samples : int
        Length of the recording.
    window : int
        Samples of a window.
    hop : int
        Samples from one window to the next.

    Returns
    -------
    range
        The first sample of each window.

    Raises
    ------
    ValueError
        If there is no sample, or windows would leave gaps.

    Example
    -------
    >>> list(plan_windows(25, window=10, hop=5))
    [0, 5, 10, 15]
    >>> list(plan_windows(3, window=10, hop=5))
    [0]
    """
    check_sizes(window, hop, "samples")
    if n_samples < 1:
        raise ValueError(f"a recording of {n_samples} samples has no window")
    beyond_first = max(n_samples - window, 0)
    return range(0, -(-beyond_first // hop) * hop + 1, hop)


def cut_windows(
    blocks: Iterable[NDArray[np.floating]], window: int, hop: int
) -> Iterator[NDArray[np.float32]]:
    """Windows of a recording whose length is not known yet.

    They are those of :func:`plan_windows`. Each is given out with its last
    sample; no more than one is kept.

    Arguments
    ---------
    blocks : Iterable[numpy.ndarray]
        (n,) samples, in blocks of any sizes.
    window : int
        Samples of a window.
    hop : int
        Samples from one window to the next.

    Yields
    ------
    numpy.ndarray
        (window,), of its own memory; only the last may be shorter. None at
        all if there is no sample.

    Raises
    ------
    ValueError
        If windows would leave gaps, or a block has more than one axis.

    Example
    -------
    >>> blocks = [np.arange(4), np.arange(4, 7)]
    >>> [cut.astype(int).tolist() for cut in cut_windows(blocks, 4, 2)]
    [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6]]
    """
    check_sizes(window, hop, "samples")
    kept = np.empty(window, dtype=np.float32)
    filled = covered = 0  # samples of ``kept``; those a window had before
    for block in blocks:
        if np.ndim(block) != 1:
            raise ValueError(
                f"a block must be (samples,), got shape {np.shape(block)}"
            )
        used = 0
        while used < len(block):
            count = min(window - filled, len(block) - used)
            kept[filled : filled + count] = block[used : used + count]
            filled, used = filled + count, used + count
            if filled == window:
                yield kept.copy()
                filled = covered = window - hop
                kept[:filled] = kept[hop:]
    if filled > covered:
        yield kept[:filled].copy()


def check_sizes(window: int, hop: int, unit: str) -> None:
    """Refuses windows that would leave gaps.

    Arguments
    ---------
    window : int
        Length of a window.
    hop : int
        From one window to the next.
    unit : str
        What the error calls what is counted.

    Raises
    ------
    ValueError
        If the hop is not between 1 and a window.
    """
    if not 1 <= hop <= window:
        raise ValueError(
            f"windows of {window} {unit} every {hop}: the hop must be at "
            "least 1, and not more than a window"
        )

"""The spectrogram of a recording of any length, in memory of one block."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.report.bounded_columns import MOST_COLUMNS, BoundedColumns
from lgc_plugin.report.spectrogram import log_mel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WINDOW, _HOP = 1024, 160
# Frames before one that its window reaches to.
_CONTEXT = -(-_WINDOW // 2 // _HOP)


def long_log_mel(
    blocks: Iterable[NDArray[np.floating]],
    sample_rate: int,
    limit: int = MOST_COLUMNS,
) -> BoundedColumns:
    """As :func:`.log_mel` of the whole, its columns merged where needed.

    Arguments
    ---------
    blocks : Iterable[ndarray]
        (n,) samples, in blocks of any sizes.
    sample_rate : int
        Samples per second.
    limit : int
        Columns, at most.

    Returns
    -------
    BoundedColumns
        (mels, m) dB, the lowest band first; edges in seconds.

    Example
    -------
    >>> noise = np.random.default_rng(0).normal(size=48000)
    >>> image = long_log_mel(np.split(noise, 3), 16000).values
    >>> bool(np.allclose(image, log_mel(noise, 16000)))
    True
    >>> long_log_mel(np.split(noise, 3), 16000, limit=100).values.shape
    (96, 76)
    """
    columns = BoundedColumns(_HOP / sample_rate, limit)
    kept, skipped = np.empty(0, np.float32), 0
    for block in blocks:
        kept = np.concatenate([kept, block])
        # Frames whose windows are complete.
        count = (len(kept) - _WINDOW // 2) // _HOP + 1
        if count <= skipped:
            continue
        columns.push(_frames(kept, sample_rate)[:, skipped:count])
        first = max(count - _CONTEXT, 0)
        kept, skipped = kept[first * _HOP :].copy(), count - first
    columns.push(_frames(kept, sample_rate)[:, skipped:])
    return columns


def _frames(wav: NDArray, sample_rate: int) -> NDArray[np.float32]:
    image = log_mel(wav, sample_rate, window=_WINDOW, hop=_HOP)
    return image.astype(np.float32)

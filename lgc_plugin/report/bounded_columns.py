"""The columns of an image whose length is not known before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: More than the widest picture has pixels.
MOST_COLUMNS = 4096


class BoundedColumns:
    """Columns that come one after the other; of neighbors, the maximum.

    Whenever there are too many, each two become one. So memory is bounded
    though their number is not known before, and no peak is lost.

    >>> columns = BoundedColumns(step=0.5, limit=4)
    >>> columns.push(np.array([[1, 5, 2, 3, 0]]))
    >>> columns.values.tolist(), columns.edges.tolist()
    ([[5, 3, 0]], [0.0, 1.0, 2.0, 2.5])
    """

    def __init__(self, step: float, limit: int = MOST_COLUMNS) -> None:
        if limit < 2 or limit % 2:
            raise ValueError(f"limit is {limit}: must be even and positive")
        self.step = step
        self.limit = limit
        self._count = 0  # columns that came
        self._merged = 1  # of them in one that is kept
        self._kept: NDArray | None = None
        # The column that is not whole yet, and how many are in it.
        self._open: NDArray = np.empty((0, 0))
        self._n_open = 0

    def push(self, columns: NDArray) -> None:
        """Takes the next columns."""
        count = columns.shape[1]
        self._count += count
        if self._kept is None:
            self._kept = columns[:, :0].copy()
        start = 0
        while start < count:
            left = count - start
            if self._n_open or left < self._merged:
                taken = min(self._merged - self._n_open, left)
                self._add(columns[:, start : start + taken])
            else:
                free = self.limit - self._kept.shape[1]
                taken = min(left // self._merged, free) * self._merged
                piece = columns[:, start : start + taken]
                self._keep(_merge(piece, self._merged))
            start += taken

    @property
    def values(self) -> NDArray:
        """(R, m) the maxima, m not above the limit."""
        if self._kept is None:
            return np.empty((0, 0))
        if not self._n_open:
            return self._kept
        return np.concatenate([self._kept, self._open], axis=1)

    @property
    def edges(self) -> NDArray[np.float64]:
        """(m + 1,) where columns begin and end; the last may be shorter."""
        starts = np.arange(0, self._count, self._merged)
        return np.append(starts, self._count) * self.step

    def _add(self, columns: NDArray) -> None:
        """Takes columns that make at most one whole with the open one."""
        top = columns.max(axis=1, keepdims=True)
        self._open = np.maximum(self._open, top) if self._n_open else top
        self._n_open += columns.shape[1]
        if self._n_open == self._merged:
            self._n_open = 0
            self._keep(self._open)

    def _keep(self, columns: NDArray) -> None:
        self._kept = np.concatenate([self._kept, columns], axis=1)
        if self._kept.shape[1] == self.limit:
            self._kept = _merge(self._kept, 2)
            self._merged *= 2


def _merge(columns: NDArray, count: int) -> NDArray:
    rows, n_columns = columns.shape
    return columns.reshape(rows, n_columns // count, count).max(axis=2)

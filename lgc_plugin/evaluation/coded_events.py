"""Events as numbers, so that whole tables are compared at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class CodedEvents:
    """Events of N clips, C classes and J operating points.

    Sorted by clip, operating point, class and onset.

    Arguments
    ---------
    clip, point, label : numpy.ndarray
        (E,) indices.
    onset, offset : numpy.ndarray
        (E,) seconds.
    shape : tuple[int, int, int]
        N, C and J.

    Example
    -------
    >>> table = pd.DataFrame([["b", 0.0, 1.0, "Cat"]], columns=[
    ...     "filename", "onset", "offset", "event_label"])
    >>> events = CodedEvents.from_table(table, ["a", "b"], ["Cat", "Dog"])
    >>> events.clip.tolist(), events.counts().tolist()
    ([1], [[[0], [0]], [[1], [0]]])
    """

    clip: NDArray[np.int64]
    point: NDArray[np.int64]
    label: NDArray[np.int64]
    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    shape: tuple[int, int, int]

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        clips: Sequence[str],
        labels: Sequence[str],
        thresholds: Sequence[float] | None = None,
    ) -> CodedEvents:
        """Codes a checked table (:meth:`.truth.GroundTruth.select`).

        Arguments
        ---------
        table : pandas.DataFrame
            ``filename``, ``onset``, ``offset``, ``event_label``; and
            ``threshold``, if ``thresholds`` are given.
        clips : Sequence[str]
            N clips; the table names no other.
        labels : Sequence[str]
            C classes; the table names no other.
        thresholds : Sequence[float], optional
            J operating points; None means one.

        Returns
        -------
        CodedEvents
        """
        clip = pd.Index(clips).get_indexer(table.filename)
        label = pd.Index(labels).get_indexer(table.event_label)
        point = np.zeros(len(table), dtype=np.int64)
        if thresholds is not None:
            point = pd.Index(thresholds).get_indexer(table.threshold)
        onset = table.onset.to_numpy(dtype=np.float64)
        offset = table.offset.to_numpy(dtype=np.float64)
        order = np.lexsort((onset, label, point, clip))
        n_points = 1 if thresholds is None else len(thresholds)
        return cls(
            clip[order],
            point[order],
            label[order],
            onset[order],
            offset[order],
            (len(clips), len(labels), n_points),
        )

    def __len__(self) -> int:
        return len(self.clip)

    def take(self, rows: slice | NDArray) -> CodedEvents:
        """Some of the events.

        Arguments
        ---------
        rows : slice or array
            Which, in ascending order.

        Returns
        -------
        CodedEvents
        """
        columns = (self.clip, self.point, self.label, self.onset, self.offset)
        return CodedEvents(*(column[rows] for column in columns), self.shape)

    def counts(self) -> NDArray[np.int64]:
        """Number of events.

        Returns
        -------
        numpy.ndarray
            (N, C, J).
        """
        return count_cells((self.clip, self.label, self.point), self.shape)

    def pairs(
        self, truth: CodedEvents
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Each of these events with each true event of the same clip.

        Arguments
        ---------
        truth : CodedEvents
            Events of the same clips.

        Returns
        -------
        tuple[numpy.ndarray, numpy.ndarray]
            Rows of these events, ascending, and rows of ``truth``.
        """
        clips = np.arange(self.shape[0] + 1)
        begin = np.searchsorted(truth.clip, clips)
        each = np.diff(begin)[self.clip]
        own = np.repeat(np.arange(len(self)), each)
        # Counts 0, 1, 2 ... anew for each event.
        nth = np.arange(len(own)) - np.repeat(np.cumsum(each) - each, each)
        return own, begin[self.clip][own] + nth


def count_cells(
    index: tuple[NDArray[np.int64], ...], shape: tuple[int, ...]
) -> NDArray[np.int64]:
    """How often each cell of an array is named.

    Arguments
    ---------
    index : tuple of arrays
        One array of indices per axis.
    shape : tuple[int, ...]
        Shape of the result.

    Returns
    -------
    numpy.ndarray

    Example
    -------
    >>> count_cells((np.array([0, 1, 1]),), (3,)).tolist()
    [1, 2, 0]
    """
    flat = np.ravel_multi_index(index, shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)

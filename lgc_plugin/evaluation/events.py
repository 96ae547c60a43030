"""Tables of events, checked, and the same events as arrays of numbers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.data.annotations import find_joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVENT_COLUMNS = ["filename", "onset", "offset", "event_label"]
logger = logging.getLogger(__name__)


def clean_events(
    events: pd.DataFrame, labels: Sequence[str], name: str
) -> pd.DataFrame:
    """Checks a table of events; merges overlaps of a class."""
    # Events that are not equally confident are apart at some thresholds.
    keys = [x for x in ("threshold", "confidence") if x in events]
    keys += ["filename", "event_label"]
    table = events.astype({"onset": float, "offset": float})
    unknown = ~table.event_label.isin(labels)
    refuse_rows(
        table, unknown, name, f"label is not one of {', '.join(labels)}"
    )
    finite = np.isfinite(table[["onset", "offset"]]).all(axis=1)
    ordered = (table.onset >= 0) & (table.onset <= table.offset)
    refuse_rows(
        table,
        ~(finite & ordered & table.filename.notna()),
        name,
        "onset and offset must be seconds with 0 <= onset <= offset",
    )
    instant = table.onset == table.offset
    if instant.any():
        logger.info("%s: dropped %d of no length", name, instant.sum())
        table = table[~instant]
    return _merge_overlaps(table.sort_values([*keys, "onset"]), keys, name)


def _merge_overlaps(
    table: pd.DataFrame, keys: list[str], name: str
) -> pd.DataFrame:
    """Joins events that overlap within a group; the table is sorted."""
    group = table.groupby(keys, sort=False).ngroup().to_numpy()
    onset, offset = table.onset.to_numpy(), table.offset.to_numpy()
    first, end = find_joined(onset, offset, group)
    if len(first) == len(table):
        return table.reset_index(drop=True)
    joined = np.setdiff1d(np.arange(len(table)), first)
    logger.info(
        "%s: %d merged with one of the same class that overlaps, first in %s",
        name,
        len(joined),
        table.filename.iloc[joined[0]],
    )
    return table.iloc[first].assign(offset=end).reset_index(drop=True)


def require_columns(
    table: pd.DataFrame, columns: Sequence[str], name: str
) -> None:
    """Refuses a table that lacks columns."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(
            f"{name} lack the columns {', '.join(missing)}: found "
            f"{', '.join(map(str, table))}"
        )


def refuse_rows(
    table: pd.DataFrame, wrong: pd.Series, name: str, reason: str
) -> None:
    """Refuses a table by showing its first wrong row."""
    if wrong.any():
        row = table[wrong].iloc[0]
        values = ", ".join(f"{key}={value}" for key, value in row.items())
        raise ValueError(f"{name}, row {row.name}: {reason}; got {values}")


@dataclass(frozen=True, eq=False)
class CodedEvents:
    """N clips, C classes, J points; by clip, point, class and onset."""

    #: (E,) indices.
    clip: NDArray[np.int64]
    point: NDArray[np.int64]
    label: NDArray[np.int64]
    #: (E,) seconds.
    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    #: N, C and J.
    shape: tuple[int, int, int]
    #: Whether an event is one at all points before its own too, as if it were
    #: there again: thresholds that sweep the confidences of events do so.
    nested: bool = False

    @classmethod
    def from_confidences(
        cls,
        index: tuple[NDArray[np.int64], NDArray[np.int64]],
        times: tuple[NDArray[np.float64], NDArray[np.float64]],
        confidence: NDArray[np.floating],
        thresholds: NDArray[np.floating] | Sequence[float],
        shape: tuple[int, int],
    ) -> CodedEvents:
        """Events (clip, label; onset, offset) at thresholds below their
        confidence, which ascend.
        """
        point = np.searchsorted(thresholds, confidence) - 1
        kept = np.flatnonzero(point >= 0)
        point = point[kept]
        clip, label = (each[kept] for each in index)
        onset, offset = (each[kept] for each in times)
        order = np.lexsort((onset, label, point, clip))
        return cls(
            clip[order],
            point[order],
            label[order],
            onset[order],
            offset[order],
            (*shape, len(thresholds)),
            nested=True,
        )

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        clips: Sequence[str],
        labels: Sequence[str],
        thresholds: Sequence[float] | None = None,
    ) -> CodedEvents:
        """Codes a checked table (:meth:`.ground_truth.GroundTruth.select`)."""
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
        """Some of the events."""
        return CodedEvents(
            self.clip[rows],
            self.point[rows],
            self.label[rows],
            self.onset[rows],
            self.offset[rows],
            self.shape,
            self.nested,
        )

    def at_each_point(self) -> CodedEvents:
        """Nested events, written out."""
        row, point = down_from(self.point)
        every = replace(self.take(row), point=point, nested=False)
        keys = (every.onset, every.label, every.point, every.clip)
        return every.take(np.lexsort(keys))

    def counts(self) -> NDArray[np.int64]:
        """(N, C, J) number of events."""
        cells = (self.clip, self.label, self.point)
        return count_cells(cells, self.shape, self.nested)

    def pairs(
        self, truth: CodedEvents
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Each of these events with each true event of the same clip."""
        clips = np.arange(self.shape[0] + 1)
        begin = np.searchsorted(truth.clip, clips)
        each = np.diff(begin)[self.clip]
        own = np.repeat(np.arange(len(self)), each)
        # Counts 0, 1, 2 ... anew for each event.
        nth = np.arange(len(own)) - np.repeat(np.cumsum(each) - each, each)
        return own, begin[self.clip][own] + nth


def down_from(
    points: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which row is at which point, if each is at 0, 1 ... up to its own."""
    each = points + 1
    row = np.repeat(np.arange(len(points)), each)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(each) - each, each)


def count_cells(
    index: Iterable[NDArray[np.int64]],
    shape: tuple[int, ...],
    nested: bool = False,
) -> NDArray[np.int64]:
    """How often each cell of an array of a shape is named.

    Nested: what names a cell names all before it along the last axis.
    """
    flat = np.ravel_multi_index(tuple(index), shape)
    counts = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
    if nested:
        return np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]
    return counts

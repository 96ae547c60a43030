"""Which detections are right, by collars, segments or intersections."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from lgc_plugin.evaluation.criteria import Criteria
from lgc_plugin.evaluation.events import CodedEvents, down_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Pairs of a detection and a true event that are looked at together.
_BLOCK_EVENTS = 100_000
# Of which each takes tens of bytes.
_MOST_SEGMENTS = 5e7


class Intersections(NamedTuple):
    """What happened where; each field is a tuple of index arrays."""

    #: (clip, label, point) of each true event found.
    tp: tuple[NDArray[np.int64], ...]
    #: (clip, label, point) of each detection that is none.
    fp: tuple[NDArray[np.int64], ...]
    #: (clip, label, other, point): false positives for ``label`` where
    #: ``other`` sounds.
    cross_triggers: tuple[NDArray[np.int64], ...]


def find_intersections(
    detections: CodedEvents,
    truth: CodedEvents,
    durations: NDArray[np.float64],
    *,
    dtc: float,
    gtc: float,
    cttc: float | None = None,
) -> Intersections:
    """Applies the criteria of PSDS to all clips and points at once.

    Bilen et al., ICASSP 2020; the counts are psds_eval's. No ``cttc``: no
    cross-trigger.
    """
    parts = [
        _of_block(block, truth, durations, dtc, gtc, cttc)
        for block in _blocks(detections)
    ]
    return Intersections(
        *(
            tuple(map(np.concatenate, zip(*fields, strict=True)))
            for fields in zip(*parts, strict=True)
        )
    )


def _blocks(events: CodedEvents) -> list[CodedEvents]:
    """Events cut between clips, so that memory does not grow with the set."""
    ends = np.arange(0, len(events), _BLOCK_EVENTS)[1:]
    cuts = np.searchsorted(events.clip, events.clip[ends])
    edges = np.unique([0, *cuts, len(events)])
    if len(edges) < 2:
        return [events]
    return [
        events.take(slice(a, b))
        for a, b in zip(edges[:-1], edges[1:], strict=True)
    ]


def _of_block(
    found: CodedEvents,
    truth: CodedEvents,
    durations: NDArray[np.float64],
    dtc: float,
    gtc: float,
    cttc: float | None,
) -> Intersections:
    own, true = found.pairs(truth)
    shared = np.minimum(found.offset[own], truth.offset[true]) - np.maximum(
        found.onset[own], truth.onset[true]
    )
    # Of clips with few classes, most pairs never meet.
    meet = shared > 0
    own, true, shared = own[meet], true[meet], shared[meet]
    same = found.label[own] == truth.label[true]
    share = shared / (found.offset - found.onset)[own]
    covered = _sum_by(own[same], share[same], len(found))
    relevant = covered >= dtc

    useful = same & relevant[own]
    n_points = found.shape[2]
    key = true[useful] * n_points + found.point[own[useful]]
    length = (truth.offset - truth.onset)[true[useful]]
    total = _sum_by(
        key, shared[useful] / length, len(truth) * n_points, sort=True
    )
    if found.nested:
        total = _sum_from(total.reshape(-1, n_points)).ravel()
    event, point = np.divmod(np.flatnonzero(total >= gtc), n_points)
    tp = (truth.clip[event], truth.label[event], point)

    # As for psds_eval, what begins after the end of its clip is no fp.
    begins_inside = found.onset < durations[found.clip]
    rows = np.flatnonzero(~relevant & begins_inside)
    fp = (found.clip[rows], found.label[rows], found.point[rows])
    if cttc is None:
        none = np.zeros(0, dtype=np.int64)
        return Intersections(tp, _every(fp, found), (none,) * 4)

    other = ~same & ~relevant[own]
    n_labels = found.shape[1]
    key = own[other] * n_labels + truth.label[true[other]]
    total = _sum_by(key, share[other], len(found) * n_labels, sort=True)
    row, label = np.divmod(np.flatnonzero(total >= cttc), n_labels)
    triggers = (found.clip[row], found.label[row], label, found.point[row])
    return Intersections(tp, _every(fp, found), _every(triggers, found))


def _every(
    index: tuple[NDArray[np.int64], ...], found: CodedEvents
) -> tuple[NDArray[np.int64], ...]:
    """What happened at some points, the last index, at all where it did."""
    if not found.nested:
        return index
    row, point = down_from(index[-1])
    return (*(each[row] for each in index[:-1]), point)


def _sum_from(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """(E, J) sums at each point and those after it."""
    exact = np.nan_to_num(sums).astype(np.longdouble)
    return np.cumsum(exact[:, ::-1], axis=1)[:, ::-1].astype(np.float64)


def _sum_by(
    key: NDArray[np.int64],
    values: NDArray[np.float64],
    size: int,
    sort: bool = False,
) -> NDArray[np.float64]:
    """Sums of the values of each key; NaN for a key that has none.

    Extended precision, as psds_eval's: a sum of 0.7 is not to fall below it.
    """
    sums = np.full(size, np.nan)
    if not len(key):
        return sums
    if sort:
        order = np.argsort(key, kind="stable")
        key, values = key[order], values[order]
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    sums[key[begins]] = np.add.reduceat(values.astype(np.longdouble), begins)
    return sums


def near_collars(
    detections: CodedEvents,
    truth: CodedEvents,
    criteria: Criteria,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of a detection and a true event whose times are near."""
    collar, share = criteria.collar, criteria.offset_share
    own, true = detections.pairs(truth)
    late = np.abs(truth.offset[true] - detections.offset[own])
    length = (truth.offset - truth.onset)[true]
    near = (
        (detections.label[own] == truth.label[true])
        & (np.abs(truth.onset[true] - detections.onset[own]) <= collar)
        & (late <= np.maximum(collar, share * length))
    )
    return own[near], true[near]


def match_collars(
    detections: CodedEvents, truth: CodedEvents, criteria: Criteria
) -> NDArray[np.bool_]:
    """(E,) True for detections that are paired with a true event.

    As many as possible are: the counts of sed_eval with optimal matching.
    """
    own, true = near_collars(detections, truth, criteria)
    # An event can be found once at each operating point.
    n_points = detections.shape[2]
    column = true * n_points + detections.point[own]
    used, column = np.unique(column, return_inverse=True)
    graph = csr_matrix(
        (np.ones(len(own), dtype=bool), (own, column)),
        shape=(len(detections), len(used)),
    )
    return maximum_bipartite_matching(graph, perm_type="column") >= 0


class Segments(NamedTuple):
    """Segments in which something sounds; index arrays."""

    #: (S,) where.
    clip: NDArray[np.int64]
    label: NDArray[np.int64]
    point: NDArray[np.int64]
    #: (S,) which segment of the clip, from 0.
    number: NDArray[np.int64]


def touched_segments(events: CodedEvents, seconds: float) -> Segments:
    """The segments that events touch, each once."""
    total = (events.offset - events.onset).sum() / seconds
    if total > _MOST_SEGMENTS:
        raise ValueError(
            f"events last {total:.1e} segments of {seconds:g} s in sum, more "
            "than can be counted: are times in seconds?"
        )
    first = np.floor(events.onset / seconds).astype(np.int64)
    end = np.ceil(events.offset / seconds).astype(np.int64)
    each = end - first
    row = np.repeat(np.arange(len(events)), each)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(each) - each, each)
    shape = (*events.shape, int(end.max(initial=0)) + 1)
    index = (events.clip, events.label, events.point)
    cells = np.ravel_multi_index(
        (*(column[row] for column in index), first[row] + nth), shape
    )
    return Segments(*np.unravel_index(np.unique(cells), shape))


def found_segments(
    detected: Segments, true: Segments, n_labels: int
) -> NDArray[np.bool_]:
    """(S,) which detected segments are true."""
    length = max(part.number.max(initial=0) for part in (detected, true)) + 1
    keys = [
        (part.clip * n_labels + part.label) * length + part.number
        for part in (detected, true)
    ]
    return np.isin(*keys)

"""Rules for events that were found: close gaps, drop, pad."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.events import CodedEvents

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Seconds; times of frames are rounded, in files to microseconds.
NEAR = 1e-6


@dataclass(frozen=True, eq=False)
class RuledEvents:
    """What the rules make of events."""

    #: Padded.
    events: CodedEvents
    #: (E,) seconds, before padding.
    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    #: (E,) the event that each was; -1 of those joined of several.
    origin: NDArray[np.int64]


def apply_rules(
    events: CodedEvents,
    bounds: NDArray[np.float64],
    *,
    close_th: NDArray[np.float64],
    len_th: NDArray[np.float64],
    pad_before: NDArray[np.float64],
    pad_after: NDArray[np.float64],
) -> RuledEvents:
    """Closes gaps, drops what is short, pads, and joins what then touches.

    Events of a class do not overlap. ``bounds`` (N, 2): begin and end of each
    clip; the rest (C,), in seconds.
    """
    closed, first, last = _join(events, close_th[events.label])
    origin = np.where(first == last, first, -1)
    long = closed.offset - closed.onset >= len_th[closed.label] - NEAR
    kept, origin = closed.take(long), origin[long]
    begin, end = bounds[kept.clip].T
    padded = replace(
        kept,
        onset=np.maximum(kept.onset - pad_before[kept.label], begin),
        offset=np.minimum(kept.offset + pad_after[kept.label], end),
    )
    joined, first, last = _join(padded, np.zeros(len(padded)))
    return RuledEvents(
        joined,
        kept.onset[first],
        kept.offset[last],
        np.where(first == last, origin[first], -1),
    )


def _join(
    events: CodedEvents, gap: NDArray[np.float64]
) -> tuple[CodedEvents, NDArray[np.int64], NDArray[np.int64]]:
    """Joins events over gaps up to (E,) seconds; first and last of each."""
    rows = (events.clip, events.point, events.label)
    joined = np.logical_and.reduce([x[1:] == x[:-1] for x in rows])
    joined &= events.onset[1:] - events.offset[:-1] <= gap[1:] + NEAR
    first = np.flatnonzero(np.append(True, ~joined)[: len(events)])
    last = np.append(first[1:], len(events))[: len(first)] - 1
    whole = replace(events.take(first), offset=events.offset[last])
    return whole, first, last

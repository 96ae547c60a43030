"""Events fitted to the audio: cut at its end, and joined where they overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.types import Event

# Annotators and audio headers round to a millisecond: cutting off less than
# that changes nothing worth reporting.
_NEGLIGIBLE_SECONDS = 1e-3


@dataclass(frozen=True)
class CleanEvents:
    """Events that fit their clip, and what it took."""

    #: By onset; within the clip, and no two of one class overlap.
    events: tuple[Event, ...]
    #: Events that reached beyond the end of the clip.
    cut: int = 0
    #: Events that lay wholly beyond the end of the clip.
    dropped: int = 0
    #: Events that were joined to another one of their class.
    merged: int = 0


def clean_events(events: Iterable[Event], duration: float) -> CleanEvents:
    """Cuts events at the end of the clip and joins those that overlap.

    Events of one class that only touch stay two events.
    """
    events = sorted(events)
    inside = [event for event in events if event.onset < duration]
    limit = duration + _NEGLIGIBLE_SECONDS
    fitting = [
        event._replace(offset=min(event.offset, duration)) for event in inside
    ]
    apart = merge_overlaps(fitting)
    return CleanEvents(
        events=tuple(apart),
        cut=sum(event.offset > limit for event in inside),
        dropped=len(events) - len(inside),
        merged=len(fitting) - len(apart),
    )


def merge_overlaps(events: Iterable[Event]) -> list[Event]:
    """Joins overlapping events of one class; metrics refuse such pairs."""
    ranked = sorted(events, key=lambda event: (event.label, event))
    if not ranked:
        return []
    onset, offset, labels = zip(*ranked, strict=True)
    group = np.unique(labels, return_inverse=True)[1]
    first, end = find_joined(np.array(onset), np.array(offset), group)
    return sorted(
        ranked[place]._replace(offset=last)
        for place, last in zip(first.tolist(), end.tolist(), strict=True)
    )


def find_joined(
    onset: NDArray, offset: NDArray, group: NDArray
) -> tuple[NDArray, NDArray]:
    """Where events begin that overlap none before, and where these then end.

    Events are sorted by group (0, 1 ...) and onset; those of a group join.

    >>> onset, offset = np.array([0.0, 1.0, 5.0]), np.array([2.0, 3.0, 6.0])
    >>> find_joined(onset, offset, np.zeros(3, dtype=int))
    (array([0, 2]), array([3., 6.]))
    """
    # Ranks are integers, so that a group can be above all of those before.
    ends, rank = np.unique(offset, return_inverse=True)
    above = group * len(ends)
    reach = ends[np.maximum.accumulate(above + rank) - above]
    joined = (group[1:] == group[:-1]) & (onset[1:] < reach[:-1])
    first = np.flatnonzero(np.r_[True, ~joined][: len(onset)])
    stop = np.append(first[1:], len(onset))[: len(first)]
    return first, reach[stop - 1]

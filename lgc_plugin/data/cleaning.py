"""Fits annotated events to the audio they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lgc_plugin.types import Event

# Annotators and audio headers round to a millisecond: cutting off less than
# that changes nothing worth telling.
_NEGLIGIBLE_SECONDS = 1e-3


@dataclass(frozen=True)
class CleanEvents:
    """Events that fit their clip, and what it took.

    Arguments
    ---------
    events : tuple[Event, ...]
        By onset; within the clip, and no two of one class overlap.
    cut : int
        Events that reached beyond the end of the clip.
    dropped : int
        Events that lay wholly beyond the end of the clip.
    merged : int
        Events that were joined to another one of their class.
    """

    events: tuple[Event, ...]
    cut: int = 0
    dropped: int = 0
    merged: int = 0


def clean_events(events: Iterable[Event], duration: float) -> CleanEvents:
    """Cuts events at the end of the clip and joins those that overlap.

    Events of one class that only touch stay two events.

    Arguments
    ---------
    events : Iterable[Event]
        Events of one clip, in any order.
    duration : float
        Length of the clip in seconds.

    Returns
    -------
    CleanEvents

    Example
    -------
    >>> dog = Event(9.0, 10.115, "Dog"), Event(8.0, 9.5, "Dog")
    >>> clean = clean_events(dog, duration=10.0)
    >>> clean.events
    (Event(onset=8.0, offset=10.0, label='Dog'),)
    >>> clean.cut, clean.merged
    (1, 1)
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
    """Joins overlapping events of one class; metrics refuse such pairs.

    Arguments
    ---------
    events : Iterable[Event]
        Events of one clip, in any order.

    Returns
    -------
    list[Event]
        By onset; the same sound, and no two events of one class overlap.

    Example
    -------
    >>> merge_overlaps([Event(0.0, 2.0, "Cat"), Event(1.0, 3.0, "Cat")])
    [Event(onset=0.0, offset=3.0, label='Cat')]
    """
    apart: list[Event] = []
    last: dict[str, int] = {}
    for event in sorted(events):
        place = last.get(event.label)
        if place is not None and event.onset < apart[place].offset:
            end = max(event.offset, apart[place].offset)
            apart[place] = apart[place]._replace(offset=end)
        else:
            last[event.label] = len(apart)
            apart.append(event)
    return sorted(apart)

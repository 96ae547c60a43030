"""Where a recording is cut into clips. All times are whole milliseconds."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """A part of a recording, or an event."""

    start: int
    stop: int


def training_windows(
    part: Span, events: Sequence[Span], length: int, step: int
) -> list[Span]:
    """Clips of which each event is whole in one.

    A clip begins a step after the one before it, or earlier, with an event
    that would only be seen cut. The last one begins earlier rather than being
    short. Events that are longer than a clip are cut all the same; events are
    sorted, and a step is no longer than a clip.

    >>> training_windows(Span(0, 25), [Span(8, 12)], 10, 10)
    [Span(start=0, stop=10), Span(start=8, stop=18), Span(start=15, stop=25)]
    >>> training_windows(Span(0, 20), [Span(3, 12)], 10, 5)
    [Span(start=0, stop=10), Span(start=3, stop=13), Span(start=8, stop=18), \
Span(start=10, stop=20)]
    """
    onsets = [event.start for event in events]
    windows, at = [], part.start
    while at + length < part.stop:
        stop, after = at + length, at + step
        windows.append(Span(at, stop))
        # Those that the next clip would not have from their onset on.
        lost = events[bisect_right(onsets, at) : bisect_left(onsets, after)]
        cut = [x.start for x in lost if stop < x.stop <= x.start + length]
        at = min(cut, default=after)
    return [*windows, Span(max(part.start, part.stop - length), part.stop)]


def scoring_windows(
    part: Span, events: Sequence[Span], length: int
) -> list[Span]:
    """Clips that do not overlap, with borders between events.

    So each event is scored once, and whole. Clips are as long as a border
    between events allows; where there is none, events are cut.

    >>> scoring_windows(Span(0, 25), [Span(8, 12), Span(12, 30)], 10)
    [Span(start=0, stop=8), Span(start=8, stop=12), Span(start=12, stop=22), \
Span(start=22, stop=25)]
    """
    sounding = joined(events, touching=False)
    starts = [span.start for span in sounding]
    windows, at = [], part.start
    while at < part.stop:
        stop = min(at + length, part.stop)
        last = bisect_left(starts, stop) - 1
        if stop < part.stop and last >= 0 and sounding[last].stop > stop:
            # Without a time in reach at which no event sounds, some are cut.
            stop = starts[last] if starts[last] > at else stop
        windows.append(Span(at, stop))
        at = stop
    return windows


def unlabeled_windows(part: Span, length: int) -> list[Span]:
    """Clips side by side; less than half a clip at the end is left out.

    >>> unlabeled_windows(Span(0, 26), 10)
    [Span(start=0, stop=10), Span(start=10, stop=20), Span(start=20, stop=26)]
    """
    starts = range(part.start, part.stop, length)
    spans = [Span(at, min(at + length, part.stop)) for at in starts]
    return [x for x in spans if 2 * (x.stop - x.start) >= length]


def gaps(parts: Sequence[Span], whole: Span) -> list[Span]:
    """What of a recording is in none of some parts.

    >>> gaps([Span(2, 4), Span(3, 5)], Span(0, 9))
    [Span(start=0, stop=2), Span(start=5, stop=9)]
    """
    found, at = [], whole.start
    for part in sorted(parts):
        if part.start > at:
            found.append(Span(at, part.start))
        at = max(at, part.stop)
    return [*found, Span(at, whole.stop)] if at < whole.stop else found


def joined(parts: Sequence[Span], *, touching: bool = True) -> list[Span]:
    """Parts that overlap (or touch), as one.

    >>> joined([Span(3, 5), Span(0, 1), Span(4, 9)])
    [Span(start=0, stop=1), Span(start=3, stop=9)]
    """
    found: list[Span] = []
    for part in sorted(parts):
        if found and part.start < found[-1].stop + touching:
            stop = max(found[-1].stop, part.stop)
            found[-1] = Span(found[-1].start, stop)
        else:
            found.append(part)
    return found


def floor_ms(seconds: float) -> int:
    """Whole milliseconds, not after a time."""
    # A time such as 1.001 s times 1000 is a little less than 1001.
    return math.floor(round(1000 * seconds, 3))


def ceil_ms(seconds: float) -> int:
    """Whole milliseconds, not before a time."""
    return math.ceil(round(1000 * seconds, 3))

"""Events of one clip and class under hysteresis and rules, one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Event = tuple[int, int]


def held_runs(
    scores: Sequence[float], edges: Sequence[int], upper: float, lower: float
) -> list[Event]:
    """Events begin above ``upper`` and go on while above ``lower``."""
    events, begin = [], None
    for score, start in zip(scores, edges[:-1], strict=True):
        if begin is None and score > upper:
            begin = start
        elif begin is not None and score <= lower:
            events.append((begin, start))
            begin = None
    if begin is not None:
        events.append((begin, edges[-1]))
    return events


def ruled(
    events: Sequence[Event], begin: int, end: int, rules: Mapping[str, int]
) -> list[tuple[Event, Event]]:
    """Events after the rules, padded and not; all in milliseconds."""
    closed: list[Event] = []
    for onset, offset in events:
        if closed and onset - closed[-1][1] <= rules["close_th"]:
            closed[-1] = closed[-1][0], offset
        else:
            closed.append((onset, offset))
    result: list[tuple[Event, Event]] = []
    for onset, offset in closed:
        if offset - onset < rules["len_th"]:
            continue
        padded = (
            max(onset - rules["pad_before"], begin),
            min(offset + rules["pad_after"], end),
        )
        if result and padded[0] <= result[-1][0][1]:
            (first, _), (core, _) = result[-1]
            result[-1] = (first, padded[1]), (core, offset)
        else:
            result.append((padded, (onset, offset)))
    return result


def mean_score(
    scores: Sequence[float], edges: Sequence[int], event: Event
) -> float:
    """Mean score within an event, by time."""
    area = sum(
        score * max(0, min(stop, event[1]) - max(start, event[0]))
        for score, start, stop in zip(
            scores, edges[:-1], edges[1:], strict=True
        )
    )
    return area / (event[1] - event[0])

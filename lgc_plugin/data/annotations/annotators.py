"""One truth out of the events of several annotators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from lgc_plugin.data.annotations.overlaps import merge_overlaps
from lgc_plugin.data.annotations.table import (
    OPTIONAL_COLUMNS,
    STRONG_COLUMNS,
    StrongAnnotations,
    annotations_of,
)
from lgc_plugin.types import Event


def merge_annotators(
    annotations: StrongAnnotations, how: str
) -> StrongAnnotations:
    """Joins the events of several annotators, clip by clip.

    Annotators of a clip are those with an event in it. Where there is only
    one, all stays as it is.
    """
    events = annotations.events
    if "annotator" not in events:
        return annotations
    counts = events.groupby("filename").annotator.nunique()
    several = (counts > 1).sum()
    if not several:
        return annotations
    note = f"{several} recordings have several annotators: "
    if how == "all":
        note += "all events are kept (--annotators)"
        return replace(annotations, notes=(*annotations.notes, note))
    others = (x for x in OPTIONAL_COLUMNS if x in events)
    more = [name for name in others if name != "annotator"]
    rows: list[tuple] = []
    for name, clip in events.groupby("filename", sort=False):
        if counts[name] < 2:
            kept = clip[[*STRONG_COLUMNS, *more]]
            rows += list(kept.itertuples(index=False, name=None))
        else:
            merged = _merged(clip, how)
            rows += [(name, *event, *[None] * len(more)) for event in merged]
    note += "events are what "
    note += "more than half of them" if how == "majority" else "any of them"
    note += " marked (--annotators)"
    if more:
        note += f", without {', '.join(more)}"
    return replace(
        annotations,
        events=annotations_of(rows, more=more).events,
        notes=(*annotations.notes, note),
    )


def _merged(clip: pd.DataFrame, how: str) -> list[Event]:
    count = clip.annotator.nunique()
    least = count // 2 + 1 if how == "majority" else 1
    by_label: dict[str, list[Event]] = {}
    for _, own in clip.groupby("annotator", sort=False):
        columns = own[list(STRONG_COLUMNS[1:])].itertuples(index=False)
        for event in merge_overlaps(Event(*row) for row in columns):
            by_label.setdefault(event.label, []).append(event)
    return sorted(
        Event(onset, offset, label)
        for label, events in by_label.items()
        for onset, offset in _where(events, least)
    )


def _where(
    events: Sequence[Event], least: int
) -> Iterator[tuple[float, float]]:
    """Where that many events are at once."""
    changes: Counter[float] = Counter()
    for event in events:
        changes[event.onset] += 1
        changes[event.offset] -= 1
    active, begin = 0, None
    for time in sorted(changes):
        active += changes[time]
        if active >= least and begin is None:
            begin = time
        elif active < least and begin is not None:
            yield begin, time
            begin = None

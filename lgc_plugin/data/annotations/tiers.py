"""What formats with tiers share: choosing tiers, and filling them."""

from __future__ import annotations

from collections.abc import Sequence

from lgc_plugin.data.annotations.formats import AnnotationFile, ReadOptions
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
)


def check_tiers(
    file: AnnotationFile,
    names: Sequence[str],
    options: ReadOptions,
    events: EventCollector,
) -> None:
    """Refuses tiers that are not there, and notes which were read."""
    missing = [name for name in options.tiers if name not in names]
    shown = ", ".join(map(repr, dict.fromkeys(names))) or "none"
    if missing:
        raise ValueError(
            f"{file.path}: no tier {missing[0]!r}: there are {shown}"
        )
    if not options.tiers and len(set(names)) > 1:
        what = "events are those of several tiers (--tiers chooses)"
        events.note_file(file.path, what, shown)


def tiers_of(events: Sequence[dict]) -> list[tuple[str, list[dict]]]:
    """The events of each class by onset; more tiers where they overlap."""
    tiers: dict[str, list[list[dict]]] = {}
    for event in sorted(events, key=lambda x: (x["onset"], x["offset"])):
        rows = tiers.setdefault(event["event_label"], [])
        free = (x for x in rows if x[-1]["offset"] <= event["onset"])
        tier = next(free, None)
        if tier is None:
            rows.append([event])
        else:
            tier.append(event)
    return [(name, row) for name in sorted(tiers) for row in tiers[name]]


def write_length(
    annotations: StrongAnnotations,
    filename: str,
    events: Sequence[dict],
    format: str,
    notes: list[str],
) -> float:
    """Seconds of a recording; at least until the last of its events."""
    last = max((event["offset"] for event in events), default=0.0)
    known = annotations.durations.get(filename)
    if known is not None:
        return max(known, last)
    note = (
        f"the lengths of recordings are unknown: each {format} ends with the "
        "last event (after 1 s where there is none); --audio gives them"
    )
    if note not in notes:
        notes.append(note)
    return last or 1.0

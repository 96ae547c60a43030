"""What is known of every recording: annotated parts, events, tags, group."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lgc_plugin.data.annotations import (
    ReadOptions,
    StrongAnnotations,
    clean_events,
    read_annotation_files,
)
from lgc_plugin.data.own.classes import Classes, alike, choose_classes
from lgc_plugin.data.own.copies import find_copies
from lgc_plugin.data.own.cutting import Span, ceil_ms, floor_ms
from lgc_plugin.data.own.names import NameMatcher
from lgc_plugin.data.own.options import FOLDERS, DatasetOptions
from lgc_plugin.data.own.ranges import Range, annotated_parts
from lgc_plugin.data.own.sources import Source, SourceFolder
from lgc_plugin.data.own.tables import (
    read_groups,
    read_label_map,
    read_tags,
)
from lgc_plugin.types import Event

_DROPPED = "left out since their recording ends before"


@dataclass(frozen=True)
class Recording:
    """A recording, and what is known of it; times are within it."""

    source: Source
    group: str
    #: Of the classes, by onset; no two of one class overlap.
    events: tuple[Event, ...] = ()
    #: The annotated parts, by start.
    ranges: tuple[Range, ...] = ()
    #: Classes that sound somewhere in it; None without tags.
    tags: tuple[str, ...] | None = None

    def events_in(self, start: float, stop: float) -> list[Event]:
        """The events that sound between two times, in seconds."""
        first = bisect_left(self._onsets, start - self._longest)
        last = bisect_left(self._onsets, stop)
        return [x for x in self.events[first:last] if x.offset > start]

    @cached_property
    def _onsets(self) -> list[float]:
        return [event.onset for event in self.events]

    @cached_property
    def _longest(self) -> float:
        return max((x.offset - x.onset for x in self.events), default=0.0)


@dataclass
class Known:
    """All recordings, and what became of their annotation."""

    recordings: list[Recording]
    classes: Classes
    #: Annotated recordings without audio.
    missing: list[str] = field(default_factory=list)
    #: What was understood, changed or left out, in sentences.
    notes: list[str] = field(default_factory=list)


def read_known(
    folder: SourceFolder,
    annotations: Sequence[str | Path],
    options: DatasetOptions,
    reading: ReadOptions,
) -> Known:
    """Reads annotations and tables, and assigns them to recordings."""
    matcher = NameMatcher((*folder.sources, *folder.broken))
    notes = list(folder.notes)
    table = StrongAnnotations(*_nothing())
    if annotations:
        table = read_annotation_files(annotations, reading)
        notes += table.notes
    tags = read_tags(options, folder.sources, matcher, notes)
    if not annotations and not tags:
        raise ValueError("neither annotations nor tags: give at least one")
    by_source, missing = _by_source(table, matcher)
    if table.filenames and not by_source:
        raise ValueError(
            f"none of {len(table.filenames)} annotated recordings is there, "
            f"such as {table.filenames[0]!r}: the names must be those of the "
            "recordings"
        )
    if options.tags == FOLDERS:
        # What lies beside annotations need not be called after its class.
        tags = {x: tag for x, tag in tags.items() if not by_source.get(x)}
    classes = _classes(by_source, tags, options, notes)
    ranges = annotated_parts(by_source, matcher, classes, options, notes)
    groups = read_groups(options, folder.sources, matcher, notes)
    groups = _with_copies(groups, find_copies(folder.sources), notes)
    changes: dict[str, Counter[str]] = {}
    recordings = [
        Recording(
            source,
            groups[source],
            _events(by_source.get(source, ()), source, classes, changes),
            tuple(ranges.get(source, ())),
            classes.of(tags[source]) if source in tags else None,
        )
        for source in folder.sources
    ]
    n_events = sum(map(len, by_source.values()))
    _check_units(changes, n_events)
    notes += [
        f"events {what}: {counts.total()}, the first of {next(iter(counts))}"
        for what, counts in changes.items()
    ]
    return Known(recordings, classes, missing, notes)


def _nothing() -> tuple:
    import pandas as pd

    columns = ["filename", "onset", "offset", "event_label"]
    return pd.DataFrame(columns=columns), ()


def _by_source(
    table: StrongAnnotations, matcher: NameMatcher
) -> tuple[dict[Source, list[Event]], list[str]]:
    """The annotated recordings, and the names of those without audio."""
    found: dict[Source, list[Event]] = {}
    sources = matcher.find_all(table.filenames)
    for name, events in table.by_clip().items():
        source = sources.get(name)
        if source is not None and source.n_samples:
            found.setdefault(source, []).extend(events)
    return found, [x for x in table.filenames if x not in sources]


def _classes(
    by_source: dict[Source, list[Event]],
    tags: dict[Source, tuple[str, ...]],
    options: DatasetOptions,
    notes: list[str],
) -> Classes:
    counts = Counter(
        event.label for events in by_source.values() for event in events
    )
    counts.update(label for labels in tags.values() for label in labels)
    classes = choose_classes(counts, read_label_map(options.label_map), options)
    for label, why in classes.left_out.items():
        notes.append(f"label {label!r} ({counts[label]}) is left out: {why}")
    kept = [x for x in counts if x in classes.by_label]
    for group in alike(kept):
        if len({classes.by_label[label] for label in group}) > 1:
            shown = ", ".join(map(repr, group))
            notes.append(
                f"labels {shown} are alike and different classes: join them "
                "by a label map if they mean the same"
            )
    return classes


def _events(
    events: Iterable[Event],
    source: Source,
    classes: Classes,
    changes: dict[str, Counter[str]],
) -> tuple[Event, ...]:
    """The events of classes, fitted to the recording."""
    named = [
        event._replace(label=classes.by_label[event.label])
        for event in events
        if event.label in classes.by_label
    ]
    clean = clean_events(named, source.seconds)
    for what, number in (
        ("cut at the end of their recording", clean.cut),
        (_DROPPED, clean.dropped),
        ("joined to an overlapping event of their class", clean.merged),
    ):
        if number:
            changes.setdefault(what, Counter())[source.name] = number
    return clean.events


def _check_units(changes: dict[str, Counter[str]], n_events: int) -> None:
    lost = changes.get(_DROPPED, Counter()).total()
    if lost > n_events / 2:
        raise ValueError(
            f"{lost} of {n_events} events begin after the end of their "
            "recordings: if times are in ms or samples, give the unit "
            "(--time-unit)"
        )


def _with_copies(
    groups: dict[Source, str],
    copies: Iterable[Sequence[Source]],
    notes: list[str],
) -> dict[Source, str]:
    """Recordings with the same content are of one group."""
    becomes: dict[str, str] = {}

    def last(name: str) -> str:
        while name in becomes:
            name = becomes[name]
        return name

    for same in copies:
        shown = ", ".join(source.name for source in same)
        notes.append(f"the same recording, kept in one set: {shown}")
        for source in same[1:]:
            first, second = sorted(
                (last(groups[same[0]]), last(groups[source]))
            )
            if first != second:
                becomes[second] = first
    return {source: last(name) for source, name in groups.items()}


def spans_of(events: Iterable[Event]) -> list[Span]:
    """Events in whole milliseconds."""
    return [Span(floor_ms(x.onset), ceil_ms(x.offset)) for x in events]

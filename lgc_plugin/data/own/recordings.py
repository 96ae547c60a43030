"""What is known of every recording: annotated parts, events, tags, group."""

from __future__ import annotations

import math
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
from lgc_plugin.data.own.cutting import Span, joined
from lgc_plugin.data.own.names import NameMatcher
from lgc_plugin.data.own.options import ANNOTATED, DatasetOptions
from lgc_plugin.data.own.sources import Source, SourceFolder
from lgc_plugin.data.own.tables import (
    Range,
    read_groups,
    read_label_map,
    read_ranges,
    read_tags,
)
from lgc_plugin.types import Event


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

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The events in whole milliseconds."""
        return tuple(
            Span(_floor(x.onset), _ceil(x.offset)) for x in self.events
        )

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
    classes = _classes(by_source, tags, options, notes)
    ranges = _ranges(by_source, matcher, options, notes)
    groups = read_groups(options, folder.sources, matcher)
    groups = _with_duplicates(groups, folder.sources, notes)
    changes: Counter[str] = Counter()
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
    notes += [f"events {what}: {n}" for what, n in changes.items() if n]
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


def _ranges(
    by_source: dict[Source, list[Event]],
    matcher: NameMatcher,
    options: DatasetOptions,
    notes: list[str],
) -> dict[Source, list[Range]]:
    """The annotated parts of every annotated recording."""
    if options.annotated not in ANNOTATED:
        table = read_ranges(Path(options.annotated), matcher)
        return {
            source: _joined(part for _, part in rows)
            for source, rows in table.items()
        }
    if options.annotated == "whole":
        return {x: [Range(0, x.milliseconds)] for x in by_source}
    ranges = {}
    for source, events in by_source.items():
        end = source.milliseconds
        inside = [x for x in events if _floor(x.onset) < end]
        if inside:
            first = _floor(min(event.onset for event in inside))
            last = _ceil(max(event.offset for event in inside))
            ranges[source] = [Range(first, min(last, end))]
    if n_empty := len(by_source) - len(ranges):
        notes.append(
            f"annotated recordings without any event: {n_empty}, taken for "
            "unlabeled (with annotated 'whole', they are without events)"
        )
    return ranges


def _joined(parts: Iterable[Range]) -> list[Range]:
    """Sorted parts; those of the same labels that touch are one."""
    by_labels: dict[frozenset[str] | None, list[Span]] = {}
    for part in parts:
        by_labels.setdefault(part.covered, []).append(Span(*part[:2]))
    return sorted(
        (
            Range(*span, covered)
            for covered, spans in by_labels.items()
            for span in joined(spans)
        ),
        key=lambda part: part[:2],
    )


def _events(
    events: Iterable[Event],
    source: Source,
    classes: Classes,
    changes: Counter[str],
) -> tuple[Event, ...]:
    """The events of classes, fitted to the recording."""
    named = [
        event._replace(label=classes.by_label[event.label])
        for event in events
        if event.label in classes.by_label
    ]
    clean = clean_events(named, source.seconds)
    changes["cut at the end of their recording"] += clean.cut
    changes["left out since their recording ends before"] += clean.dropped
    changes["joined to an overlapping event of their class"] += clean.merged
    return clean.events


def _check_units(changes: Counter[str], n_events: int) -> None:
    lost = changes["left out since their recording ends before"]
    if lost > n_events / 2:
        raise ValueError(
            f"{lost} of {n_events} events begin after the end of their "
            "recordings: if times are in ms or samples, give the unit "
            "(time_unit)"
        )


def _with_duplicates(
    groups: dict[Source, str],
    sources: Iterable[Source],
    notes: list[str],
) -> dict[Source, str]:
    """Recordings with the same content are of one group."""
    by_digest: dict[str, list[Source]] = {}
    for source in sources:
        by_digest.setdefault(source.digest, []).append(source)
    becomes: dict[str, str] = {}

    def last(name: str) -> str:
        while name in becomes:
            name = becomes[name]
        return name

    for same in by_digest.values():
        if len(same) > 1:
            shown = ", ".join(source.name for source in same)
            notes.append(f"the same recording, kept in one set: {shown}")
        for source in same[1:]:
            first, second = sorted(
                (last(groups[same[0]]), last(groups[source]))
            )
            if first != second:
                becomes[second] = first
    return {source: last(name) for source, name in groups.items()}


def _floor(seconds: float) -> int:
    # A time such as 1.001 s times 1000 is a little less than 1001.
    return math.floor(round(1000 * seconds, 3))


def _ceil(seconds: float) -> int:
    return math.ceil(round(1000 * seconds, 3))

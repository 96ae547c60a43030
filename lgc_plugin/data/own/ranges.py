"""The parts of recordings that are annotated."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lgc_plugin.data.own.classes import Classes
from lgc_plugin.data.own.cutting import Span, ceil_ms, floor_ms, joined
from lgc_plugin.data.own.names import NameMatcher
from lgc_plugin.data.own.options import ANNOTATED, DatasetOptions
from lgc_plugin.data.own.sources import Source
from lgc_plugin.data.table_files import Row, TableFile
from lgc_plugin.types import Event

_COVERED = "event_labels"


class Range(NamedTuple):
    """A part of a recording that is annotated."""

    #: Milliseconds.
    start: int
    stop: int
    #: The labels that were annotated there; None for all.
    covered: frozenset[str] | None = None

    @property
    def span(self) -> Span:
        """Its times."""
        return Span(self.start, self.stop)


def annotated_parts(
    by_source: dict[Source, list[Event]],
    matcher: NameMatcher,
    classes: Classes,
    options: DatasetOptions,
    notes: list[str],
) -> dict[Source, list[Range]]:
    """The annotated parts of every annotated recording."""
    if options.annotated not in ANNOTATED:
        table = read_ranges(Path(options.annotated), matcher)
        parts = {x: _joined(y for _, y in rows) for x, rows in table.items()}
        return _without_unknown(parts, classes, options, notes)
    if options.annotated == "whole":
        return {x: [Range(0, x.milliseconds)] for x in by_source}
    ranges = {}
    for source, events in by_source.items():
        end = source.milliseconds
        inside = [x for x in events if floor_ms(x.onset) < end]
        if inside:
            first = floor_ms(min(event.onset for event in inside))
            last = ceil_ms(max(event.offset for event in inside))
            ranges[source] = [Range(first, min(last, end))]
    if n_empty := len(by_source) - len(ranges):
        notes.append(
            f"annotated recordings without any event: {n_empty}, taken for "
            "unlabeled (with annotated 'whole', they are without events)"
        )
    return ranges


def _without_unknown(
    ranges: dict[Source, list[Range]],
    classes: Classes,
    options: DatasetOptions,
    notes: list[str],
) -> dict[Source, list[Range]]:
    """Without the parts that are annotated for none of the classes."""
    covered = {x for parts in ranges.values() for x in parts if x.covered}
    labels = {label for part in covered for label in part.covered or ()}
    if odd := sorted(labels - classes.known):
        shown = ", ".join(map(repr, odd))
        notes.append(
            f"{Path(options.annotated).name}: {_COVERED} has {shown}, of which "
            "there is no event: correct what is misspelt"
        )
    useless = {
        part
        for part in covered
        if classes.unknown(part.covered) == classes.names
    }
    return {
        source: [part for part in parts if part not in useless]
        for source, parts in ranges.items()
    }


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


def read_ranges(
    path: Path, matcher: NameMatcher
) -> dict[Source, list[tuple[Row, Range]]]:
    """Annotated parts: ``filename onset offset``, perhaps ``event_labels``."""
    table = TableFile.read(path)
    more = [_COVERED] if _COVERED in table.header else []
    ranges: dict[Source, list[tuple[Row, Range]]] = {}
    for row in table.rows(["filename", "onset", "offset", *more]):
        onset, offset = row.seconds("onset"), row.seconds("offset")
        row.check(onset < offset, "offset must lie after onset: correct it")
        source = _source(row, matcher)
        if not source.n_samples:  # that it is left out is noted elsewhere
            continue
        row.check(
            offset <= source.seconds + 0.1,
            f"the recording ends at {source.seconds:.3f} s: correct offset",
        )
        covered = None
        if more and row[_COVERED]:
            covered = frozenset(map(str.strip, row[_COVERED].split(",")))
        stop = min(round(1000 * offset), source.milliseconds)
        part = Range(round(1000 * onset), stop, covered)
        for other_row, other in ranges.get(source, []):
            apart = part.stop <= other.start or other.stop <= part.start
            row.check(
                apart or part.covered == other.covered,
                f"overlaps the range of {other_row.where}, which covers other "
                "labels: part them",
            )
        ranges.setdefault(source, []).append((row, part))
    return ranges


def _source(row: Row, matcher: NameMatcher) -> Source:
    source = matcher.find(row["filename"])
    row.check(source is not None, "there is no such recording: correct it")
    assert source is not None
    return source

"""Tables (TSV with a header) of what is known of recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lgc_plugin.data.annotations import read_weak
from lgc_plugin.data.fields import check_label
from lgc_plugin.data.own.cutting import Span
from lgc_plugin.data.own.names import NameMatcher
from lgc_plugin.data.own.options import FOLDERS, GROUPS, DatasetOptions
from lgc_plugin.data.own.sources import Source
from lgc_plugin.data.soundscapes.bank import recording_of
from lgc_plugin.data.table_files import Row, TableFile

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


def read_tags(
    options: DatasetOptions,
    sources: tuple[Source, ...],
    matcher: NameMatcher,
    notes: list[str],
) -> dict[Source, tuple[str, ...]]:
    """The tags of recordings, of a table or of the names of their folders."""
    if options.tags is None:
        return {}
    if options.tags == FOLDERS:
        return {
            source: (check_label(Path(source.name).parent.name),)
            for source in sources
            if "/" in source.name
        }
    tags: dict[Source, tuple[str, ...]] = {}
    missing = []
    for name, labels in read_weak(options.tags).items():
        source = matcher.find(name)
        if source is None:
            missing.append(name)
        elif source.n_samples:
            known = tags.get(source, ())
            tags[source] = tuple(dict.fromkeys((*known, *labels)))
    if missing:
        notes.append(
            f"{options.tags}: {len(missing)} recordings are not there, the "
            f"first is {missing[0]}"
        )
    return tags


def read_label_map(path: Path | None) -> dict[str, str]:
    """Classes by label: ``label class``; without class, it is left out."""
    if path is None:
        return {}
    found: dict[str, str] = {}
    for row in TableFile.read(path).rows(["label", "class"]):
        label = row["label"]
        row.check(bool(label), "the label is missing")
        row.check(label not in found, "the label comes twice: remove one row")
        if row["class"]:
            check_label(row["class"])
        found[label] = row["class"]
    return found


def read_groups(
    options: DatasetOptions,
    sources: tuple[Source, ...],
    matcher: NameMatcher,
) -> dict[Source, str]:
    """What each recording is kept together with, by the name of the group."""
    if options.group_pattern is not None:
        return {
            source: recording_of(Path(source.name), options.group_pattern)
            for source in sources
        }
    if options.groups == GROUPS[0]:
        return {source: source.name for source in sources}
    if options.groups == GROUPS[1]:
        return {
            source: Path(source.name).parent.as_posix() for source in sources
        }
    groups: dict[Source, str] = {}
    for row in TableFile.read(options.groups).rows(["filename", "group"]):
        row.check(bool(row["group"]), "the group is missing")
        found = matcher.find(row["filename"])
        if found is not None:
            known = groups.setdefault(found, row["group"])
            row.check(known == row["group"], f"is of group {known!r} before")
    _check_all(groups, sources, options.groups)
    return groups


def _check_all(
    groups: Mapping[Source, str], sources: tuple[Source, ...], table: str
) -> None:
    missing = [source.name for source in sources if source not in groups]
    if missing:
        raise ValueError(
            f"{table}: no group of {missing[0]}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + ": add a row for each recording"
        )


def _source(row: Row, matcher: NameMatcher) -> Source:
    source = matcher.find(row["filename"])
    row.check(source is not None, "there is no such recording: correct it")
    assert source is not None
    return source

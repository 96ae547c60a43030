"""Tables (TSV with a header) of what is known of recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lgc_plugin.data.annotations import read_weak
from lgc_plugin.data.fields import check_label
from lgc_plugin.data.own.names import NameMatcher
from lgc_plugin.data.own.options import FOLDERS, GROUPS, DatasetOptions
from lgc_plugin.data.own.sources import Source
from lgc_plugin.data.soundscapes.bank import recording_of
from lgc_plugin.data.table_files import TableFile
from lgc_plugin.utils.text import counted


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
        above = [x.name for x in sources if "/" not in x.name]
        if above:
            notes.append(
                f"recordings in no folder, without a tag: {len(above)}, such "
                f"as {above[0]}"
            )
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
    _note_missing(options.tags, missing, notes)
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
    notes: list[str],
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
    missing = []
    for row in TableFile.read(options.groups).rows(["filename", "group"]):
        row.check(bool(row["group"]), "the group is missing")
        found = matcher.find(row["filename"])
        if found is None:
            missing.append(row["filename"])
            continue
        known = groups.setdefault(found, row["group"])
        row.check(known == row["group"], f"is of group {known!r} before")
    _note_missing(options.groups, missing, notes)
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


def _note_missing(table: str, names: Sequence[str], notes: list[str]) -> None:
    if names:
        notes.append(
            f"{Path(table).name}: {counted(len(names), 'row')} of recordings "
            f"that are not there, the first is {names[0]}"
        )

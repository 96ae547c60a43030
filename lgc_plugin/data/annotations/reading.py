"""Reads annotations of any format, and notes which it was."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from lgc_plugin.data.annotation_names import ANNOTATORS
from lgc_plugin.data.annotations.annotators import merge_annotators
from lgc_plugin.data.annotations.formats import (
    AnnotationFile,
    Format,
    ReadOptions,
    Recognition,
)
from lgc_plugin.data.annotations.json_text import may_be_json, parse_object
from lgc_plugin.data.annotations.realdesed import MERGED, METADATA, RAW
from lgc_plugin.data.annotations.recordings import Recordings
from lgc_plugin.data.annotations.registry import (
    FORMATS,
    SUFFIXES,
    format_named,
    recognize_format,
)
from lgc_plugin.data.annotations.table import (
    EventCollector,
    StrongAnnotations,
)
from lgc_plugin.utils.text import read_text

_NAMES_SHOWN = 3
_Found: TypeAlias = tuple[AnnotationFile, Format, Recognition | None]


def read_annotation_files(
    paths: Sequence[str | Path],
    options: ReadOptions | None = None,
    *,
    labels: Collection[str] | None = None,
) -> StrongAnnotations:
    r"""Reads files, or folders of files, of one format into one table.

    Arguments
    ---------
    paths : Sequence[str or Path]
        Files; of folders, the files with usual suffixes, at any depth. Files
        of one recording are named for it (``a.txt`` for ``a.wav``).
    options : ReadOptions, optional
        How to read what the files do not state. By default, the format is
        recognized by the content.
    labels : Collection[str], optional
        All classes; others are refused.

    Returns
    -------
    StrongAnnotations
        The events in seconds, by file; notes state what was recognized, and
        what was left out.

    Raises
    ------
    FileNotFoundError
        If nothing is there, or in a folder.
    ValueError
        If no format fits, two do, or a row cannot be right.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> _ = (folder / "a.txt").write_text("0.5\t1.5\tDog\n2.0\t2.0\tx\n")
    >>> annotations = read_annotation_files([folder / "a.txt"])
    >>> annotations.events.values.tolist()
    [['a.wav', 0.5, 1.5, 'Dog']]
    >>> annotations.notes[0][:34]
    'taken for label track of Audacity '
    """
    options = options or ReadOptions()
    if options.annotators not in (None, *ANNOTATORS):
        raise ValueError(
            f"annotators is {options.annotators!r}: it must be one of "
            f"{', '.join(ANNOTATORS)}"
        )
    recordings = Recordings(options.audio)
    events = EventCollector(labels)
    found: list[_Found] = []
    skipped: list[Path] = []
    suffixes = SUFFIXES
    if options.format is not None:
        suffixes = frozenset(
            suffix.lower() for suffix in format_named(options.format).suffixes
        )
    given: set[Path] = set()
    for path, root in _files(paths, suffixes):
        if path.resolve() in given:
            continue
        given.add(path.resolve())
        file = AnnotationFile(path, read_text(path), recordings, root)
        match = _format_of(file, options)
        if match is not None:
            found.append((file, *match))
        else:
            skipped.append(path)
    found = _with_empty_files(found)
    _check(found, skipped, paths)
    found[0][1].check_options(options)
    for file, kind, _ in found:
        kind.read(file, events, options)
    table = events.collected()
    files, kinds, recognitions = zip(*found, strict=True)
    raw = kinds[0].name == "realdesed"
    how = options.annotators or ("majority" if raw else "all")
    if kinds[0].no_suffixes:
        table = _with_full_names(table, recordings)
    table = merge_annotators(table, how)
    notes = [
        _headline(kinds[0], len(files), recognitions[0]),
        *_skipped_note(skipped),
        *recordings.notes(),
        *table.notes,
    ]
    return replace(table, notes=tuple(notes), format=kinds[0].name)


def _files(
    paths: Sequence[str | Path], suffixes: frozenset[str]
) -> Iterator[tuple[Path, Path | None]]:
    """Files, and the folder in which each was found."""
    for path in map(Path, paths):
        if not path.is_dir():
            if not path.exists():
                raise FileNotFoundError(f"{path}: no such file or folder")
            yield path, None
            continue
        inside = [
            each
            for each in sorted(path.rglob("*"))
            if each.suffix.lower() in suffixes
            and each.is_file()
            and not any(
                part.startswith(".") for part in each.relative_to(path).parts
            )
        ]
        if not inside:
            raise FileNotFoundError(
                f"{path}: no annotations in it: they end in "
                f"{', '.join(sorted(suffixes))}"
            )
        for each in inside:
            # RealDESED's metadata are read with the annotations.
            merged = each.with_name(MERGED).exists()
            raw = each.with_name(RAW).exists()
            if each.name == METADATA and (merged or raw):
                continue
            if each.name != RAW or not merged:
                yield each, path


def _format_of(
    file: AnnotationFile, options: ReadOptions
) -> tuple[Format, Recognition | None] | None:
    if options.format is not None:
        return format_named(options.format), None
    match = recognize_format(file)
    own = match is not None and "columns" in match[0].options
    if options.columns and not own:
        return FORMATS["csv"], Recognition(True, "columns are named")
    if match is None and may_be_json(file):
        parse_object(file)  # names the place of the damage
    if match is None and file.root is None:
        if not file.text.strip():
            raise ValueError(f"{file.path}: it is empty: no annotations in it")
        if not file.text.lstrip().startswith(("{", "[", "<")):
            # Names the column that is missing.
            FORMATS["csv"].read(file, EventCollector(), options)
    return match


def _with_empty_files(
    found: Sequence[_Found],
) -> list[_Found]:
    """The same; empty files are of the format of the others."""
    full = [each for each in found if each[0].text.strip()]
    if not full or full[0][1].name not in ("audacity", "dcase"):
        return list(found)
    match = full[0][1:]
    return [(x[0], *(x[1:] if x[0].text.strip() else match)) for x in found]


def _check(
    found: Sequence[_Found],
    skipped: Sequence[Path],
    paths: Sequence[str | Path],
) -> None:
    if not found:
        raise ValueError(
            f"{paths[0]}: of no known format is any of {len(skipped)} files, "
            f"such as {skipped[0]}: choose one of "
            f"{', '.join(sorted(FORMATS))}"
        )
    first = found[0]
    for file, kind, recognition in found:
        if kind is not first[1]:
            raise ValueError(
                f"{first[0].path} seems to be of the format {first[1].name} "
                f"({first[2].why if first[2] else ''}) and {file.path} of "
                f"{kind.name} ({recognition.why if recognition else ''}): "
                "give files of one format, or name it"
            )


def _with_full_names(
    table: StrongAnnotations, recordings: Recordings
) -> StrongAnnotations:
    """The same with the suffixes of the audio, where it is known."""
    names = {name: recordings.full_name(name) for name in table.filenames}
    if all(name == full for name, full in names.items()):
        return table
    return table.renamed(names)


def _headline(kind: Format, count: int, recognition: Recognition | None) -> str:
    files = f"{count} file{'' if count == 1 else 's'}"
    if recognition is None:
        return f"{kind.title} ({files}, as asked for)"
    perhaps = "" if recognition.sure else "taken for "
    return f"{perhaps}{kind.title} ({files}: {recognition.why})"


def _skipped_note(skipped: Sequence[Path]) -> list[str]:
    if not skipped:
        return []
    shown = ", ".join(map(str, skipped[:_NAMES_SHOWN]))
    more = len(skipped) - _NAMES_SHOWN
    also = f" and {more} more" if more > 0 else ""
    return [f"not read, of no known format: {shown}{also}"]

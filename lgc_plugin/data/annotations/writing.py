"""Writes annotations in any format, and reports what it cannot hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from lgc_plugin.data.annotation_names import RECORDING_SUFFIXES
from lgc_plugin.data.annotations.formats import Format, WriteOptions
from lgc_plugin.data.annotations.recordings import Recordings
from lgc_plugin.data.annotations.registry import format_named
from lgc_plugin.data.annotations.table import (
    OPTIONAL_COLUMNS,
    StrongAnnotations,
)
from lgc_plugin.data.fields import check_label, check_text
from lgc_plugin.utils.files import atomic_folder, write_text


def write_annotation_files(
    annotations: StrongAnnotations,
    path: str | Path,
    format: str,
    options: WriteOptions | None = None,
) -> list[str]:
    r"""Writes events to a file, or a folder of files, of a format.

    Arguments
    ---------
    annotations : StrongAnnotations
        The events, and the recordings without any.
    path : str or Path
        A file; of formats with a file for each recording, a folder that is
        not there or empty, or a file with the suffix of the format if there
        is only one recording.
    format : str
        A name in :data:`~lgc_plugin.data.annotations.registry.FORMATS`.
    options : WriteOptions, optional
        What some formats need beside the events.

    Returns
    -------
    list[str]
        What the format cannot hold and was left out, in sentences.

    Raises
    ------
    ValueError
        If the format is unknown, or cannot hold a label, a name or a time.
    FileExistsError
        If the folder has content.
    IsADirectoryError
        If the file is a folder.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> _ = (folder / "a.txt").write_text("0.5\t1.5\tDog\n")
    >>> from lgc_plugin.data.annotations import read_annotation_files
    >>> annotations = read_annotation_files([folder / "a.txt"])
    >>> write_annotation_files(annotations, folder / "a.rttm", "rttm")
    []
    >>> (folder / "a.rttm").read_text()
    'SPEAKER a.wav 1 0.500 1.000 <NA> <NA> Dog <NA> <NA>\n'
    """
    path, kind = Path(path), format_named(format)
    files, notes = annotation_texts(annotations, kind, options)
    if set(files) == {""}:
        if path.is_dir():
            raise IsADirectoryError(
                f"{path} is a folder, and {kind.title} is one file: name it, "
                f"as in {path / ('annotations' + kind.suffixes[0])}"
            )
        write_text(path, files[""])
    elif len(files) == 1 and _names_file(path, kind):
        ((name, text),) = files.items()
        write_text(path, text)
        notes += _renamed({path: name}, kind, path.parent)
    else:
        with atomic_folder(path) as folder:
            for name, text in files.items():
                write_text(folder / name, text)
        notes += _renamed({path / name: name for name in files}, kind, path)
    return notes


def _renamed(
    files: Mapping[Path, str], kind: Format, folder: Path
) -> list[str]:
    """Which recordings have another name when the files are read again."""
    suffix = RECORDING_SUFFIXES.get(kind.name)
    if suffix is None or kind.name in ("elan", "raven"):  # names are inside
        return []
    recordings = Recordings()
    changed = [
        (old, new)
        for path, name in files.items()
        for old in [name.removesuffix(suffix)]
        for new in [recordings.named_for(path, folder)]
        if old != new
    ]
    if not changed:
        return []
    old, new = changed[0]
    return [
        f"{kind.title}: files are named for recordings, so {old!r} is called "
        f"{new!r} when it is read again ({len(changed)} such)"
    ]


def _names_file(path: Path, kind: Format) -> bool:
    suffix = path.suffix.lower()
    return suffix in map(str.lower, kind.suffixes) and not path.is_dir()


def annotation_texts(
    annotations: StrongAnnotations,
    kind: Format,
    options: WriteOptions | None = None,
) -> tuple[dict[str, str], list[str]]:
    """The content of files by name, and what they do not hold."""
    for name in annotations.filenames:
        check_text("filename", name)
        if kind.per_recording:
            _check_inside(name)
    for label in annotations.events.event_label.unique():
        check_label(label)
    notes: list[str] = []
    lost = [
        name
        for name in OPTIONAL_COLUMNS
        if name in annotations.events and name not in kind.holds
    ]
    if lost:
        notes.append(f"{kind.title}: has no place for {', '.join(lost)}")
    silent = _silent(annotations)
    if silent and not kind.holds_silent:
        notes.append(
            f"{kind.title}: cannot name recordings without events: "
            f"{len(silent)} are left out, such as {silent[0]}"
        )
    files = kind.write(annotations, options or WriteOptions(), notes)
    return files, notes


def _silent(annotations: StrongAnnotations) -> Sequence[str]:
    named = set(annotations.events.filename)
    return [name for name in annotations.filenames if name not in named]


def _check_inside(name: str) -> None:
    path = PurePosixPath(name)
    if ".." in path.parts or path.is_absolute():
        raise ValueError(
            f"{name!r}: the name leads out of the folder of the results: "
            "rename the recording in the annotations"
        )

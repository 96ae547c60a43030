"""A bank of isolated sounds on disk: which files, classes and recordings.

A bank is a folder ``foreground/<Label>/*`` of isolated sounds and
``background/*`` of sounds that carry no event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lgc_plugin.data.audio_files import audio_suffixes

_ESC_STEM = re.compile(r"\d+-(\d+)-[A-Za-z]+-\d+")
_RESERVED = set(",;:\t\n")
BACKGROUND = "background"


@dataclass(frozen=True)
class Sound:
    """One audio file of a bank.

    Arguments
    ---------
    path : str
        The file.
    label : str
        Its class, without suffix; ``"background"`` for a background.
    recording : str
        The recording that it was cut from.
    no_onset : bool
        Whether the sound began before the file does.
    no_offset : bool
        Whether the sound went on after the file ends.
    """

    path: str
    label: str
    recording: str
    no_onset: bool = False
    no_offset: bool = False


@dataclass(frozen=True)
class Bank:
    """Sounds of a bank, or of one part of it.

    Arguments
    ---------
    foreground : Mapping[str, tuple[Sound, ...]]
        Sounds of each class that is labeled.
    non_target : Mapping[str, tuple[Sound, ...]]
        Sounds of each class that is mixed in but not labeled.
    background : tuple[Sound, ...]
        Backgrounds.
    """

    foreground: Mapping[str, tuple[Sound, ...]]
    non_target: Mapping[str, tuple[Sound, ...]]
    background: tuple[Sound, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labeled classes, in alphabetical order."""
        return tuple(sorted(self.foreground))

    def groups(self) -> dict[str, tuple[Sound, ...]]:
        """All sounds by class, backgrounds under ``"background"``.

        Returns
        -------
        dict[str, tuple[Sound, ...]]
        """
        return {
            **self.foreground,
            **self.non_target,
            BACKGROUND: self.background,
        }

    def keeping(self, recordings: Mapping[str, set[str]]) -> Bank:
        """The part of this bank that was cut from some recordings.

        Arguments
        ---------
        recordings : Mapping[str, set[str]]
            Recordings to keep of each group of :meth:`groups`.

        Returns
        -------
        Bank
        """

        def part(group: str, sounds: Iterable[Sound]) -> tuple[Sound, ...]:
            return tuple(s for s in sounds if s.recording in recordings[group])

        return Bank(
            {k: part(k, sounds) for k, sounds in self.foreground.items()},
            {k: part(k, sounds) for k, sounds in self.non_target.items()},
            part(BACKGROUND, self.background),
        )


def recording_of(
    path: str | Path, pattern: str | re.Pattern[str] | None = None
) -> str:
    """Name of the recording that a file was cut from.

    Arguments
    ---------
    path : str or Path
        The file; only its name counts.
    pattern : str or re.Pattern, optional
        A regular expression with one group, searched in the file name; the
        group is the recording. Without it, a name like ESC's
        ``1-187207-A-2.flac`` gives the number in second place, and any other
        name its whole stem.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the pattern is no regular expression with one group, or does not
        match the name.

    Example
    -------
    >>> recording_of("Dog/1-187207-A-2.flac"), recording_of("Dog/dog003.wav")
    ('187207', 'dog003')
    >>> recording_of("Dog/rex_take4.wav", r"^([a-z]+)_")
    'rex'
    """
    path = Path(path)
    if pattern is None:
        match = _ESC_STEM.fullmatch(path.stem)
        return match[1] if match else path.stem
    match = compiled_pattern(pattern).search(path.name)
    if match is None or not match[1]:
        raise ValueError(
            f"{path}: the name does not match the recording pattern "
            f"{pattern!r}: correct the pattern or rename the file"
        )
    return match[1]


def compiled_pattern(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    """A recording pattern, checked.

    Arguments
    ---------
    pattern : str or re.Pattern
        A regular expression with one group.

    Returns
    -------
    re.Pattern

    Raises
    ------
    ValueError
        If it is no regular expression, or has not one group.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(
            f"recording pattern {pattern!r} is no regular expression: {error}"
        ) from None
    if compiled.groups != 1:
        raise ValueError(
            f"recording pattern {pattern!r} has {compiled.groups} groups: put "
            "exactly one pair of brackets around what names the recording"
        )
    return compiled


def read_bank(
    folder: str | Path,
    *,
    non_target: Iterable[str] = (),
    recording_pattern: str | None = None,
) -> Bank:
    """Lists the sounds of a bank; no audio is read.

    Arguments
    ---------
    folder : str or Path
        Holds ``foreground/<Label>/*`` and ``background/*``. A label folder
        may end in ``_nOn`` (the file lacks the sound's onset), ``_nOff`` (it
        lacks the offset) or both; the label is what comes before. Folders
        within are searched too; files that are not audio are passed over.
    non_target : Iterable[str]
        Labels (without suffix) that are mixed in but not labeled.
    recording_pattern : str, optional
        See :func:`recording_of`.

    Returns
    -------
    Bank

    Raises
    ------
    FileNotFoundError
        If one of the two folders is missing.
    ValueError
        If a label cannot be used, a non-target label does not exist, or no
        labeled class is left.
    """
    folder = Path(folder)
    for name in ("foreground", BACKGROUND):
        if not (folder / name).is_dir():
            raise FileNotFoundError(
                f"{folder / name} is no folder: a bank holds "
                "foreground/<Label>/ and background/"
            )
    groups: dict[str, list[Sound]] = {}
    for part in sorted((folder / "foreground").iterdir()):
        if not part.is_dir() or part.name.startswith("."):
            continue
        label, no_onset, no_offset = _parse_label(part)
        groups.setdefault(label, []).extend(
            Sound(
                str(file),
                label,
                recording_of(file, recording_pattern),
                no_onset,
                no_offset,
            )
            for file in _audio_files(part)
        )
    others = set(non_target)
    if not others <= groups.keys():
        raise ValueError(
            f"non-target labels {sorted(others - groups.keys())} are not in "
            f"{folder / 'foreground'}: it holds {', '.join(groups) or 'none'}"
        )
    if not groups.keys() - others:
        raise ValueError(
            f"{folder / 'foreground'} holds no class to label: add folders "
            "named like the classes, or name fewer non-target labels"
        )
    return Bank(
        {k: tuple(v) for k, v in groups.items() if k not in others},
        {k: tuple(v) for k, v in groups.items() if k in others},
        tuple(
            Sound(str(file), BACKGROUND, recording_of(file, recording_pattern))
            for file in _audio_files(folder / BACKGROUND)
        ),
    )


def _parse_label(folder: Path) -> tuple[str, bool, bool]:
    """Label of a folder, whether its sounds lack onset, lack offset."""
    label, *endings = re.split(r"_(nOn|nOff)(?=_nOn|_nOff|$)", folder.name)
    if not label or label == BACKGROUND or _RESERVED & set(label):
        raise ValueError(
            f"{folder}: {label!r} cannot be a label: rename the folder "
            f"(not {BACKGROUND!r}, no comma, colon or semicolon)"
        )
    return label, "nOn" in endings, "nOff" in endings


def _audio_files(folder: Path) -> list[Path]:
    suffixes = audio_suffixes()
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in suffixes and not file.name.startswith(".")
    )

"""A bank of isolated sounds on disk: which files, classes and recordings.

A bank is a folder ``foreground/<Label>/*`` of isolated sounds and
``background/*`` of sounds that carry no event. Sounds cut from one recording
resemble each other, so a bank is split by recording, never by file.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lgc_plugin.data.audio_search import search_audio

logger = logging.getLogger(__name__)

_ESC_STEM = re.compile(r"\d+-(\d+)-[A-Za-z]+-\d+")
_RESERVED = set(",;:\t\n")
BACKGROUND = "background"
_SIDES = ("validation", "strong_validation", "train")


@dataclass(frozen=True)
class Sound:
    """One audio file of a bank."""

    #: The file
    path: str
    #: Its class, without suffix; ``"background"`` for a background
    label: str
    #: The recording that it was cut from
    recording: str
    #: Whether the sound began before the file does
    no_onset: bool = False
    #: Whether the sound went on after the file ends
    no_offset: bool = False


@dataclass(frozen=True)
class Bank:
    """Sounds of a bank, or of one part of it."""

    #: Sounds of each class that is labeled
    foreground: Mapping[str, tuple[Sound, ...]]
    #: Sounds of each class that is mixed in but not labeled
    non_target: Mapping[str, tuple[Sound, ...]]
    #: Backgrounds
    background: tuple[Sound, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labeled classes, in alphabetical order."""
        return tuple(sorted(self.foreground))

    def groups(self) -> dict[str, tuple[Sound, ...]]:
        """All sounds by class, backgrounds under ``"background"``."""
        return {
            **self.foreground,
            **self.non_target,
            BACKGROUND: self.background,
        }

    def keeping(self, recordings: Mapping[str, set[str]]) -> Bank:
        """The part of this bank that was cut from some recordings."""

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
    """A recording pattern, checked."""
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

    A label folder may end in ``_nOn`` (its files lack the sound's onset),
    ``_nOff`` (the offset) or both; the label is what comes before.
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
            if part.is_symlink() and not part.exists():
                raise FileNotFoundError(
                    f"{part}: a link to nothing: remove it, or restore what it "
                    "links to"
                )
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


def _audio_files(folder: Path) -> tuple[Path, ...]:
    """The sounds of a folder and of those below it, links too."""
    found = search_audio(folder)
    if found.passed_over():
        logger.warning("%s: %s", folder, found.passed_over())
    return tuple(sorted(found.files))


def split_bank(
    bank: Bank,
    *,
    validation_share: float,
    strong_validation_share: float,
    strong_share: float,
    rng: np.random.Generator,
) -> dict[str, Bank]:
    """Splits a bank by recording, class by class.

    Every recording falls on one of three sides: train, strong validation,
    validation. A recording found in several classes (or in a class and in
    the background) falls on one side as a whole.
    """
    groups = {
        name: sorted({sound.recording for sound in sounds})
        for name, sounds in bank.groups().items()
    }
    side: dict[str, str] = {}
    # The poorest class chooses first: it has the least room to give way.
    for name in sorted(groups, key=lambda name: (len(groups[name]), name)):
        n = len(groups[name])
        if n < 3:
            raise ValueError(
                f"{name!r} has {n} recording(s) in the bank, and needs 3 or "
                "more: one to train, one for each validation set. Add sounds "
                "of other recordings, or leave the class out; if several "
                "recordings were taken for one, give a recording pattern"
            )
        n_validation = min(max(1, round(validation_share * n)), n - 2)
        n_strong = max(1, round(strong_validation_share * n))
        n_strong = min(n_strong, n - 1 - n_validation)
        quota = dict(zip(_SIDES, (n_validation, n_strong, n), strict=True))
        _assign(groups[name], quota, side, rng)
        for wanted in _SIDES:
            if wanted not in {side[rec] for rec in groups[name]}:
                raise ValueError(
                    f"{name!r} has no recording left for {wanted}: too many "
                    "are shared with other classes. Add recordings, or give "
                    "a recording pattern if they are not the same"
                )

    def of_side(wanted: str) -> dict[str, set[str]]:
        return {
            name: {rec for rec in recordings if side[rec] == wanted}
            for name, recordings in groups.items()
        }

    parts = {name: of_side(name) for name in _SIDES}
    parts["strong"] = {
        name: _part(sorted(recordings), strong_share, rng)
        for name, recordings in parts["train"].items()
    }
    return {name: bank.keeping(part) for name, part in parts.items()}


def _assign(
    recordings: list[str],
    quota: Mapping[str, int],
    side: dict[str, str],
    rng: np.random.Generator,
) -> None:
    """Gives each recording without a side one, up to each side's quota."""
    free = [rec for rec in recordings if rec not in side]
    free = [free[i] for i in rng.permutation(len(free))]
    taken = [side[rec] for rec in recordings if rec in side]
    for name, wanted in quota.items():
        n = max(0, wanted - taken.count(name))
        side.update(dict.fromkeys(free[:n], name))
        free = free[n:]


def _part(
    recordings: list[str], share: float, rng: np.random.Generator
) -> set[str]:
    n = max(1, round(share * len(recordings)))
    return {recordings[i] for i in rng.permutation(len(recordings))[:n]}

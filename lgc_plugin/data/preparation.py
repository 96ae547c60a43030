"""What a prepared data set consists of, and what it was made from."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lgc_plugin.data.clip_sets import (
    ClipSet,
    clip_rows,
    compare_durations,
    copy_digests,
    file_digest,
    hold_out,
    input_digests,
    read_known,
)
from lgc_plugin.data.manifest import read_manifest, write_manifest
from lgc_plugin.data.ready_audio import AudioFinder, ReadyAudio
from lgc_plugin.types import LabelKind
from lgc_plugin.utils.files import read_checked_json, write_checked_json

logger = logging.getLogger(__name__)

#: The file that a prepared folder has once it is whole.
RECORD = "prepared.json"

_NAMES_SHOWN = 3


@dataclass(frozen=True)
class Coverage:
    """How many clips of a set there is audio for.

    Scores on a part of a set are not those of the set: this goes next to
    every score.
    """

    #: The set.
    name: str
    #: Clips with audio that can be read.
    found: int
    #: Clips that the set should have.
    expected: int
    #: For each clip without audio the reason.
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every clip was found."""
        return self.found == self.expected

    def __str__(self) -> str:
        return f"{self.name} {self.found}/{self.expected} clips found"

    def log(self) -> None:
        """Logs one line; a warning with the first names if some are missing."""
        if self.complete:
            logger.info("%s", self)
            return
        missing = [f"{clip} ({why})" for clip, why in self.missing.items()]
        more = " ..." if len(missing) > _NAMES_SHOWN else ""
        shown = ", ".join(missing[:_NAMES_SHOWN])
        logger.warning("%s, without %s%s", self, shown, more)


@dataclass(frozen=True)
class Preparation:
    """A prepared data set.

    Arguments
    ---------
    manifests : dict[str, Path]
        One manifest per set, all in one folder; see
        :mod:`lgc_plugin.data.manifest`.
    labels : tuple[str, ...]
        The classes, in alphabetical order unless they were given.
    data_root : Path
        What ``$data_root`` in the manifests stands for; saved as it is, and a
        relative one counts from the folder of the manifests.
    coverage : dict[str, Coverage]
        For each set, how many of its clips were found.
    """

    manifests: dict[str, Path]
    labels: tuple[str, ...]
    data_root: Path
    coverage: dict[str, Coverage]

    def save(self, folder: str | Path, fingerprint: Any = None) -> None:
        """Writes ``prepared.json``, once everything else is written.

        Arguments
        ---------
        folder : str or Path
            The folder of the manifests.
        fingerprint : Any
            What the manifests were made from, as JSON can hold it.
        """
        content = {
            "data_root": str(self.data_root),
            "labels": self.labels,
            "coverage": {
                name: {
                    "found": coverage.found,
                    "expected": coverage.expected,
                    "missing": dict(coverage.missing),
                }
                for name, coverage in self.coverage.items()
            },
            # Names alone, so that the folder can move.
            "manifests": {
                name: path.name for name, path in self.manifests.items()
            },
            "digests": {
                path.name: file_digest(path) for path in self.manifests.values()
            },
            "fingerprint": fingerprint,
        }
        write_checked_json(Path(folder) / RECORD, content)

    @classmethod
    def load(
        cls, folder: str | Path, data_root: str | Path | None = None
    ) -> Preparation:
        """Reads ``prepared.json``.

        Arguments
        ---------
        folder : str or Path
            The folder of the manifests.
        data_root : str or Path, optional
            Where the data set lies now; None: where it lay when prepared.

        Returns
        -------
        Preparation

        Raises
        ------
        FileNotFoundError
            If nothing whole is there.
        """
        content = read_checked_json(Path(folder) / RECORD)
        if content is None:
            raise FileNotFoundError(
                f"{Path(folder) / RECORD} is not there, or not whole: prepare "
                "the data first (without skip_prep)"
            )
        return cls(
            manifests={
                name: Path(folder) / file
                for name, file in content["manifests"].items()
            },
            labels=tuple(content["labels"]),
            data_root=Path(data_root or Path(folder, content["data_root"])),
            coverage=_coverage(Path(folder), content),
        )


def _coverage(folder: Path, content: Mapping[str, Any]) -> dict[str, Coverage]:
    """Coverage as recorded; of a manifest that was changed since, its own."""
    coverage = {}
    for name, values in content["coverage"].items():
        recorded = Coverage(name, **values)
        file = folder / content["manifests"][name]
        if file_digest(file) != content["digests"][file.name]:
            found = len(read_manifest(file))
            logger.warning(
                "%s was changed after the preparation: it has %d clips, the "
                "preparation found %d; prepare again without skip_prep",
                file,
                found,
                recorded.found,
            )
            recorded = replace(recorded, found=found)
        coverage[name] = recorded
    return coverage


@dataclass(frozen=True)
class HeldOut:
    """Clips of a training set that are kept for validation."""

    #: The set that they are taken from.
    source: str
    #: The set that they make.
    name: str
    #: Their share of the clips, below 1; 0 for none.
    share: float
    #: Chooses them.
    seed: int


def prepare_sets(
    sets: Sequence[ClipSet],
    folder: Path,
    data_root: Path,
    finder: AudioFinder,
    *,
    options: Any,
    labels: Sequence[str] | None = None,
    held_out: HeldOut | None = None,
) -> Preparation:
    """Writes the manifests of some sets; does nothing if they are up to date.

    ``options``, as JSON can hold them, are what the manifests depend on
    beside the files. Without ``labels``, those of the annotations are used.
    """
    inputs = {"options": options, "files": input_digests(sets)}
    if is_current(folder, {**inputs, "copies": copy_digests(sets)}):
        logger.info("%s is up to date: nothing to prepare", folder)
        preparation = Preparation.load(folder, data_root)
    else:
        # Annotations come first: an error in one should not wait for audio.
        known = [replace(s, known=read_known(s, labels)) for s in sets]
        labels = labels or _labels_of(known)
        known = _with_held_out(known, held_out)
        # From here on until the end, what lies there is not whole.
        (folder / RECORD).unlink(missing_ok=True)
        manifests, coverage = {}, {}
        for clip_set in known:
            name = clip_set.name
            audio = finder.find(clip_set.folders, clip_set.known, name)
            coverage[name] = _cover(clip_set, audio, held_out)
            compare_durations(clip_set, audio)
            manifests[name] = folder / f"{name}.csv"
            rows = clip_rows(clip_set, audio, data_root)
            write_manifest(rows, manifests[name])
        preparation = Preparation(manifests, tuple(labels), data_root, coverage)
        # What was there before the work began counts, except for the copies
        # that the work itself made: a change meanwhile must not be missed.
        preparation.save(folder, {**inputs, "copies": copy_digests(sets)})
    for coverage_of_set in preparation.coverage.values():
        coverage_of_set.log()
    return preparation


def _labels_of(sets: Sequence[ClipSet]) -> list[str]:
    """All labels of annotations, if they can be told apart."""
    labels = sorted(set().union(*(s.labels() for s in sets)))
    torn = next((label for label in labels if "," in label), None)
    if torn and LabelKind.WEAK in {s.kind for s in sets}:
        raise ValueError(
            f"label {torn!r} has a comma, which separates labels in lists of "
            "weak labels: give all classes as 'labels'"
        )
    return labels


def _with_held_out(
    sets: list[ClipSet], held_out: HeldOut | None
) -> list[ClipSet]:
    names = [clip_set.name for clip_set in sets]
    if not held_out or held_out.share == 0 or held_out.source not in names:
        return sets
    place = names.index(held_out.source)
    rest, drawn = hold_out(
        sets[place], held_out.name, held_out.share, held_out.seed
    )
    return [*sets[:place], rest, *sets[place + 1 :], drawn]


def _cover(
    clip_set: ClipSet, audio: ReadyAudio, held_out: HeldOut | None
) -> Coverage:
    coverage = Coverage(
        clip_set.name, len(audio.found), len(clip_set.known), audio.missing
    )
    if not audio.found:
        folders, option = clip_set.folders, clip_set.name
        if held_out and option == held_out.name:
            option = held_out.source
        first = next(iter(audio.missing.items()), ("", "no clips"))
        raise FileNotFoundError(
            f"{coverage}: looked for {clip_set.tsv or 'any audio'} in "
            f"{folders.original} and {folders.twin} (first: "
            f"{': '.join(first)}); give {option}_audio"
            + (f" or {option}_tsv" if clip_set.tsv else "")
        )
    return coverage


def is_current(folder: str | Path, fingerprint: Any) -> bool:
    """Whether a folder holds what would be prepared now."""
    folder = Path(folder)
    content = read_checked_json(folder / RECORD)
    if content is None:
        return False
    # JSON has no tuples: compare what would be read back.
    same_input = content["fingerprint"] == json.loads(json.dumps(fingerprint))
    return same_input and all(
        file_digest(folder / name) == digest
        for name, digest in content["digests"].items()
    )

"""What a prepared data set consists of, and what it was made from."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lgc_plugin.data.audio_files import list_audio
from lgc_plugin.data.clip_sets import ClipSet
from lgc_plugin.utils.files import write_json

logger = logging.getLogger(__name__)

#: The file that a prepared folder has once it is whole.
RECORD = "prepared.json"

_KEYS = {"labels", "coverage", "manifests", "digests", "fingerprint"}

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
        What ``$data_root`` in the manifests stands for.
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
        write_json(Path(folder) / RECORD, content)

    @classmethod
    def load(cls, folder: str | Path, data_root: str | Path) -> Preparation:
        """Reads ``prepared.json``.

        Arguments
        ---------
        folder : str or Path
            The folder of the manifests.
        data_root : str or Path
            Where the data set lies now.

        Returns
        -------
        Preparation

        Raises
        ------
        FileNotFoundError
            If nothing whole is there.
        """
        content = _read_record(Path(folder))
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
            data_root=Path(data_root),
            coverage={
                name: Coverage(name, **values)
                for name, values in content["coverage"].items()
            },
        )


def is_current(folder: str | Path, fingerprint: Any) -> bool:
    """Whether a folder holds what would be prepared now."""
    folder = Path(folder)
    content = _read_record(folder)
    if content is None:
        return False
    # JSON has no tuples: compare what would be read back.
    same_input = content["fingerprint"] == json.loads(json.dumps(fingerprint))
    return same_input and all(
        file_digest(folder / name) == digest
        for name, digest in content["digests"].items()
    )


def _read_record(folder: Path) -> dict[str, Any] | None:
    """What was recorded, or None if there is nothing whole."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    whole = isinstance(content, dict) and content.keys() >= _KEYS
    return content if whole else None


ABSENT = "absent"


def file_digest(path: str | Path) -> str:
    """A hash of the bytes of a file."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ABSENT


def audio_digest(folder: str | Path) -> str:
    """A hash of the names, sizes and times of the audio in a folder.

    The audio itself is not read: a set holds gigabytes of it.
    """
    clips = list_audio(folder)
    if not clips:
        return ABSENT
    digest = hashlib.sha256()
    for file in clips.values():
        line = f"{file.path.name}\t{file.size}\t{file.modified}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def input_digests(sets: Iterable[ClipSet]) -> dict[str, list[str]]:
    """Stands for everything that the manifests of some sets are made from."""
    return {
        clip_set.name: [
            audio_digest(clip_set.folders.original),
            *map(file_digest, filter(None, [clip_set.tsv, clip_set.durations])),
        ]
        for clip_set in sets
    }


def copy_digests(sets: Iterable[ClipSet]) -> dict[str, str]:
    """Stands for the resampled audio of some sets."""
    digests: dict[str, str] = {}
    for clip_set in sets:
        folders = clip_set.folders
        digests[clip_set.name] = audio_digest(folders.twin)
        elsewhere = audio_digest(folders.elsewhere)
        if elsewhere != ABSENT:
            digests[str(folders.elsewhere)] = elsewhere
    return digests

"""Finds, for every clip, audio that training can read; makes it if needed.

The ready twin of a folder is the same path with ``_16k`` appended (for
16 kHz). A clip is taken from the twin if it is there, else from the folder
itself if it is ready as it is; else the twin's file is written. Where the
twin must not be written (a read-only dataset, a file that somebody else made
otherwise), a second twin elsewhere takes its place.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lgc_plugin.data.audio_files import (
    audio_header,
    measure_audio,
    measure_files,
)
from lgc_plugin.data.audio_search import AudioFile, list_audio, list_clips
from lgc_plugin.data.fields import check_name
from lgc_plugin.data.resample import resample_files
from lgc_plugin.utils.checksums import file_digest
from lgc_plugin.utils.files import read_checked_json, write_checked_json

logger = logging.getLogger(__name__)

# Beside the files that we write: the size and time of what they come from.
_SOURCES = ".sources.json"


@dataclass(frozen=True)
class AudioFolders:
    """Where the audio of one set may lie."""

    #: The folder of the dataset.
    original: Path
    #: The ready copy beside it.
    twin: Path
    #: The ready copy where the twin cannot be used.
    elsewhere: Path
    #: Whether the twin may be written at all.
    write_twin: bool = True


@dataclass
class ReadyAudio:
    """The ready audio of one set."""

    #: For each clip its file and its length in seconds.
    found: dict[str, tuple[Path, float]] = field(default_factory=dict)
    #: For each other clip the reason why it has no audio.
    missing: dict[str, str] = field(default_factory=dict)


class AudioFinder:
    """Finds ready audio for clips, and writes what is not there yet."""

    def __init__(
        self,
        sample_rate: int = 16000,
        n_jobs: int | None = None,
        progress: bool = True,
        record: Path | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.n_jobs = n_jobs
        self.progress = progress
        self._record = record
        #: Of each decoded file its stamp and the digest of its content.
        self._stamps: dict[str, list[Any]] = {}
        #: Samples of each decoded content, by its digest.
        self._frames: dict[str, int] = {}
        if (known := _read_record(record)) is not None:
            self._stamps, self._frames = known["files"], known["frames"]

    def find(
        self, folders: AudioFolders, clips: Iterable[str], name: str = ""
    ) -> ReadyAudio:
        """The ready audio of one set, in the order of the clips.

        Every file is decoded once, so that a damaged one is found now. Its
        length is remembered in ``record`` by a digest of its content: a file
        of another name or time with known content is read, not decoded.
        """
        clips = list(clips)
        odd = {clip: why for clip in clips if (why := _refusal(clip))}
        originals, unread = list_clips(folders.original)
        twin = _Copies(folders.twin, originals)
        sources = {**twin.files, **originals}
        elsewhere = _Copies(folders.elsewhere, sources)
        # First our own place: a copy is there only if the twin would not do.
        found: dict[str, tuple[Path, float]] = {}
        for place in (elsewhere.current(), twin.current(), originals):
            rest = [c for c in clips if c not in found and c not in odd]
            found |= self._ready(place, rest, name)

        rest = [c for c in clips if c not in found and c not in odd]
        missing = odd | {
            clip: unread.get(clip, "no such file")
            for clip in rest
            if clip not in sources
        }
        twin_is_open = folders.write_twin and _is_writable(folders.twin)
        chosen: dict[_Copies, dict[str, AudioFile]] = {twin: {}, elsewhere: {}}
        for clip in rest:
            if clip in sources:
                use_twin = twin_is_open and twin.is_ours(clip)
                target = twin if use_twin else elsewhere
                chosen[target][clip] = sources[clip]
        for copies, wanted in chosen.items():
            missing |= self._write(copies, wanted, name)
            done = [clip for clip in wanted if clip not in missing]
            found |= self._ready(list_audio(copies.folder), done, name)
        if self._record is not None:
            content = {"files": self._stamps, "frames": self._frames}
            write_checked_json(self._record, content)
        return ReadyAudio(
            {clip: found[clip] for clip in clips if clip in found}, missing
        )

    def _ready(
        self, place: dict[str, AudioFile], clips: list[str], name: str
    ) -> dict[str, tuple[Path, float]]:
        """The clips that are ready in one place."""
        there = {clip: place[clip] for clip in clips if clip in place}
        new = [f for f in there.values() if self._digest(f) is None]
        measured = measure_files(
            [file.path for file in new],
            self._measure,
            n_jobs=self.n_jobs,
            description=f"{name}: decoding",
            progress=self.progress,
        )
        for file, content in zip(new, measured, strict=True):
            if isinstance(content, tuple):
                content_digest, n_frames = content
                self._frames[content_digest] = n_frames
                self._stamps[str(file.path)] = [*_stamp(file), content_digest]
        return {
            clip: (file.path, self._frames[digest] / self.sample_rate)
            for clip, file in there.items()
            if (digest := self._digest(file)) is not None
        }

    def _digest(self, file: AudioFile) -> str | None:
        """The digest of a file that was decoded as it is now, and is ready."""
        *stamp, digest = self._stamps.get(str(file.path), [None])
        return digest if stamp == _stamp(file) else None

    def _measure(self, path: Path) -> tuple[str, int] | None:
        """Digest and samples of a file; None if it is to be resampled,
        which decodes it.
        """
        if not audio_header(path).is_ready(self.sample_rate):
            return None
        digest = file_digest(path)
        n_frames = self._frames.get(digest)
        if n_frames is None:
            n_frames = measure_audio(path, decode=True).frames
        return digest, n_frames

    def _write(
        self, copies: _Copies, sources: dict[str, AudioFile], name: str
    ) -> dict[str, str]:
        """Writes copies; returns the clips that cannot be read, and why."""
        if not sources:
            return {}
        copies.prepare(sources)
        report = resample_files(
            [
                (source.path, copies.folder / f"{clip}.wav")
                for clip, source in sources.items()
            ],
            self.sample_rate,
            n_jobs=self.n_jobs,
            description=f"{name}: resampling",
            progress=self.progress,
        )
        logger.info(
            "%s: wrote %d files of %d Hz to %s",
            name,
            report.written,
            self.sample_rate,
            copies.folder,
        )
        if report.clipped:
            logger.warning(
                "%s: %d files are louder than full scale and were cut there",
                name,
                report.clipped,
            )
        return {
            clip: report.broken[source.path]
            for clip, source in sources.items()
            if source.path in report.broken
        }


def _refusal(clip: str) -> str:
    """Why a manifest cannot hold the name of a clip; empty if it can."""
    try:
        check_name("file name", clip)
        clip.encode()
    except ValueError as error:
        return str(error)
    return ""


class _Copies:
    """A folder of ready copies, and what its files were made from."""

    def __init__(self, folder: Path, sources: dict[str, AudioFile]) -> None:
        self.folder = folder
        self.files = list_audio(folder)
        record = _read_record(folder / _SOURCES)
        self.stamps = {} if record is None else record["files"]
        self._sources = sources

    def current(self) -> dict[str, AudioFile]:
        """The copies whose source has not been replaced since."""
        return {
            clip: file
            for clip, file in self.files.items()
            if clip not in self.stamps
            or clip not in self._sources
            or self.stamps[clip] == _stamp(self._sources[clip])
        }

    def is_ours(self, clip: str) -> bool:
        """Whether the copy is not there yet, or was made by us."""
        return clip not in self.files or clip in self.stamps

    def prepare(self, sources: dict[str, AudioFile]) -> None:
        """Notes what the copies are made from, before they are.

        Old copies go first: one that survived an interruption would pass
        for a copy of the new source.
        """
        for clip in sources.keys() & self.files.keys():
            path = self.files[clip].path
            if not self.is_ours(clip):
                raise FileExistsError(
                    f"{path} was not made by the preparation and is not mono "
                    "PCM of the sample rate wanted: remove it, or give "
                    "another resampled_folder"
                )
            path.unlink(missing_ok=True)
        for clip, source in sources.items():
            self.stamps[clip] = _stamp(source)
        write_checked_json(self.folder / _SOURCES, {"files": self.stamps})


def _stamp(file: AudioFile) -> list[int]:
    return [file.size, file.modified]


def _read_record(path: Path | None) -> dict[str, Any] | None:
    """A record of files; None where none was written whole."""
    if path is None or not path.is_file():
        return None
    content = read_checked_json(path)
    if content is None:
        logger.warning("%s is damaged, and is not used", path)
    return content


def _is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder that may not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)

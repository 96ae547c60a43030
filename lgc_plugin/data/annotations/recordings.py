"""Which recordings annotations are of, and what their audio files state."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from lgc_plugin.data.annotations.table import StrongAnnotations
from lgc_plugin.data.audio_search import clip_id, search_audio

# What programs put between the name of a recording and the suffix.
_ADDED = re.compile(
    r"(\.Table\.\d+)?\.selections$|\.BirdNET\.(selection\.table|results)$"
)


class Recordings:
    """Recordings beside the annotations, or in a folder of their own."""

    def __init__(self, audio: Path | None = None) -> None:
        if audio is not None and not audio.is_dir():
            raise FileNotFoundError(f"{audio}: no such folder of audio")
        self._audio = audio
        self._beside: dict[Path, dict[str, Path]] = {}
        self._assumed: dict[Path, str] = {}

    @cached_property
    def _folder(self) -> dict[str, Path]:
        return _by_clip(self._audio, below=True) if self._audio else {}

    def named_for(self, path: Path, root: Path | None = None) -> str:
        """The recording that a file is named for.

        ``a.txt`` is of ``a.wav`` or ``a.flac``, whichever is beside it, and
        of ``a.wav`` if none is.
        """
        stem = _ADDED.sub("", path.stem)
        if clip_id(stem) == stem:
            found = self.find(stem, path.parent)
            if found is None:
                self._assumed[path] = f"{stem}.wav"
            stem = found.name if found else f"{stem}.wav"
        folder = path.parent.relative_to(root) if root else Path()
        return (folder / stem).as_posix()

    def find(self, filename: str, beside: Path) -> Path | None:
        """The audio of a recording, if it is there."""
        clip = clip_id(PurePosixPath(filename).name)
        if found := self._folder.get(clip):
            return found
        if beside not in self._beside:
            self._beside[beside] = _by_clip(beside, below=False)
        return self._beside[beside].get(clip)

    def full_name(self, filename: str) -> str:
        """A name without the suffix of its audio gets it, if it is known."""
        if clip_id(filename) != filename or self._audio is None:
            return filename
        found = self._folder.get(PurePosixPath(filename).name)
        return f"{filename}{found.suffix}" if found else filename

    def sample_rate(self, filename: str, beside: Path) -> int | None:
        """In Hz, if the audio is there."""
        found = self.find(filename, beside)
        return _sample_rate(found) if found else None

    def seconds(self, filename: str) -> float | None:
        """The length of a recording, if the folder of audio has it."""
        import soundfile

        found = self._folder.get(clip_id(PurePosixPath(filename).name))
        if found is None:
            return None
        info = soundfile.info(str(found))
        return info.frames / info.samplerate

    def notes(self) -> list[str]:
        """What was assumed."""
        if not self._assumed:
            return []
        path, name = next(iter(self._assumed.items()))
        more = len(self._assumed) - 1
        return [
            f"no audio called so beside {path.name}: taken for annotations of "
            f"{name}" + (f", and {more} more likewise" if more else "")
        ]


def with_lengths(
    annotations: StrongAnnotations, audio: Path | None
) -> StrongAnnotations:
    """The same with the lengths of those recordings that are in a folder."""
    if audio is None:
        return annotations
    recordings = Recordings(audio)
    found = {x: recordings.seconds(x) for x in annotations.filenames}
    lengths = {x: seconds for x, seconds in found.items() if seconds}
    return replace(annotations, durations={**annotations.durations, **lengths})


def short_names(paths: Iterable[str]) -> dict[str, str]:
    r"""File names of paths, of any system; with folders where names repeat.

    >>> short_names(["C:\\a\\x.wav", "C:\\b\\y.wav"])
    {'C:\\a\\x.wav': 'x.wav', 'C:\\b\\y.wav': 'y.wav'}
    >>> short_names(["/d/a/x.wav", "/d/b/x.wav"])
    {'/d/a/x.wav': 'a/x.wav', '/d/b/x.wav': 'b/x.wav'}
    """
    unified = {path: path.replace("\\", "/") for path in paths}
    names = {path: PurePosixPath(x).name for path, x in unified.items()}
    distinct = set(unified.values())
    if len({PurePosixPath(x).name for x in distinct}) == len(distinct):
        return names
    above = {str(PurePosixPath(x).parent) for x in distinct}
    # Absolute and relative paths have nothing in common.
    if len({x.startswith("/") for x in above}) > 1:
        return unified
    common = os.path.commonpath(sorted(above))
    return {
        path: os.path.relpath(x, common).replace(os.sep, "/")
        for path, x in unified.items()
    }


@lru_cache(maxsize=4096)
def _sample_rate(path: Path) -> int:
    import soundfile

    return int(soundfile.info(str(path)).samplerate)


def _by_clip(folder: Path, *, below: bool) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in search_audio(folder, below=below).files:
        found.setdefault(clip_id(path.name), path)
    return found

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
        self._named: dict[str, dict[Path, None]] = {}

    @cached_property
    def _folder(self) -> dict[str, list[Path]]:
        return _by_clip(self._audio, below=True) if self._audio else {}

    def _inside(self, filename: str) -> Path | None:
        """The audio in the folder; none if several may be meant."""
        name = PurePosixPath(filename)
        found = self._folder.get(clip_id(name.name), [])
        if len(found) < 2 or self._audio is None:
            return next(iter(found), None)
        exact = [x for x in found if x.parent == self._audio / name.parent]
        above = name.parts[:-1]
        n_above = len(above)
        ends = [x for x in found if x.parts[-1 - n_above : -1] == above]
        return exact[0] if exact else ends[0] if len(ends) == 1 else None

    def named_for(self, path: Path, root: Path | None = None) -> str:
        """The recording that a file is named for.

        ``a.txt`` is of ``a.wav`` or ``a.flac``, whichever is beside it, and
        of ``a.wav`` if none is.
        """
        stem = _ADDED.sub("", path.stem)
        folder = path.parent.relative_to(root) if root else Path()
        if clip_id(stem) == stem:
            found = self.find((folder / stem).as_posix(), path.parent)
            if found is None:
                self._assumed[path] = f"{stem}.wav"
            stem = found.name if found else f"{stem}.wav"
        name = (folder / stem).as_posix()
        self._named.setdefault(name, {})[path] = None
        return name

    def find(self, filename: str, beside: Path) -> Path | None:
        """The audio of a recording, if it is there."""
        if found := self._inside(filename):
            return found
        if beside not in self._beside:
            clips = _by_clip(beside, below=False)
            self._beside[beside] = {x: paths[0] for x, paths in clips.items()}
        return self._beside[beside].get(clip_id(PurePosixPath(filename).name))

    def full_name(self, filename: str) -> str:
        """A name without the suffix of its audio gets it, if it is known."""
        if clip_id(filename) != filename or self._audio is None:
            return filename
        found = self._inside(filename)
        return f"{filename}{found.suffix}" if found else filename

    def sample_rate(self, filename: str, beside: Path) -> int | None:
        """In Hz, if the audio is there."""
        found = self.find(filename, beside)
        return _sample_rate(found) if found else None

    def seconds(self, filename: str) -> float | None:
        """The length of a recording, if the folder of audio has it."""
        import soundfile

        found = self._inside(filename)
        if found is None:
            return None
        info = soundfile.info(str(found))
        return info.frames / info.samplerate

    def notes(self) -> list[str]:
        """What was assumed."""
        notes = []
        if self._assumed:
            path, name = next(iter(self._assumed.items()))
            more = len(self._assumed) - 1
            notes.append(
                f"no audio called so beside {path.name}: taken for annotations "
                f"of {name}" + (f", and {more} more likewise" if more else "")
            )
        several = [x for x in self._named.items() if len(x[1]) > 1]
        if several:
            name, paths = several[0]
            notes.append(
                f"{len(several)} recordings have several files, whose events "
                f"are taken together: {name} has {', '.join(map(str, paths))}"
            )
        return notes


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


def _by_clip(folder: Path, *, below: bool) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in search_audio(folder, below=below).files:
        found.setdefault(clip_id(path.name), []).append(path)
    return found

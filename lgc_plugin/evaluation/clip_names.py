"""Which clip scores are of, by the name of a file or of a clip."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

_AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".aac", ".opus")


def clip_of_tsv(file: Path) -> str:
    """The clip of a file: a.wav of a.tsv, a.flac of a.flac.tsv."""
    return file.stem if _is_audio(file.stem) else f"{file.stem}.wav"


def tsv_of_clip(clip: str) -> str:
    """The inverse of :func:`clip_of_tsv`."""
    for name in (f"{clip.removesuffix('.wav')}.tsv", f"{clip}.tsv"):
        file = Path(name)
        if file.name == name and clip_of_tsv(file) == clip:
            return name
    raise ValueError(
        f"clip {clip!r} cannot name a file of scores: it must be a file name "
        f"with one of the suffixes {', '.join(_AUDIO_SUFFIXES)}"
    )


def clips_of_tsvs(
    files: Sequence[Path], annotated: Iterable[str]
) -> dict[str, Path]:
    """The file of each clip; ``a.tsv`` is of the one annotated clip "a"."""
    known = _by_stem(annotated)
    clips: dict[str, Path] = {}
    for file in files:
        clip = _only(known.get(file.stem, ()), str(file)) or clip_of_tsv(file)
        if clip in clips:
            raise ValueError(
                f"{file} and {clips[clip].name} are both of the clip {clip!r}: "
                "remove one"
            )
        clips[clip] = file
    return clips


def match_clips(
    clips: Sequence[str], annotated: Iterable[str], path: Path
) -> tuple[str, ...]:
    """The same clips as they are annotated, where only the suffix differs."""
    known = _by_stem(annotated)
    found: dict[str, str] = {}
    for clip in clips:
        match = clip
        if clip not in known.get(clip, ()):
            stem = os.path.splitext(clip)[0] if _is_audio(clip) else clip
            where = f"{path}: scores of {clip!r}"
            match = _only(known.get(stem, ()), where) or clip
        if match in found:
            raise ValueError(
                f"{path}: scores of {found[match]!r} and {clip!r} are both of "
                f"the clip {match!r}: remove one"
            )
        found[match] = clip
    return tuple(found)


def _is_audio(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _AUDIO_SUFFIXES


def _by_stem(clips: Iterable[str]) -> dict[str, set[str]]:
    """The clips of each name, with the suffix and without."""
    known: dict[str, set[str]] = {}
    for clip in clips:
        for name in (clip, os.path.splitext(clip)[0]):
            known.setdefault(name, set()).add(clip)
    return known


def _only(clips: Iterable[str], where: str) -> str:
    """The one clip; nothing if there is none."""
    found = sorted(clips)
    if len(found) > 1:
        raise ValueError(
            f"{where}: {found[0]!r} and {found[1]!r} are both annotated: give "
            "the name its suffix"
        )
    return found[0] if found else ""

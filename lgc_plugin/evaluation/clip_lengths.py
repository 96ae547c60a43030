"""How long annotated clips are, from a table or from their audio."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from lgc_plugin.data.annotations import read_durations
from lgc_plugin.evaluation.notes import Notes, counted

# Where no length is known: so long that no detection begins behind the end,
# where psds_eval would not count it.
_ENDLESS = 1e9


def clip_lengths(
    clips: Iterable[str],
    durations: str | Path | None,
    audio: str | Path | None,
    notes: Notes,
) -> tuple[dict[str, float], frozenset[str]]:
    """Seconds of each clip, and the clips to leave out."""
    annotated = frozenset(clips)
    if durations is not None:
        lengths = read_durations(durations)
        unknown = annotated - set(lengths)
        if unknown:
            raise ValueError(
                f"{durations}: no duration of "
                f"{counted(len(unknown), 'annotated clip')}, such as "
                f"{min(unknown)!r}: names must match exactly"
            )
        more = set(lengths) - annotated
        if more:
            notes.note(
                f"{counted(len(more), 'clip')} of {durations} are not in the "
                f"annotations, such as {min(more)!r}: clips without events"
            )
        return lengths, frozenset()
    if audio is not None:
        lengths, passed_over = _lengths_of_audio(Path(audio), annotated)
        missing = annotated - set(lengths)
        if missing:
            notes.warn(
                f"no audio of {len(missing)} of {len(annotated)} annotated "
                f"clips, such as {min(missing)!r}: they are left out"
            )
        if passed_over:
            notes.warn(f"{audio}: {passed_over}")
        return lengths, missing
    notes.warn(
        "the lengths of the clips are unknown, so PSDS, which counts false "
        "alarms per hour, is left out: add --durations or --audio. The "
        f"{counted(len(annotated), 'clip')} are those that the annotations "
        "name"
    )
    return dict.fromkeys(annotated, _ENDLESS), frozenset()


def _lengths_of_audio(
    folder: Path, annotated: Collection[str]
) -> tuple[dict[str, float], str]:
    """Seconds by clip, for those whose audio is in a folder, and what else
    of it is passed over.
    """
    from lgc_plugin.data.audio_files import measure_audio, measure_files
    from lgc_plugin.data.audio_search import clip_id, search_audio

    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder of audio")
    clips = {clip_id(clip): clip for clip in annotated}
    files: dict[str, Path] = {}
    found = search_audio(folder)
    for path in found.files:
        # Names may begin with folders, as those of lgc-sed detect do.
        inside = clip_id(path.relative_to(folder).as_posix())
        name = inside if inside in clips else clip_id(path.name)
        if name in clips and path.exists():
            files.setdefault(clips[name], path)
    passed_over = found.passed_over()
    if not files:
        raise ValueError(
            f"{folder}: no audio of the {len(clips)} annotated clips in it; "
            f"the first would be {min(annotated)!r}, or the same as .flac"
            + (f"; {passed_over}" if passed_over else "")
        )
    seconds = {}
    headers = measure_files(files.values(), measure_audio, progress=False)
    for clip, header in zip(files, headers, strict=True):
        if isinstance(header, str):
            raise ValueError(header)
        seconds[clip] = header.seconds
    return seconds, passed_over

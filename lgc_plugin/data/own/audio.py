"""Writes the clips of all recordings, several at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lgc_plugin.data.fields import check_name
from lgc_plugin.data.manifest import ROOT_MARK, ClipRow
from lgc_plugin.data.own.clip_files import ClipJob, ClipReport, write_clips
from lgc_plugin.data.own.clips import Clip
from lgc_plugin.data.own.plan import Plan
from lgc_plugin.utils.parallel import parallel_map
from lgc_plugin.utils.text import counted

_AUDIO = "audio"
_NAMES_SHOWN = 10


def write_audio(
    root: Path,
    plan: Plan,
    rate: int,
    channel: int | None,
    n_jobs: int | None,
    progress: bool,
) -> tuple[dict[str, list[ClipRow]], dict[str, str], list[str]]:
    """Writes the clips.

    Returns the rows of every manifest, why recordings could not be used, and
    what is odd, in sentences.
    """
    (root / _AUDIO).mkdir()
    by_name: dict[str, list[Clip]] = {}
    for clip in plan.clips:
        check_name("clip", clip.id)
        by_name.setdefault(clip.source.name, []).append(clip)
    for clips in by_name.values():
        clips.sort(key=lambda clip: clip.span)
    jobs = {
        name: ClipJob(
            clips[0].source.path,
            rate,
            channel,
            tuple((x.span, root / _file(x)) for x in clips),
        )
        for name, clips in by_name.items()
    }
    reports = _in_parallel(jobs, n_jobs, progress)
    seconds = {
        clip.id: n_samples / rate
        for name, clips in by_name.items()
        if not reports[name].error
        for clip, n_samples in zip(clips, reports[name].n_samples, strict=True)
    }
    rows: dict[str, list[ClipRow]] = {}
    for clip in plan.clips:
        if clip.id in seconds:
            row = _row(clip, seconds[clip.id])
            rows.setdefault(clip.set, []).append(row)
    missing = {name: x.error for name, x in reports.items() if x.error}
    in_order = {name: reports[name] for name in sorted(reports)}
    return rows, missing, [*_rate_notes(plan, rate), *_audio_notes(in_order)]


def _in_parallel(
    jobs: Mapping[str, ClipJob], n_jobs: int | None, progress: bool
) -> dict[str, ClipReport]:
    # The longest first, so that no process is left with it in the end.
    order = sorted(jobs, key=lambda name: -jobs[name].clips[-1][0].stop)
    reports = parallel_map(
        write_clips,
        [jobs[name] for name in order],
        n_jobs=n_jobs,
        description="clips",
        unit="recording",
        progress=progress,
    )
    return dict(zip(order, reports, strict=True))


def _file(clip: Clip) -> str:
    return f"{_AUDIO}/{clip.id}.flac"


def _row(clip: Clip, seconds: float) -> ClipRow:
    # Clips begin and end at samples, ranges at milliseconds.
    events = tuple(
        event._replace(offset=min(event.offset, seconds))
        for event in clip.events
        if event.onset < seconds
    )
    wav = ROOT_MARK + _file(clip)
    labels = events, clip.tags, clip.unknown
    return ClipRow(clip.id, seconds, wav, clip.kind, *labels)


def _audio_notes(reports: Mapping[str, ClipReport]) -> list[str]:
    notes = [report.error for report in reports.values() if report.error]
    if odd := [name for name, report in reports.items() if report.channels]:
        # A recorder that does this does it always: one sentence for all.
        first, *others = odd
        also = f" (as in {counted(len(others), 'other')}: "
        shown = ", ".join(others[:_NAMES_SHOWN])
        also += shown + (", ...)" if len(others) > _NAMES_SHOWN else ")")
        found = reports[first].channels
        notes.append(f"{first}: {found}{also if others else ''}")
    if n_clipped := sum(report.clipped for report in reports.values()):
        notes.append(
            f"recordings louder than full scale, which are cut there: "
            f"{n_clipped}"
        )
    return notes


def _rate_notes(plan: Plan, rate: int) -> list[str]:
    rates = {clip.source.name: clip.source.sample_rate for clip in plan.clips}
    notes = []
    if lower := [name for name, own in rates.items() if own < rate]:
        notes.append(
            f"recordings of less than {rate} Hz, in which all above half their "
            f"rate is silent: {len(lower)}, such as {lower[0]} "
            f"({rates[lower[0]]} Hz)"
        )
    if higher := [name for name, own in rates.items() if own > rate]:
        notes.append(
            f"recordings of more than {rate} Hz, of which nothing above "
            f"{rate / 2:g} Hz is kept: {len(higher)}, such as {higher[0]} "
            f"({rates[higher[0]]} Hz)"
        )
    return notes

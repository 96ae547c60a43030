"""What is worth knowing of a plan: what is cut, and what is not used."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from lgc_plugin.data.own.classes import Classes
from lgc_plugin.data.own.clips import SETS, Clip
from lgc_plugin.data.own.cutting import Span
from lgc_plugin.data.own.recordings import Recording, spans_of
from lgc_plugin.utils.text import counted

# Lengths of recordings are whole milliseconds, ends of events may not be.
_ROUNDING = 1
_TRAINED_BY_TAG = ("train_weak", "train_unlabeled")


def plan_notes(
    recordings: Sequence[Recording],
    clips: Sequence[Clip],
    excluded: Mapping[str, int],
    classes: Classes,
    clip_ms: int,
) -> Iterator[str]:
    """Sentences; ``excluded`` are milliseconds in no clip, by the reason."""
    total = sum(recording.source.milliseconds for recording in recordings)
    parts = [part.span for recording in recordings for part in recording.ranges]
    annotated = sum(part.stop - part.start for part in parts)
    yield (
        f"{counted(len(recordings), 'recording')} of {_minutes(total)}, of "
        f"which {_minutes(annotated)} are annotated"
    )
    for why, milliseconds in sorted(excluded.items()):
        yield f"not used: {_minutes(milliseconds)} {why}"
    length = f"{clip_ms / 1000:g} s"
    long = [
        span.stop - span.start
        for recording in recordings
        for span in spans_of(recording.events)
        if span.stop - span.start > clip_ms
    ]
    if long:
        yield (
            f"events longer than a clip of {length}, which are cut: "
            f"{len(long)}, up to {max(long) / 1000:.1f} s: give longer clips"
        )
    for name, number in _cut_events(recordings, clips, clip_ms).items():
        yield (
            f"events of {name} that are cut, and scored as two, since within "
            f"{length} there is no time without an event: {number}: give "
            "longer clips"
        )
    for what, number in sorted(_places(recordings, classes).items()):
        yield f"events {what}: {number}"
    trained = {
        clip.source.name for clip in clips if clip.set in _TRAINED_BY_TAG
    }
    unsure = [
        r.source.milliseconds
        for r in recordings
        if r.tags and not r.ranges and r.source.milliseconds > clip_ms
        if r.source.name in trained
    ]
    if unsure:
        yield (
            f"tagged recordings longer than a clip of {length}: "
            f"{len(unsure)}: their tags are unknown in each clip, other "
            "classes are absent; clips as long as they are (--clip-seconds), "
            f"up to {max(unsure) / 1000:.1f} s, have the tags"
        )


def _cut_events(
    recordings: Sequence[Recording], clips: Sequence[Clip], clip_ms: int
) -> dict[str, int]:
    """Events that would fit into a clip and are cut, of sets to score."""
    found: Counter[str] = Counter()
    borders: dict[str, tuple[str, list[int]]] = {}
    for clip in clips:
        if not clip.set.startswith("train"):
            of_source = borders.setdefault(clip.source.name, (clip.set, []))
            of_source[1].append(clip.span.start)
    for recording in recordings:
        name, starts = borders.get(recording.source.name, ("", []))
        starts = sorted({*starts} - {part.start for part in recording.ranges})
        found[name] += sum(
            bisect_right(starts, start) < bisect_left(starts, stop)
            for start, stop in spans_of(recording.events)
            if stop - start <= clip_ms
        )
    return {name: found[name] for name in SETS if found[name]}


def _places(recordings: Sequence[Recording], classes: Classes) -> Counter[str]:
    """Events that are not wholly in parts annotated for their class."""
    found: Counter[str] = Counter()
    for recording in recordings:
        parts = [part.span for part in recording.ranges]
        unknown = [classes.unknown(part.covered) for part in recording.ranges]
        starts = [part.start for part in parts]
        stops = [part.stop for part in parts]
        spans = spans_of(recording.events)
        for event, span in zip(recording.events, spans, strict=True):
            first = bisect_right(stops, span.start)
            last = bisect_left(starts, span.stop)
            lacking = [event.label in x for x in unknown[first:last]]
            if first >= last:
                found["outside of the annotated parts, not used"] += 1
            elif any(lacking):
                found["in parts not annotated for their class, not used"] += 1
            elif not _within(span, Span(starts[first], stops[last - 1])):
                found["cut at the border of an annotated part"] += 1
    return found


def _within(span: Span, part: Span) -> bool:
    return (
        span.start >= part.start - _ROUNDING
        and span.stop <= part.stop + _ROUNDING
    )


def _minutes(milliseconds: int) -> str:
    """A length that is not rounded to nothing.

    >>> _minutes(90_000), _minutes(2_500)
    ('1.5 min', '2.5 s')
    """
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.3g} s"
    return f"{milliseconds / 60_000:.1f} min"

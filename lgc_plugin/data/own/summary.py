"""What a set holds: minutes and events of each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lgc_plugin.data.own.clips import Clip
from lgc_plugin.data.own.cutting import Span, joined
from lgc_plugin.types import LabelKind


@dataclass(frozen=True)
class ClassSummary:
    """One class in one set."""

    #: Of a weak set: tagged clips.
    events: int
    #: Of its events; overlaps within the class are none.
    minutes: float
    #: Clips that have it.
    clips: int
    #: Clips whose annotation does not cover it.
    unknown: int


@dataclass(frozen=True)
class SetSummary:
    """One set. What several clips have counts once in minutes and events."""

    clips: int
    minutes: float
    #: Annotated clips without any event (of a weak set: tag).
    negatives: int
    classes: dict[str, ClassSummary]


def summarize(clips: Sequence[Clip], labels: Sequence[str]) -> SetSummary:
    """Counts what the clips of a set hold."""
    # By recording, in whole milliseconds and microseconds.
    spans: dict[str, list[Span]] = {}
    events: dict[tuple[str, str], list[Span]] = {}
    for clip in clips:
        spans.setdefault(clip.source.name, []).append(clip.span)
        for event in clip.events:
            found = events.setdefault((event.label, clip.source.name), [])
            found.append(_microseconds(clip, event.onset, event.offset))
    merged: dict[str, list[Span]] = {label: [] for label in labels}
    for (label, _), found in events.items():
        merged[label] += joined(found, touching=False)
    tagged = Counter(label for clip in clips for label in clip.tags)
    unknown = Counter(label for clip in clips for label in clip.unknown)
    kinds = {clip.kind for clip in clips}
    classes = {
        label: ClassSummary(
            tagged[label] if kinds == {LabelKind.WEAK} else len(merged[label]),
            _minutes(merged[label], 1_000_000),
            tagged[label],
            unknown[label],
        )
        for label in labels
    }
    negatives = sum(not clip.tags and not clip.unknown for clip in clips)
    return SetSummary(
        len(clips),
        _minutes((x for own in spans.values() for x in joined(own)), 1000),
        0 if kinds == {LabelKind.NONE} else negatives,
        classes,
    )


def _microseconds(clip: Clip, *seconds: float) -> Span:
    start, stop = (1000 * clip.span.start + round(1e6 * x) for x in seconds)
    return Span(start, stop)


def _minutes(spans: Iterable[Span], per_second: int) -> float:
    return round(sum(x.stop - x.start for x in spans) / per_second / 60, 4)


def quantiles(seconds: Sequence[float]) -> list[float]:
    """The shortest, quarters and the longest; none without events."""
    if not seconds:
        return []
    found = np.quantile(seconds, [0, 0.25, 0.5, 0.75, 1])
    return [round(x, 4) for x in found.tolist()]

"""What a set holds: minutes and events of each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lgc_plugin.data.manifest import ClipRow
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
    """One set."""

    clips: int
    minutes: float
    #: Annotated clips without any event (of a weak set: tag).
    negatives: int
    #: In clips that overlap, events count twice.
    classes: dict[str, ClassSummary]


def summarize(rows: Sequence[ClipRow], labels: Sequence[str]) -> SetSummary:
    """Counts what some clips hold."""
    durations: dict[str, list[float]] = {label: [] for label in labels}
    tagged: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for row in rows:
        tagged.update(row.tags)
        unknown.update(row.unknown)
        for event in row.events:
            durations[event.label].append(event.offset - event.onset)
    is_weak = bool(rows) and rows[0].label_kind == LabelKind.WEAK
    kinds = {row.label_kind for row in rows}
    classes = {
        label: ClassSummary(
            tagged[label] if is_weak else len(durations[label]),
            round(sum(durations[label]) / 60, 4),
            tagged[label],
            unknown[label],
        )
        for label in labels
    }
    negatives = sum(not row.tags and not row.unknown for row in rows)
    return SetSummary(
        len(rows),
        round(sum(row.duration for row in rows) / 60, 4),
        0 if kinds == {LabelKind.NONE} else negatives,
        classes,
    )


def quantiles(seconds: Sequence[float]) -> list[float]:
    """The shortest, quarters and the longest; none without events."""
    if not seconds:
        return []
    found = np.quantile(seconds, [0, 0.25, 0.5, 0.75, 1])
    return [round(x, 4) for x in found.tolist()]

"""Annotation files of DESED (tab-separated), and events fitted to the audio.

Strong: ``filename onset offset event_label``; weak: ``filename
event_labels``; unlabeled: ``filename``; durations: ``filename duration``.
What is wrong in a file is an error that names the file and the row; what is
only odd (a clip without events, a label given twice) is read for what it
means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgc_plugin.data.fields import check_label
from lgc_plugin.data.table_files import Row, TableFile
from lgc_plugin.types import Event

STRONG_COLUMNS = ("filename", "onset", "offset", "event_label")


@dataclass(frozen=True)
class StrongAnnotations:
    """What a strong annotation file contains."""

    #: One row per event: ``filename``, ``onset`` and ``offset`` in seconds,
    #: ``event_label``; in the order of the file.
    events: pd.DataFrame
    #: Every clip that the file names, with events or without.
    filenames: tuple[str, ...]

    def by_clip(self) -> dict[str, list[Event]]:
        """The events of every clip; a clip without events has none."""
        clips: dict[str, list[Event]] = {name: [] for name in self.filenames}
        for name, *event in self.events.itertuples(index=False):
            clips[name].append(Event(*event))
        return clips


def read_strong(
    path: str | Path, labels: Collection[str] | None = None
) -> StrongAnnotations:
    """Reads events with onset and offset.

    A row with a filename and nothing else is a clip without events.
    """
    events = []
    filenames: dict[str, None] = {}
    for row in TableFile.read(path).rows(STRONG_COLUMNS):
        filenames[row["filename"]] = None
        if row["onset"] or row["offset"] or row["event_label"]:
            onset, offset = row.seconds("onset"), row.seconds("offset")
            label = _check_label(row, row["event_label"], labels)
            row.check(
                onset < offset,
                "offset must lie after onset: correct or remove the event",
            )
            events.append((row["filename"], onset, offset, label))
    frame = pd.DataFrame(events, columns=list(STRONG_COLUMNS))
    frame = frame.astype({"onset": float, "offset": float})
    return StrongAnnotations(frame, tuple(filenames))


def read_weak(
    path: str | Path, labels: Collection[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Reads which classes sound in each clip.

    Commas separate labels; one of ``labels`` may have some itself.
    """
    clips: dict[str, dict[str, None]] = {}
    for row in TableFile.read(path).rows(("filename", "event_labels")):
        tags = clips.setdefault(row["filename"], {})
        if row["event_labels"]:
            for label in _split_labels(row["event_labels"], labels or ()):
                tags[_check_label(row, label, labels)] = None
    return {name: tuple(tags) for name, tags in clips.items()}


def read_durations(path: str | Path) -> dict[str, float]:
    """Reads the annotated length of each clip."""
    durations: dict[str, float] = {}
    for row in TableFile.read(path).rows(("filename", "duration")):
        seconds = row.seconds("duration")
        row.check(seconds > 0, "duration must be above 0")
        known = durations.setdefault(row["filename"], seconds)
        row.check(
            known == seconds,
            f"this clip lasts {seconds!r} s here and {known!r} s in a row "
            "before: remove what is wrong",
        )
    return durations


def read_unlabeled(path: str | Path) -> tuple[str, ...]:
    """Reads the names of clips of which nothing is known."""
    rows = TableFile.read(path).rows(("filename",))
    return tuple(dict.fromkeys(row["filename"] for row in rows))


def _split_labels(text: str, labels: Collection[str]) -> Iterator[str]:
    """Labels between commas; of several readings, the longest label."""
    parts = text.split(",")
    start = 0
    while start < len(parts):
        ends = range(len(parts), start, -1)
        names = [",".join(parts[start:end]).strip() for end in ends]
        known = (i for i, name in enumerate(names) if name in labels)
        chosen = next(known, len(names) - 1)
        yield names[chosen]
        start = ends[chosen]


def _check_label(row: Row, label: str, labels: Collection[str] | None) -> str:
    """The label, if it is a good name and one of the known."""
    try:
        check_label(label)
    except ValueError as error:
        row.check(False, str(error))
    row.check(
        labels is None or label in labels,
        f"label {label!r} is not one of {', '.join(labels or ())}: correct "
        "it, or add it to the labels",
    )
    return label


# Annotators and audio headers round to a millisecond: cutting off less than
# that changes nothing worth reporting.
_NEGLIGIBLE_SECONDS = 1e-3


@dataclass(frozen=True)
class CleanEvents:
    """Events that fit their clip, and what it took."""

    #: By onset; within the clip, and no two of one class overlap.
    events: tuple[Event, ...]
    #: Events that reached beyond the end of the clip.
    cut: int = 0
    #: Events that lay wholly beyond the end of the clip.
    dropped: int = 0
    #: Events that were joined to another one of their class.
    merged: int = 0


def clean_events(events: Iterable[Event], duration: float) -> CleanEvents:
    """Cuts events at the end of the clip and joins those that overlap.

    Events of one class that only touch stay two events.
    """
    events = sorted(events)
    inside = [event for event in events if event.onset < duration]
    limit = duration + _NEGLIGIBLE_SECONDS
    fitting = [
        event._replace(offset=min(event.offset, duration)) for event in inside
    ]
    apart = merge_overlaps(fitting)
    return CleanEvents(
        events=tuple(apart),
        cut=sum(event.offset > limit for event in inside),
        dropped=len(events) - len(inside),
        merged=len(fitting) - len(apart),
    )


def merge_overlaps(events: Iterable[Event]) -> list[Event]:
    """Joins overlapping events of one class; metrics refuse such pairs."""
    ranked = sorted(events, key=lambda event: (event.label, event))
    if not ranked:
        return []
    onset, offset, labels = zip(*ranked, strict=True)
    group = np.unique(labels, return_inverse=True)[1]
    first, end = find_joined(np.array(onset), np.array(offset), group)
    return sorted(
        ranked[place]._replace(offset=last)
        for place, last in zip(first.tolist(), end.tolist(), strict=True)
    )


def find_joined(
    onset: NDArray, offset: NDArray, group: NDArray
) -> tuple[NDArray, NDArray]:
    """Where events begin that overlap none before, and where these then end.

    Events are sorted by group (0, 1 ...) and onset; those of a group join.

    >>> onset, offset = np.array([0.0, 1.0, 5.0]), np.array([2.0, 3.0, 6.0])
    >>> find_joined(onset, offset, np.zeros(3, dtype=int))
    (array([0, 2]), array([3., 6.]))
    """
    # Ranks are integers, so that a group can be above all of those before.
    ends, rank = np.unique(offset, return_inverse=True)
    above = group * len(ends)
    reach = ends[np.maximum.accumulate(above + rank) - above]
    joined = (group[1:] == group[:-1]) & (onset[1:] < reach[:-1])
    first = np.flatnonzero(np.r_[True, ~joined][: len(onset)])
    stop = np.append(first[1:], len(onset))[: len(first)]
    return first, reach[stop - 1]

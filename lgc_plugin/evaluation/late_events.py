"""Warns of events that reach over the end of their clip, and of other units."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.data.manifest import is_manifest, read_manifest
from lgc_plugin.data.table_files import TableFile
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth, clip_name
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.score_files import list_tsvs

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Seconds that an event may reach over the end of its clip: the last frame of
#: a system may end there, since clips are no whole number of frames.
END_TOLERANCE = 0.1
# Nobody detects only what is in the first twentieth of clips.
_OTHER_UNIT = 20
# Seconds that few sounds last.
_LONG_EVENT = 300
# Clips that are a hundred times longer than what is annotated in them, and how
# many of them are no accident.
_TOO_LONG, _MANY = 100, 3


def warn_late_events(
    events: pd.DataFrame,
    truth: GroundTruth,
    path: str | Path,
    what: str,
    notes: Notes,
) -> bool:
    """Whether events, annotated or detected, end beyond the end of clips."""
    offsets = events.offset.to_numpy()
    lengths = truth.seconds_of(events.filename)
    late = events[offsets > lengths + END_TOLERANCE]
    if late.empty:
        return False
    row = late.iloc[int(np.argmax(late.offset.to_numpy()))]
    (length,) = truth.seconds_of([row.filename])
    where = " at all thresholds" if "threshold" in events else ""
    notes.warn(
        f"{counted(len(late), what)}{where}, in "
        f"{counted(late.filename.nunique(), 'clip')}, reach over the end of "
        f"the clip, such as {row.event_label!r} until {row.offset:g} s in "
        f"{row.filename!r} of {length:g} s ({_place(Path(path), row)}): kept "
        f"as they are{_unit(offsets, lengths)}"
    )
    return True


def warn_late_frames(
    frames: FrameScores, truth: GroundTruth, path: str | Path, notes: Notes
) -> None:
    """Frames beyond the end of their clip."""
    ends = frame_ends(frames)
    lengths = truth.seconds_of(frames.clips)
    over = ends - lengths
    late = int((over > END_TOLERANCE).sum())
    if late:
        row = int(np.argmax(over))
        notes.warn(
            f"the frames of {counted(late, 'clip')} reach over the end, such "
            f"as until {ends[row]:g} s in {frames.clips[row]!r} of "
            f"{lengths[row]:g} s ({path}): kept as they are"
            f"{_unit(ends, lengths)}"
        )


def frame_ends(frames: FrameScores) -> NDArray[np.float64]:
    """(N,) where the last frame of each clip ends."""
    shape = (len(frames.clips), frames.scores.shape[2] + 1)
    edges = np.broadcast_to(frames.edges, shape)
    return edges[np.arange(shape[0]), frames.valid_frames]


def warn_two_units(
    ends: NDArray[np.float64],
    truth: GroundTruth,
    lengths_known: bool,
    path: str | Path,
    notes: Notes,
) -> None:
    """Predictions and annotations of which only one is in seconds."""
    annotated = truth.events.offset.to_numpy()
    if not len(ends) or not len(annotated):
        return
    if lengths_known:  # what reaches over the end has been warned of already
        late = annotated > truth.seconds_of(truth.events.filename)
        if late.any() or ends.max() > truth.durations.duration.max():
            return
    last, true = float(ends.max()), float(annotated.max())
    if max(last, true) > _TOO_LONG * min(last, true):
        notes.warn(
            f"{path}: predictions end at up to {last:g} s, annotated events at "
            f"up to {true:g} s: seconds are expected of both"
        )


def warn_long_events(
    truth: GroundTruth, path: str | Path, notes: Notes
) -> None:
    """Events that last minutes, as they do in another unit."""
    lengths = truth.events.offset - truth.events.onset
    middle = float(lengths.median())  # NaN of none
    if middle > _LONG_EVENT:
        notes.warn(
            f"{path}: annotated events last {middle:g} s (the median): seconds "
            "are expected"
        )


def warn_long_clips(truth: GroundTruth, path: str | Path, notes: Notes) -> None:
    """Clips that are far longer than anything in them."""
    ends = truth.events.groupby("filename").offset.max()
    lengths = truth.seconds_of(ends.index)
    if len(ends) >= _MANY and (lengths > _TOO_LONG * ends.to_numpy()).all():
        notes.warn(
            f"{path}: every annotated event ends within a hundredth of its "
            f"clip, such as at {ends.iloc[0]:g} s of {lengths[0]:g} s in "
            f"{ends.index[0]!r}: the durations look like milliseconds: seconds "
            "are expected"
        )


def _unit(ends: NDArray[np.float64], lengths: NDArray[np.float64]) -> str:
    """What times may be if not seconds."""
    factor = float(np.max(ends / lengths))
    most = (ends > lengths + END_TOLERANCE).mean() > 0.5
    if not most or factor < _OTHER_UNIT:
        return ""
    unit = "milliseconds" if factor <= 1001 else "samples"
    return f". The times look like {unit}: seconds are expected"


def _place(path: Path, event: pd.Series) -> str:
    """File and row of an event."""
    if path.is_file() and is_manifest(path):
        for number, clip in enumerate(read_manifest(path), start=2):
            if clip_name(clip.id) == event.filename:
                return f"{path}, row {number}"
    files = list_tsvs(path) if path.is_dir() else [path]
    for file in filter(Path.is_file, files):
        table = TableFile.read(file)
        if not set(EVENT_COLUMNS) <= set(table.header):
            continue
        for row in table.rows(EVENT_COLUMNS, containing=event.filename):
            if (
                row["filename"] == event.filename
                and row["event_label"] == event.event_label
                and math.isclose(row.number("offset"), event.offset)
            ):
                return row.where
    return str(path)

"""What a page needs to decode some clips at any threshold, as Python does."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.postprocess.median_filter import (
    median_filter_scores,
)
from lgc_plugin.evaluation.system import System


def labels_of(system: System) -> tuple[str, ...]:
    """The classes of a system, in the order in which pages number them."""
    frames = system.predictions.frames
    return system.predictions.labels if frames is None else frames.labels


def clip_entries(system: System, clips: Sequence[str]) -> list[dict[str, Any]]:
    """How to find the events of each clip, in one of three ways.

    ``scores``: median filtered frame scores, which are thresholded; ``boxes``:
    bounding boxes with their confidence; ``points``: the events at each
    operating point, and those that were decided for. A clip that the system
    did not score has no events.
    """
    frames = system.predictions.frames
    labels = labels_of(system)
    if frames is None:
        return _points(
            clips,
            labels,
            system.operating_events,
            system.all_events,
            system.predictions.thresholds,
        )
    kept = frames.select(clips)
    post_processing = system.point.post_processing
    if post_processing.has_rules:
        return _points(
            clips,
            labels,
            post_processing.operating_events(kept),
            post_processing.all_events(kept),
            post_processing.thresholds,
        )
    if post_processing.finds_boxes:
        boxes = post_processing.candidates(kept)
        return [
            {"mode": "boxes", "boxes": _rows(own, labels, own.confidence)}
            for own in _by_clip(boxes, clips)
        ]
    return _scores(kept, system, clips)


def last_second(entry: dict[str, Any]) -> float:
    """Where the scores or the last event of a clip ends."""
    if entry["mode"] == "scores":
        return entry["edges"][-1]
    events = entry.get("boxes") or entry.get("decided") or []
    return max((event[2] for event in events), default=0.0)


def _scores(
    kept: FrameScores, system: System, clips: Sequence[str]
) -> list[dict[str, Any]]:
    smooth = median_filter_scores(
        kept.scores,
        system.point.post_processing.class_windows(kept.labels),
        kept.valid_frames,
    )
    entries = {}
    for row, clip in enumerate(kept.clips):
        valid = kept.valid_frames[row]
        edges = kept.edges[row] if kept.edges.ndim == 2 else kept.edges
        values = smooth[row, :, :valid].astype("<f4")
        entries[clip] = {
            "mode": "scores",
            "scores": base64.b64encode(values.tobytes()).decode("ascii"),
            "edges": edges[: valid + 1].tolist(),
        }
    nothing = {"mode": "points", "points": [], "decided": []}
    return [entries.get(clip, nothing) for clip in clips]


def _points(
    clips: Sequence[str],
    labels: Sequence[str],
    decided: pd.DataFrame,
    all_events: pd.DataFrame | None,
    thresholds: Sequence[float],
) -> list[dict[str, Any]]:
    if all_events is None:
        all_events, thresholds = decided.assign(threshold=0.0), ()
    entries = []
    for clip_events, own in zip(
        _by_clip(all_events, clips), _by_clip(decided, clips), strict=True
    ):
        by_limit = dict(list(clip_events.groupby("threshold")))
        points = [
            {
                "threshold": limit,
                "events": _rows(by_limit.get(limit, own[:0]), labels),
            }
            for limit in sorted(thresholds)
        ]
        entries.append(
            {"mode": "points", "points": points, "decided": _rows(own, labels)}
        )
    return entries


def _by_clip(
    events: pd.DataFrame, clips: Sequence[str]
) -> Iterator[pd.DataFrame]:
    for clip in clips:
        yield events[events.filename == clip]


def _rows(
    events: pd.DataFrame, labels: Sequence[str], *more: pd.Series
) -> list[list[float]]:
    """Number of the class, onset, offset, and what else there is."""
    columns = (
        [labels.index(label) for label in events.event_label],
        events.onset.tolist(),
        events.offset.tolist(),
        *(column.tolist() for column in more),
    )
    return [list(row) for row in zip(*columns, strict=True)]

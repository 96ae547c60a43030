"""Lists of events that thresholds accept or drop by their confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.postprocess.box_scores import scores_of_events

_SAME = ["filename", "event_label"]


def events_above(
    events: pd.DataFrame, threshold: float | Mapping[str, float]
) -> pd.DataFrame:
    """The events that are more confident than a threshold (of their class)."""
    limits = np.full(len(events), np.nan)
    if isinstance(threshold, Mapping):
        limits = events.event_label.map(threshold).to_numpy(dtype=float)
    else:
        limits[:] = threshold
    return events.loc[_numbers(events.confidence) > _numbers(limits)]


def sweep_events(
    events: pd.DataFrame, thresholds: Sequence[float]
) -> pd.DataFrame:
    """The events above each threshold, which is a column."""
    limits = np.asarray(thresholds, dtype=np.float64)
    above = _numbers(events.confidence) > _numbers(limits)[:, None]
    point, row = np.nonzero(above)
    return events[EVENT_COLUMNS].iloc[row].assign(threshold=limits[point])


def swept_scores(events: pd.DataFrame, truth: GroundTruth) -> FrameScores:
    """Frame scores of which thresholds show the events of a list."""
    durations = truth.durations
    return scores_of_events(
        _apart(events), durations.filename, truth.labels, durations.duration
    )


def _apart(events: pd.DataFrame) -> pd.DataFrame:
    """Events that begin where another ends stay two: they begin just later."""
    ends = pd.MultiIndex.from_frame(events[[*_SAME, "offset"]])
    begins = pd.MultiIndex.from_frame(events[[*_SAME, "onset"]])
    later = np.nextafter(events.onset, np.inf)
    touches = begins.isin(ends) & (later < events.offset)
    return events.assign(onset=np.where(touches, later, events.onset))


def _numbers(values: pd.Series | np.ndarray) -> np.ndarray:
    """Thresholds are compared in the precision of frame scores."""
    return np.asarray(values, dtype=np.float32)

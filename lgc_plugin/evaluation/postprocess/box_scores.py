"""Events with a confidence as frame scores, which thresholds sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.frame_scores import FrameScores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def scores_of_events(
    events: pd.DataFrame,
    clips: Sequence[str],
    labels: Sequence[str],
    durations: ArrayLike,
) -> FrameScores:
    """Each event has its confidence from onset to offset, the rest none.

    None is minus infinity. Frames begin where events do or end, so that clips
    have edges of their own. Where events of a class overlap, the highest
    confidence counts; those that touch become one below both confidences.

    ``events`` have the columns ``filename onset offset event_label
    confidence``, those of other clips or classes are left out; ``durations``
    (N,) in seconds of ``clips``.

    >>> events = pd.DataFrame({
    ...     "filename": ["a"], "onset": [1.0], "offset": [2.0],
    ...     "event_label": ["Cat"], "confidence": [0.5],
    ... })
    >>> frames = scores_of_events(events, ["a"], ["Cat"], [3.0])
    >>> frames.edges.tolist(), frames.scores.tolist()
    ([[0.0, 1.0, 2.0, 3.0]], [[[-inf, 0.5, -inf]]])
    """
    clip = pd.Index(clips).get_indexer(events.filename)
    label = pd.Index(labels).get_indexer(events.event_label)
    known = (clip >= 0) & (label >= 0)
    clip, label = clip[known], label[known]
    onset, offset, confidence = (
        events[name].to_numpy(dtype=np.float64)[known]
        for name in ("onset", "offset", "confidence")
    )
    number, lengths = np.arange(len(clips)), np.asarray(durations, np.float64)
    edges, place = _own_edges(
        np.concatenate((number, number, clip, clip)),
        np.concatenate((0 * lengths, lengths, onset, offset)),
        len(clips),
    )
    first, stop = place[2 * len(clips) :].reshape(2, -1)
    shape = (len(clips), len(labels), edges.shape[1] - 1)
    scores = np.full(shape, -np.inf, dtype=np.float32)
    size = stop - first
    frame = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    frame += np.repeat(first, size)
    cells = (np.repeat(clip, size), np.repeat(label, size), frame)
    np.maximum.at(scores, cells, np.repeat(confidence, size).astype(np.float32))
    # The longest clip fills the array, the others end before.
    valid = (edges < edges[:, -1:]).sum(axis=1)
    return FrameScores(tuple(labels), tuple(clips), scores, valid, edges)


def _own_edges(
    clip: NDArray[np.int64], seconds: NDArray[np.float64], n_clips: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The times of each clip in order, once each, and the place of each.

    (N, T' + 1); those of clips with fewer times end in their last.
    """
    order = np.lexsort((seconds, clip))
    sorted_clip, times = clip[order], seconds[order]
    begins = np.append(True, sorted_clip[1:] != sorted_clip[:-1])[: len(times)]
    new = begins | np.append(True, times[1:] != times[:-1])[: len(times)]
    count = np.cumsum(new)
    rank = count - count[begins][sorted_clip]
    edges = np.full((n_clips, rank.max(initial=0) + 1), -np.inf)
    edges[sorted_clip, rank] = times
    place = np.empty_like(order)
    place[order] = rank
    return np.maximum.accumulate(edges, axis=1), place

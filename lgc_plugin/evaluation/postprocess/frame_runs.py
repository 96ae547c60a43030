"""Runs of frames above thresholds, over all clips at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.events import CodedEvents

if TYPE_CHECKING:
    from numpy.typing import NDArray


def frame_runs(
    scores: NDArray[np.floating],
    edges: NDArray[np.float64],
    limits: NDArray[np.float64],
    lower: NDArray[np.float64] | None = None,
) -> CodedEvents:
    """Runs in (N, C, T') scores above (J, C) limits, in precision of scores.

    With ``lower`` limits, a run goes on while above these (hysteresis).
    """
    n_clips, n_classes, n_frames = scores.shape
    changes = _changes(scores, limits)
    if lower is not None:
        changes = _extended(changes, _changes(scores, lower))
    row, frame = np.divmod(changes, n_frames + 1)
    shape = (n_clips, len(limits), n_classes)
    clip, point, label = np.unravel_index(row[::2], shape)
    seconds = np.broadcast_to(edges, (n_clips, n_frames + 1))
    return CodedEvents(
        clip,
        point,
        label,
        seconds[clip, frame[::2]],
        seconds[clip, frame[1::2]],
        (n_clips, n_classes, len(limits)),
    )


def _changes(
    scores: NDArray[np.floating], limits: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Where runs begin and end, in turn: row times (T' + 1), plus frame."""
    n_clips, n_classes, n_frames = scores.shape
    shape = (n_clips, len(limits), n_classes, n_frames + 2)
    sounding = np.zeros(shape, dtype=bool)
    each = limits.astype(scores.dtype)[..., None]
    np.greater(scores[:, None], each, out=sounding[..., 1:-1])
    # A silent frame on either side: changes come in pairs, onset and offset.
    return np.flatnonzero(sounding[..., 1:] != sounding[..., :-1])


def _extended(
    upper: NDArray[np.int64], lower: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Lower runs that hold an upper one, from the first of these on."""
    start, end = lower[::2], lower[1::2]
    begins = upper[::2]
    nth = np.searchsorted(begins, start)
    first = np.append(begins, np.iinfo(np.int64).max)[nth]
    held = first < end
    return np.stack((first[held], end[held]), axis=1).ravel()

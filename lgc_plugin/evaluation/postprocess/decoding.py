"""Events of frame scores: median filter, thresholds, runs of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.postprocess.median_filter import (
    as_score_array,
    as_valid_frames,
    median_filter_scores,
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.thresholds import as_thresholds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

DETECTION_COLUMNS = ("filename", "onset", "offset", "event_label", "threshold")
# Clips decoded at a time: 50 thresholds of 10 classes make one byte per frame
# each, so that a block of ten-second clips stays near 10 MB.
_BLOCK_CLIPS = 128


def decode_frames(
    scores: ArrayLike | Tensor,
    clip_ids: Sequence[str],
    labels: Sequence[str],
    edges: NDArray[np.float64],
    thresholds: Sequence[float] | float | Mapping[str, float],
    median_windows: int | Sequence[int] | Mapping[str, int],
    valid_frames: ArrayLike | Tensor | None = None,
) -> pd.DataFrame:
    """Events that frame scores show at each threshold.

    The scores are median filtered once. A rank filter commutes with
    thresholding, so the events are those of filtering each thresholded copy.

    Arguments
    ---------
    scores : Tensor or array
        (B, C, T') probabilities.
    clip_ids : Sequence[str]
        B names, each once.
    labels : Sequence[str]
        C class names.
    edges : numpy.ndarray
        Seconds at which frames begin, and the end of the last: (T' + 1,), or
        (B, T' + 1) if clips have frames of their own.
    thresholds : Sequence[float] or float or Mapping[str, float]
        Thresholds of all classes; or one for each class by name, which are
        one operating point. A class is active where its score is greater,
        compared in the precision of the scores.
    median_windows : int or Sequence[int] or Mapping[str, int]
        Frames, see :func:`.median_filter.resolve_median_windows`.
    valid_frames : Tensor or array, optional
        (B,) output frames that hold sound. None means all.

    Returns
    -------
    pandas.DataFrame
        One row per event: ``filename``, ``onset`` and ``offset`` in seconds,
        ``event_label``, ``threshold`` (that of the event's class); ordered by
        clip (as given), threshold (as given), class, onset.

    Raises
    ------
    ValueError
        If shapes, names, thresholds or windows do not fit together, or a
        score is NaN; the message names the clip.

    Example
    -------
    >>> scores = np.array([[[0.1, 0.4, 0.4], [0.1, 0.4, 0.4]]])
    >>> edges = np.array([0.0, 1.0, 2.0, 2.5])
    >>> limits = {"Cat": 0.3, "Dog": 0.5}
    >>> found = decode_frames(scores, ["a"], list(limits), edges, limits, 1)
    >>> print(found.to_string(index=False))
    filename  onset  offset event_label  threshold
           a    1.0     2.5         Cat        0.3
    """
    array = as_score_array(scores)
    limits = as_thresholds(thresholds, labels)
    names = np.empty(len(clip_ids), dtype=object)
    names[:] = list(clip_ids)
    _check_batch(array, names, labels)
    windows = resolve_median_windows(median_windows, labels)
    valid = as_valid_frames(valid_frames, len(names), array.shape[2])
    refuse_nan(array, names, labels, valid)
    seconds = np.broadcast_to(edges, (len(names), array.shape[2] + 1))
    tables = []
    for start in range(0, max(len(names), 1), _BLOCK_CLIPS):
        block = slice(start, start + _BLOCK_CLIPS)
        smooth = median_filter_scores(array[block], windows, valid[block])
        tables.append(
            _runs(smooth, names[block], labels, seconds[block], limits)
        )
    return pd.concat(tables, ignore_index=True)


def _runs(
    scores: NDArray[np.floating],
    names: NDArray[np.object_],
    labels: Sequence[str],
    seconds: NDArray[np.float64],
    thresholds: NDArray[np.float64],
) -> pd.DataFrame:
    """Runs of frames above each threshold, over all clips at once."""
    n_clips, n_classes, n_frames = scores.shape
    shape = (n_clips, len(thresholds), n_classes, n_frames + 2)
    sounding = np.zeros(shape, dtype=bool)
    limits = thresholds.astype(scores.dtype)[..., None]
    np.greater(scores[:, None], limits, out=sounding[..., 1:-1])
    # A silent frame on either side: changes come in pairs, onset and offset.
    changes = np.flatnonzero(sounding[..., 1:] != sounding[..., :-1])
    row, frame = np.divmod(changes, n_frames + 1)
    clip, point, label = np.unravel_index(row[::2], shape[:-1])
    columns = (
        names[clip],
        seconds[clip, frame[::2]],
        seconds[clip, frame[1::2]],
        np.array(labels, dtype=object)[label],
        thresholds[point, label],
    )
    return pd.DataFrame(dict(zip(DETECTION_COLUMNS, columns, strict=True)))


def _check_batch(
    scores: NDArray[np.floating],
    names: NDArray[np.object_],
    labels: Sequence[str],
) -> None:
    if scores.shape[1] != len(labels):
        raise ValueError(
            f"scores of {scores.shape[1]} classes for {len(labels)} labels: "
            f"{', '.join(labels)}"
        )
    n_clips = len(scores)
    if n_clips != len(names):
        raise ValueError(f"scores of {n_clips} clips for {len(names)} ids")
    values, counts = np.unique(names.astype(str), return_counts=True)
    if (counts > 1).any():
        raise ValueError(
            f"clip {str(values[counts > 1][0])!r} is given more than once"
        )


def refuse_nan(
    scores: NDArray[np.floating],
    names: Sequence[str] | NDArray[np.object_],
    labels: Sequence[str],
    valid: NDArray[np.int64],
) -> None:
    """Refuses scores that are not numbers, where there is sound."""
    inside = np.arange(scores.shape[2]) < valid[:, None, None]
    found = np.argwhere(np.isnan(scores) & inside)
    if len(found):
        clip, row, frame = found[0]
        raise ValueError(
            f"clip {str(names[clip])!r} has a NaN score ({labels[row]}, "
            f"frame {frame}); {len(np.unique(found[:, 0]))} of "
            f"{len(names)} clips have any: look for a diverged network or a "
            "damaged file"
        )

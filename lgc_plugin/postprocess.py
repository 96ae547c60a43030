"""Frame scores to events: median filter, thresholds, runs of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.median_filter import (
    as_score_array,
    as_valid_frames,
    median_filter_scores,
    resolve_median_windows,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from lgc_plugin.data.labels import EventEncoder

DETECTION_COLUMNS = ("filename", "onset", "offset", "event_label", "threshold")

# Clips decoded at a time: 50 thresholds of 10 classes make one byte per frame
# each, so that a block of ten-second clips stays near 10 MB.
_BLOCK_CLIPS = 128


def decode_events(
    scores: ArrayLike | Tensor,
    clip_ids: Sequence[str],
    encoder: EventEncoder,
    thresholds: Sequence[float] | float,
    median_windows: int | Sequence[int] | Mapping[str, int],
    valid_frames: ArrayLike | Tensor | None = None,
) -> pd.DataFrame:
    """Events that scores show at each threshold.

    The scores are median filtered once. A rank filter commutes with
    thresholding, so the events are those of filtering each thresholded copy.

    Arguments
    ---------
    scores : Tensor or array
        (B, C, T') probabilities.
    clip_ids : Sequence[str]
        B names, each once; they become ``filename`` as they are.
    encoder : EventEncoder
        Class names and the length of a frame.
    thresholds : Sequence[float] or float
        A class sounds where its score is greater; compared in the precision
        of the scores.
    median_windows : int or Sequence[int] or Mapping[str, int]
        See :func:`~lgc_plugin.median_filter.resolve_median_windows`; output
        frames.
    valid_frames : Tensor or array, optional
        (B,) output frames that hold sound. None means all.

    Returns
    -------
    pandas.DataFrame
        One row per event: ``filename``, ``onset`` and ``offset`` in seconds,
        ``event_label``, ``threshold``; ordered by clip (as given), threshold
        (as given), class, onset.

    Raises
    ------
    ValueError
        If shapes, names, thresholds or windows do not fit together, or a
        score is NaN.

    Example
    -------
    >>> from lgc_plugin.data.labels import EventEncoder
    >>> encoder = EventEncoder(["Cat", "Dog"], clip_seconds=0.256)
    >>> scores = np.array([[[0.9, 0.9, 0.1, 0.1], [0.1, 0.4, 0.4, 0.4]]])
    >>> events = decode_events(scores, ["a.wav"], encoder, [0.3, 0.5], 1)
    >>> print(events.to_string(index=False))
    filename  onset  offset event_label  threshold
       a.wav  0.000   0.128         Cat        0.3
       a.wav  0.064   0.256         Dog        0.3
       a.wav  0.000   0.128         Cat        0.5
    """
    array = as_score_array(scores)
    limits = _as_thresholds(thresholds)
    names = np.empty(len(clip_ids), dtype=object)
    names[:] = list(clip_ids)
    _check_batch(array, names, encoder.labels)
    windows = resolve_median_windows(median_windows, encoder.labels)
    valid = as_valid_frames(valid_frames, len(names), array.shape[2])
    _check_no_nan(array, names, encoder.labels, valid)
    tables = []
    for start in range(0, max(len(names), 1), _BLOCK_CLIPS):
        block = slice(start, start + _BLOCK_CLIPS)
        smooth = median_filter_scores(array[block], windows, valid[block])
        tables.append(_runs(smooth, names[block], encoder, limits))
    return pd.concat(tables, ignore_index=True)


def _runs(
    scores: NDArray[np.floating],
    names: NDArray[np.object_],
    encoder: EventEncoder,
    thresholds: NDArray[np.float64],
) -> pd.DataFrame:
    """Runs of frames above each threshold, over all clips at once."""
    n_clips, n_classes, n_frames = scores.shape
    shape = (n_clips, len(thresholds), n_classes, n_frames + 2)
    sounding = np.zeros(shape, dtype=bool)
    limits = thresholds.astype(scores.dtype)[:, None, None]
    np.greater(scores[:, None], limits, out=sounding[..., 1:-1])
    # A silent frame on either side: changes come in pairs, onset and offset.
    changes = np.flatnonzero(sounding[..., 1:] != sounding[..., :-1])
    row, frame = np.divmod(changes, n_frames + 1)
    clip, threshold, label = np.unravel_index(row[::2], shape[:-1])
    # Python's rounding, as the encoder's, not numpy's.
    seconds = np.array([encoder.seconds(i) for i in range(n_frames + 1)])
    columns = (
        names[clip],
        seconds[frame[::2]],
        seconds[frame[1::2]],
        np.array(encoder.labels, dtype=object)[label],
        thresholds[threshold],
    )
    return pd.DataFrame(dict(zip(DETECTION_COLUMNS, columns, strict=True)))


def _as_thresholds(thresholds: Sequence[float] | float) -> NDArray[np.float64]:
    limits = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    repeated = len(np.unique(limits)) != limits.size
    if not limits.size or repeated or not np.isfinite(limits).all():
        raise ValueError(
            "thresholds must be one or more different numbers, got "
            f"{limits.tolist()}"
        )
    return limits


def _check_batch(
    scores: NDArray[np.floating],
    names: NDArray[np.object_],
    labels: Sequence[str],
) -> None:
    n_clips, n_classes, _ = scores.shape
    if n_classes != len(labels):
        raise ValueError(
            f"scores of {n_classes} classes for {len(labels)} labels: "
            f"{', '.join(labels)}"
        )
    if n_clips != len(names):
        raise ValueError(f"scores of {n_clips} clips for {len(names)} ids")
    values, counts = np.unique(names.astype(str), return_counts=True)
    if (counts > 1).any():
        raise ValueError(
            f"clip {str(values[counts > 1][0])!r} is given more than once"
        )


def _check_no_nan(
    scores: NDArray[np.floating],
    names: NDArray[np.object_],
    labels: Sequence[str],
    valid: NDArray[np.int64],
) -> None:
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

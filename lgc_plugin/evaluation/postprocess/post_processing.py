"""Frame scores to events: median filter, thresholds, runs of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from reprlib import repr as short
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.postprocess.median_filter import (
    as_score_array,
    as_valid_frames,
    check_names,
    median_filter_scores,
    resolve_median_windows,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from lgc_plugin.evaluation.frame_scores import FrameScores

DETECTION_COLUMNS = ("filename", "onset", "offset", "event_label", "threshold")
# Clips decoded at a time: 50 thresholds of 10 classes make one byte per frame
# each, so that a block of ten-second clips stays near 10 MB.
_BLOCK_CLIPS = 128


def spaced_thresholds(count: int) -> tuple[float, ...]:
    """Thresholds in the middle of equal parts of [0, 1]: 0.1, 0.3 ... 0.9."""
    if count < 1:
        raise ValueError(f"n_thresholds must be at least 1, got {count}")
    return tuple(round((2 * i + 1) / (2 * count), 6) for i in range(count))


#: 0.01, 0.03 ... 0.99: the operating points of PSDS.
PSDS_THRESHOLDS = spaced_thresholds(50)


def as_thresholds(
    thresholds: Sequence[float] | float | Mapping[str, float],
    labels: Sequence[str],
) -> NDArray[np.float64]:
    """(J, C) thresholds of each operating point and class, checked."""
    if isinstance(thresholds, Mapping):
        check_names(thresholds, labels, "thresholds")
        limits = np.array([[float(thresholds[label]) for label in labels]])
    else:
        each = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
        if not each.size or len(np.unique(each)) != each.size:
            raise ValueError(
                "thresholds must be one or more different numbers, got "
                f"{each.tolist()}"
            )
        limits = np.repeat(each[:, None], len(labels), axis=1)
    if not np.isfinite(limits).all():
        raise ValueError(f"thresholds must be finite, got {limits.tolist()}")
    return limits


@dataclass(frozen=True)
class PostProcessing:
    """Median windows and thresholds.

    Arguments
    ---------
    median_windows : int or Sequence[int] or Mapping[str, int]
        Frames, see :func:`.median_filter.resolve_median_windows`.
    thresholds : Sequence[float]
        Operating points of PSDS.
    decision_threshold : float or Mapping[str, float]
        Where F1 scores are taken, of all classes or class by class; it need
        not be among ``thresholds``.

    Example
    -------
    >>> PostProcessing(7).for_labels(["Cat", "Dog"]).median_windows
    (7, 7)
    """

    median_windows: int | Sequence[int] | Mapping[str, int] = 1
    thresholds: Sequence[float] = PSDS_THRESHOLDS
    decision_threshold: float | Mapping[str, float] = 0.5

    def for_labels(self, labels: Sequence[str]) -> PostProcessing:
        """The same with one window per class, checked."""
        limit = self.decision_threshold
        for each in limit.values() if isinstance(limit, Mapping) else [limit]:
            real = isinstance(each, Real) and not isinstance(each, bool)
            if not real or not np.isfinite(float(each)):
                raise ValueError(
                    f"decision_threshold is {short(each)}: must be a number, "
                    "or one for each class by name"
                )
        as_thresholds(limit, labels)
        as_thresholds(self.thresholds, labels)
        return PostProcessing(
            self.class_windows(labels),
            tuple(float(each) for each in self.thresholds),
            {k: float(v) for k, v in limit.items()}
            if isinstance(limit, Mapping)
            else float(limit),
        )

    def class_windows(self, labels: Sequence[str]) -> tuple[int, ...]:
        """The median window of each class, in frames."""
        return resolve_median_windows(self.median_windows, labels)

    def class_thresholds(self, labels: Sequence[str]) -> np.ndarray:
        """(C,) the operating threshold of each class."""
        return as_thresholds(self.decision_threshold, labels)[0]

    def all_events(self, frames: FrameScores) -> pd.DataFrame:
        """Events at all thresholds."""
        return self._events(frames, self.thresholds)

    def operating_events(self, frames: FrameScores) -> pd.DataFrame:
        """Events at the operating threshold, each with that of its class."""
        return self._events(frames, self.decision_threshold)

    def _events(
        self,
        frames: FrameScores,
        thresholds: Sequence[float] | float | Mapping[str, float],
    ) -> pd.DataFrame:
        return decode_frames(
            frames.scores,
            frames.clips,
            frames.labels,
            frames.edges,
            thresholds,
            self.median_windows,
            frames.valid_frames,
        )


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

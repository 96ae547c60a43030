"""Median filters along time, one per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import median_filter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor


#: Frames; hours, and more than any clip has. What is larger is a mistake that
#: would fill the memory.
LONGEST_WINDOW = 100_000


def resolve_median_windows(
    windows: int | Sequence[int] | Mapping[str, int], labels: Sequence[str]
) -> tuple[int, ...]:
    """One median window per class, however the user wrote them."""
    if isinstance(windows, Mapping):
        check_names(windows, labels, "median windows")
        listed: list[Any] = [windows[label] for label in labels]
    elif isinstance(windows, Sequence | np.ndarray) and not isinstance(
        windows, str | bytes
    ):
        listed = list(windows)
    else:
        listed = [windows] * len(labels)
    if len(listed) != len(labels):
        raise ValueError(
            f"{len(listed)} median windows for {len(labels)} classes: give "
            f"one number, or one each for {', '.join(labels)}"
        )
    for label, window in zip(labels, listed, strict=True):
        if not _is_whole(window) or not 1 <= window <= LONGEST_WINDOW:
            raise ValueError(
                f"median window {short(window)} of {label!r}: must be a whole "
                f"number of frames, from 1 to {LONGEST_WINDOW:,}"
            )
    return tuple(int(window) for window in listed)


def median_filter_scores(
    scores: ArrayLike | Tensor,
    windows: int | Sequence[int],
    valid_frames: ArrayLike | Tensor | None = None,
) -> NDArray[np.floating]:
    """Smooths each class along time with a median of its own length.

    Edges are mirrored (the edge frame twice) and an even window takes the
    upper of its two middle ranks: scipy's ``median_filter``, and right also
    where the window is many times longer than the clip.

    Arguments
    ---------
    scores : Tensor or array
        (B, C, T') scores.
    windows : int or Sequence[int]
        Output frames: one number, or one per class.
    valid_frames : Tensor or array, optional
        (B,) output frames that hold sound; the rest is padding. A padded clip
        comes out as if it had been cut there. None means all.

    Returns
    -------
    numpy.ndarray
        (B, C, T'), float32 (float64 if the scores are); minus infinity in
        padded frames, which no threshold lets through.

    Raises
    ------
    ValueError
        If a shape or a window does not fit, or a score is NaN.

    Example
    -------
    >>> scores = np.array([[[0.1, 0.9, 0.2, 0.8, 0.7]]], dtype="float32")
    >>> median_filter_scores(scores, 3).tolist() == [
    ...     [[scores[0, 0, i] for i in (0, 2, 3, 4, 4)]]
    ... ]
    True
    """
    array = as_score_array(scores)
    n_clips, n_classes, n_frames = array.shape
    names = [f"class {i}" for i in range(n_classes)]
    sizes = resolve_median_windows(windows, names)
    valid = as_valid_frames(valid_frames, n_clips, n_frames)
    filtered = np.full_like(array, -np.inf)
    for length in np.unique(valid[valid > 0]):
        clips = np.flatnonzero(valid == length)
        for row, size in enumerate(sizes):
            kept = array[clips, row, :length]
            if np.isnan(kept).any():
                raise ValueError("scores hold NaN: they have no median")
            filtered[clips, row, :length] = _median(kept, size)
    return filtered


def as_array(values: ArrayLike | Tensor) -> NDArray[np.floating]:
    """Numbers on the CPU: float64 if they are, else float32."""
    if hasattr(values, "detach"):
        tensor = values.detach().cpu()
        # numpy has no bfloat16.
        values = tensor if tensor.element_size() == 8 else tensor.float()
    array = np.asarray(values)
    if array.dtype != np.float64:
        array = array.astype(np.float32, copy=False)
    return array


def as_score_array(scores: ArrayLike | Tensor) -> NDArray[np.floating]:
    """(B, C, T') on the CPU; it may share its memory with the scores."""
    array = as_array(scores)
    if array.ndim != 3:
        raise ValueError(
            "scores must be (clips, classes, frames), got shape "
            f"{tuple(array.shape)}"
        )
    return array


def _median(rows: NDArray[np.floating], size: int) -> NDArray[np.floating]:
    """Median filter of each row, mirrored at its edges.

    By hand, for windows over twice as long as the row. Windows meet only
    their own row, so that all are one for scipy.
    """
    if size == 1:
        return rows
    before, after = size // 2, (size - 1) // 2
    padded = np.pad(rows, ((0, 0), (before, after)), mode="symmetric")
    flat = median_filter(padded.ravel(), size, mode="nearest")
    return flat.reshape(padded.shape)[:, before : before + rows.shape[1]]


def _is_whole(number: Any) -> bool:
    return isinstance(number, (int, np.integer)) and not isinstance(
        number, bool
    )


def check_names(
    numbers: Mapping[str, float], labels: Sequence[str], name: str
) -> None:
    """Refuses numbers that are not given for each class once."""
    missing = [label for label in labels if label not in numbers]
    unknown = [label for label in numbers if label not in labels]
    if missing or unknown:
        raise ValueError(
            f"{name} must name each class once: missing "
            f"{missing or 'none'}, unknown {unknown or 'none'}"
        )


def as_valid_frames(
    valid_frames: ArrayLike | Tensor | None, n_clips: int, n_frames: int
) -> NDArray[np.int64]:
    """(B,) number of frames that hold sound in each clip, checked."""
    if valid_frames is None:
        return np.full(n_clips, n_frames)
    if hasattr(valid_frames, "detach"):
        valid_frames = valid_frames.detach().cpu()
    valid = np.asarray(valid_frames).astype(np.int64)
    if valid.shape != (n_clips,):
        raise ValueError(
            f"valid_frames must be one number for each of {n_clips} clips, "
            f"got shape {tuple(valid.shape)}"
        )
    if ((valid < 0) | (valid > n_frames)).any():
        raise ValueError(
            f"valid_frames from {valid.min()} to {valid.max()}: must lie "
            f"between 0 and the {n_frames} frames of the scores"
        )
    return valid

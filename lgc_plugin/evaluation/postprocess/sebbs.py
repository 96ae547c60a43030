"""Sound event bounding boxes: events that thresholds accept or drop whole.

Ebbers, Germain, Wichern, Le Roux: Sound Event Bounding Boxes, Interspeech 2024
(arXiv 2406.04212), there the change-detection based boxes, cSEBBs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Added to scores before their ratio is taken, as in the paper's code.
_FLOOR = 0.001
# Seconds added to lengths before scores are divided by them, likewise.
_INSTANT = 1e-6
#: Times and confidences are rounded to 1e-9: what is equal but for the order of
#: additions stays equal.
DIGITS = 9

Number: TypeAlias = "float | NDArray[np.floating]"


class Boxes(NamedTuple):
    """Sound event bounding boxes, by clip, class and onset."""

    #: (E,) indices.
    clip: NDArray[np.int64]
    label: NDArray[np.int64]
    #: (E,) seconds.
    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    #: (E,) mean score from onset to offset.
    confidence: NDArray[np.float64]


class Segments(NamedTuple):
    """Boxes before they are merged, each with the gap behind it."""

    #: (E,) indices.
    clip: NDArray[np.int64]
    label: NDArray[np.int64]
    #: (E,) seconds.
    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    #: (2 E,) score times seconds of each box and its gap, in turn.
    areas: NDArray[np.float64]
    #: (E,) highest score of each box.
    highest: NDArray[np.float64]
    #: (E,) lowest score of each gap; without meaning behind a clip's last box.
    lowest: NDArray[np.float64]

    def merged(
        self, threshold_abs: ArrayLike = 0.15, threshold_rel: ArrayLike = 2.0
    ) -> Boxes:
        """Merges boxes over shallow gaps; thresholds of all or (C,)."""
        if not len(self.clip):
            return Boxes(*self[:4], self.areas)
        same = (np.diff(self.clip) == 0) & (np.diff(self.label) == 0)
        label = self.label[1:]
        highest = np.maximum(self.highest[1:], self.highest[:-1])
        merge = same & may_merge(
            highest,
            self.lowest[:-1],
            _by_class(threshold_abs, label),
            _by_class(threshold_rel, label),
        )
        first = np.append(0, np.flatnonzero(~merge) + 1)
        last = np.append(first[1:] - 1, len(same))
        # From a box up to the gap behind the last of those merged with it.
        ends = np.stack((2 * first, 2 * last + 1), axis=1).ravel()
        areas = np.add.reduceat(self.areas, ends)[::2]
        onset, offset = self.onset[first], self.offset[last]
        return Boxes(
            self.clip[first],
            self.label[first],
            onset,
            offset,
            mean_score(areas, offset - onset),
        )


def may_merge(
    highest: Number, lowest: Number, differs: Number, ratio: Number
) -> Any:
    """Whether boxes merge: their highest score, and the lowest between them."""
    higher, gap = highest + _FLOOR, lowest + _FLOOR
    return (higher - gap < differs) & (higher < ratio * gap)


def mean_score(areas: Number, seconds: Number) -> Any:
    """Confidence: score times seconds, over seconds."""
    return np.round(areas / (seconds + _INSTANT), DIGITS)


def sebbs(
    scores: NDArray[np.floating],
    edges: NDArray[np.float64],
    valid_frames: NDArray[np.int64],
    step_filter_length: ArrayLike,
    merge_threshold_abs: ArrayLike = 0.15,
    merge_threshold_rel: ArrayLike = 2.0,
) -> Boxes:
    """Boxes of (N, C, T') scores; each option of all classes or (C,)."""
    segments = find_segments(scores, edges, valid_frames, step_filter_length)
    return segments.merged(merge_threshold_abs, merge_threshold_rel)


def find_segments(
    scores: NDArray[np.floating],
    edges: NDArray[np.float64],
    valid_frames: NDArray[np.int64],
    step_filter_length: ArrayLike,
) -> Segments:
    """Splits clips where a step filter stops rising, and where falling.

    The step filter is the mean score of half its length after a time, less
    that before it. Between the times at which it moves over an edge of a frame
    it is a line, whose slope has the sign of the second difference of scores:
    exact, where differences of means would be rounded and plateaus lost.

    ``scores`` (N, C, T'), ``edges`` (T' + 1,) or (N, T' + 1) seconds,
    ``valid_frames`` (N,); seconds of all classes or (C,).
    """
    n_clips, n_classes, n_frames = scores.shape
    known = np.zeros((n_clips, n_classes, n_frames + 2))
    known[..., 1:-1] = _finite(scores, valid_frames)
    half = np.atleast_1d(np.asarray(step_filter_length, dtype=np.float64)) / 2
    steps = _Steps.of(edges, half)
    here = _at(known, steps.here)
    rising = _at(known, steps.ahead) + _at(known, steps.behind) > 2 * here
    inside = (steps.here > 0) & (steps.here <= valid_frames[:, None, None])
    event = ~rising & inside
    # What comes before the first rise is no event.
    event &= np.logical_or.accumulate(rising, axis=-1)
    before = np.zeros_like(event)
    before[..., 1:] = event[..., :-1]
    # All is flat: a change begins a box or the gap behind it, in turn.
    changes = np.flatnonzero(event != before)
    clip, label, step = np.unravel_index(changes, event.shape)
    seconds = np.broadcast_to(steps.seconds, event.shape)[clip, label, step]
    if not len(changes):
        none = np.zeros(0)
        return Segments(clip, label, *[none] * 5)
    areas = (here * steps.width).ravel()
    seconds = seconds.round(DIGITS)
    return Segments(
        clip[::2],
        label[::2],
        seconds[::2],
        seconds[1::2],
        np.add.reduceat(areas, changes),
        np.maximum.reduceat(here.ravel(), changes)[::2],
        np.minimum.reduceat(here.ravel(), changes)[1::2],
    )


class _Steps(NamedTuple):
    """Pieces of time within which the step filter is a line.

    All are (N or 1, C or 1, S).
    """

    #: When each begins.
    seconds: NDArray[np.float64]
    #: How long it is; 0 of the last, and of times that come twice.
    width: NDArray[np.float64]
    #: The frames that it lies in, and half a filter later and earlier. 0 lies
    #: before the first frame, T' + 1 behind the last.
    here: NDArray[np.int64]
    ahead: NDArray[np.int64]
    behind: NDArray[np.int64]

    @classmethod
    def of(
        cls, edges: NDArray[np.float64], half: NDArray[np.float64]
    ) -> _Steps:
        """The steps for (C,) or (1,) halves of the filter length."""
        edges = np.atleast_2d(edges)[:, None]
        # Where all classes have one length, steps are found once.
        half = half[:1] if (half == half[0]).all() else half
        half = half[None, :, None]
        shifted = np.broadcast_arrays(edges + 0 * half, edges - half)
        times = np.concatenate((*shifted, edges + half), axis=-1)
        # Whole nanoseconds: times that are the same are equal.
        ticks = (times * 1e9).round().astype(np.int64)
        order = np.argsort(ticks, axis=-1, kind="stable")
        ticks = np.take_along_axis(ticks, order, axis=-1)
        times = np.take_along_axis(times, order, axis=-1)
        width = np.diff(times, axis=-1, append=times[..., -1:])
        # Nothing lasts between equal times: the piece before goes on there.
        width[np.diff(ticks, axis=-1, append=ticks[..., -1:]) == 0] = 0
        number = np.arange(ticks.shape[-1])
        lasting = np.maximum.accumulate(np.where(width > 0, number, 0), axis=-1)
        kind = order // edges.shape[-1]
        passed = (np.cumsum(kind == each, axis=-1) for each in range(3))
        frames = (np.take_along_axis(x, lasting, axis=-1) for x in passed)
        return cls(times, width, *frames)


def _at(
    values: NDArray[np.float64], index: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(N, C, S) values by index, which clips and classes may share."""
    if index.shape[:2] == (1, 1):
        return values[..., index[0, 0]]
    return np.take_along_axis(values, index, axis=-1)


def _finite(
    scores: NDArray[np.floating], valid_frames: NDArray[np.int64]
) -> NDArray[np.floating]:
    """Scores, 0 in padding and of classes that were not scored."""
    padding = np.arange(scores.shape[2]) >= valid_frames[:, None, None]
    known = np.where(padding, 0, scores)
    unscored = (np.isneginf(scores) | padding).all(axis=-1, keepdims=True)
    known = np.where(unscored, 0, known)
    if not np.isfinite(known).all():
        raise ValueError(
            "bounding boxes need finite scores, such as probabilities"
        )
    return known


def _by_class(
    values: ArrayLike, label: NDArray[np.int64]
) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    return array[label] if array.ndim else array

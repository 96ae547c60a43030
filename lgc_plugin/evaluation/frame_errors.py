"""The frame error rate: the share of frames whose set of classes is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.data.annotations import find_joined
from lgc_plugin.evaluation.events import CodedEvents
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.score import Averages, Score, one_score, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FrameErrorCounts:
    """Frames of each clip, and how many of them are wrong."""

    labels: tuple[str, ...]
    #: (N,) frames.
    n_frames: NDArray[np.int64]
    #: (N,) those in which any class is wrong.
    wrong: NDArray[np.int64]
    #: (N, C) those in which a class is wrong.
    wrong_of_class: NDArray[np.int64]

    def averages(self, weights: NDArray[np.floating]) -> Averages:
        """Error rates for (R, N) weights: how often each clip counts."""
        arrays = (self.n_frames, self.wrong, self.wrong_of_class)
        total, wrong, each = (weights @ x.astype(float) for x in arrays)
        of_class = np.broadcast_to(total[:, None], each.shape)
        return Averages(
            ratio(wrong, total, total > 0),
            None,
            ratio(each, of_class, of_class > 0),
        )

    def score(self) -> Score:
        """The score of all clips, each counted once."""
        return one_score(self.averages(np.ones((1, len(self.wrong)))), self)


def frame_error_counts(
    detections: CodedEvents, truth: GroundTruth
) -> FrameErrorCounts:
    """Counts of :func:`frame_error_rate`, at one operating point."""
    n_clips, n_classes, n_points = detections.shape
    assert n_points == 1
    seconds = truth.criteria.error_frame
    durations = truth.durations.duration.to_numpy()
    n_frames = _first_middle(durations, seconds)
    n_frames[truth.durations.filename.isin(truth.left_out)] = 0
    found = _edges(detections, n_frames, seconds)
    true = _edges(truth.coded, n_frames, seconds)
    group, frame = np.concatenate([found, true], axis=1)
    # In one of detection and truth, not in both: each edge of either begins or
    # ends such a span.
    order = np.lexsort((frame, group))
    group, (begin, end) = group[order][::2], frame[order].reshape(-1, 2).T
    cells = n_clips * n_classes
    per_class = np.bincount(group, weights=end - begin, minlength=cells)
    # Spans of several classes may overlap.
    clip = group // n_classes
    order = np.lexsort((begin, clip))
    begin, end, clip = begin[order], end[order], clip[order]
    first, last = find_joined(begin, end, clip)
    wrong = np.bincount(
        clip[first], weights=last - begin[first], minlength=n_clips
    )
    return FrameErrorCounts(
        truth.labels,
        n_frames,
        wrong.astype(np.int64),
        per_class.astype(np.int64).reshape(n_clips, n_classes),
    )


def _edges(
    events: CodedEvents, n_frames: NDArray[np.int64], seconds: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each onset and offset: clip and class as one number, and its frame."""
    group = events.clip * events.shape[1] + events.label
    times = np.concatenate([events.onset, events.offset])
    last = np.tile(n_frames[events.clip], 2)
    return np.tile(group, 2), np.minimum(_first_middle(times, seconds), last)


def _first_middle(
    times: NDArray[np.float64], seconds: float
) -> NDArray[np.int64]:
    """The first frame whose middle is not before a time.

    Times are those of samples or frames: what differs from a middle by less
    than a billionth of a frame is on it.
    """
    return np.ceil(times / seconds - 0.5 - 1e-9).astype(np.int64)


def frame_error_rate(detections: pd.DataFrame, truth: GroundTruth) -> Score:
    """Share of frames whose set of detected classes is not the true set.

    A frame has the classes that sound in its middle. What bioacoustics calls
    frame error, as in Cohen et al., "Automated annotation of birdsong with a
    neural network that segments spectrograms", eLife 2022; lower is better.
    Per class: the share of frames in which that class is missed or detected
    wrongly.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``, at one
        threshold.
    truth : GroundTruth
        The truth; ``criteria.error_frame`` is the length of a frame, in
        seconds.

    Returns
    -------
    Score

    Raises
    ------
    ValueError
        If the detections do not fit the truth.

    Example
    -------
    >>> events = pd.DataFrame([["a", 1.0, 2.0, "Cat"]], columns=[
    ...     "filename", "onset", "offset", "event_label"])
    >>> lengths = pd.DataFrame({"filename": ["a"], "duration": [10.0]})
    >>> truth = GroundTruth.from_tables(events, lengths, ["Cat"])
    >>> frame_error_rate(events.assign(onset=1.5), truth).value
    0.05
    """
    return frame_error_counts(truth.code(detections), truth).score()

"""F1 scores of events: collar-based, segment-based, intersection-based.

For each there is one function that counts true and false positives at J
operating points at once, and one that scores a table of detections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.events import CodedEvents, count_cells
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.matching import (
    find_intersections,
    found_segments,
    match_collars,
    near_collars,
    touched_segments,
)
from lgc_plugin.evaluation.score import (
    Averages,
    Score,
    mean_over_classes,
    one_score,
    ratio,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class F1Counts:
    """True positives, false negatives, false positives: (N, C) each."""

    labels: tuple[str, ...]
    tp: NDArray[np.int64]
    fn: NDArray[np.int64]
    fp: NDArray[np.int64]

    def averages(self, weights: NDArray[np.floating]) -> Averages:
        """F1 scores for (R, N) weights: how often each clip counts."""
        counts = (self.tp, self.fn, self.fp)
        return f1_averages(*(weights @ x.astype(weights.dtype) for x in counts))

    def score(self) -> Score:
        """The score of all clips, each counted once."""
        return one_score(self.averages(np.ones((1, len(self.tp)))), self)


def f1_averages(tp: ArrayLike, fn: ArrayLike, fp: ArrayLike) -> Averages:
    """F1 = 2 tp / (2 tp + fn + fp), from (R, C) counts.

    A class without truth is NaN and no part of the macro mean; its false
    positives count in the micro average. One never detected scores 0.
    """
    tp, fn, fp = (np.asarray(x, dtype=np.float64) for x in (tp, fn, fp))
    present = tp + fn > 0
    total = 2 * tp + fn + fp
    per_class = ratio(2 * tp, total, present)
    micro = ratio(2 * tp.sum(1), total.sum(1), present.any(1))
    return Averages(mean_over_classes(per_class), micro, per_class)


class PointCounts(NamedTuple):
    """Counts at J operating points."""

    #: (N, C, J).
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    #: (N, C) true events (or segments).
    n_true: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        tp: Iterable[NDArray[np.int64]],
        fp: Iterable[NDArray[np.int64]],
        true: Iterable[NDArray[np.int64]],
        shape: tuple[int, int, int],
    ) -> PointCounts:
        """Counts index arrays: (clip, label, point), and (clip, label)."""
        return cls(
            count_cells(tp, shape),
            count_cells(fp, shape),
            count_cells(true, shape[:2]),
        )

    def at(self, point: int, labels: Sequence[str]) -> F1Counts:
        """The counts at one operating point."""
        tp = self.tp[..., point]
        return F1Counts(
            tuple(labels), tp, self.n_true - tp, self.fp[..., point]
        )


def event_counts(detections: CodedEvents, truth: GroundTruth) -> PointCounts:
    """Counts of :func:`event_f1`."""
    true, criteria = truth.coded, truth.criteria
    tried = detections
    if detections.nested:
        near, _ = near_collars(detections, true, criteria)
        tried = detections.take(np.unique(near)).at_each_point()
    found = match_collars(tried, true, criteria)
    cells = np.array([tried.clip, tried.label, tried.point])[:, found]
    tp = count_cells(cells, detections.shape)
    return PointCounts(tp, detections.counts() - tp, true.counts()[..., 0])


def segment_counts(
    detections: CodedEvents,
    truth: GroundTruth,
    *,
    segment_seconds: float = 1.0,
) -> PointCounts:
    """Counts of :func:`segment_f1`."""
    if detections.nested:
        detections = detections.at_each_point()
    detected = touched_segments(detections, segment_seconds)
    true = touched_segments(truth.coded, segment_seconds)
    found = found_segments(detected, true, len(truth.labels))
    cells = np.array([detected.clip, detected.label, detected.point])
    return PointCounts.of(
        cells[:, found],
        cells[:, ~found],
        (true.clip, true.label),
        detections.shape,
    )


def intersection_counts(
    detections: CodedEvents,
    truth: GroundTruth,
    *,
    dtc: float = 0.5,
    gtc: float = 0.5,
) -> PointCounts:
    """Counts of :func:`intersection_f1`."""
    true = truth.coded
    seconds = truth.durations.duration.to_numpy()
    found = find_intersections(detections, true, seconds, dtc=dtc, gtc=gtc)
    return PointCounts.of(
        found.tp, found.fp, (true.clip, true.label), detections.shape
    )


def event_f1(detections: pd.DataFrame, truth: GroundTruth) -> Score:
    """F1 of events whose onset and offset are both found.

    A class that is never detected scores 0, whereas sed_eval's own macro mean
    leaves it out. Mesaros, Heittola, Virtanen: Metrics for Polyphonic Sound
    Event Detection, Applied Sciences, 2016.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``, at one
        threshold.
    truth : GroundTruth
        The truth; its ``criteria`` have the collar, in seconds, and the share
        of the true event's length by which the offset may be off.

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
    >>> event_f1(events.assign(onset=1.1), truth).macro
    1.0
    >>> event_f1(events.assign(onset=1.3), truth).macro
    0.0
    """
    return _f1(event_counts, detections, truth)


def segment_f1(
    detections: pd.DataFrame,
    truth: GroundTruth,
    *,
    segment_seconds: float = 1.0,
) -> Score:
    """F1 of segments: a class is in a segment that one of its events touches.

    A class that is never detected scores 0, whereas sed_eval's own macro mean
    leaves it out. Source: see :func:`event_f1`.

    Arguments
    ---------
    detections, truth
        See :func:`event_f1`.
    segment_seconds : float
        Length of a segment, in seconds.

    Returns
    -------
    Score

    Example
    -------
    >>> events = pd.DataFrame([["a", 1.0, 3.0, "Cat"]], columns=[
    ...     "filename", "onset", "offset", "event_label"])
    >>> lengths = pd.DataFrame({"filename": ["a"], "duration": [10.0]})
    >>> truth = GroundTruth.from_tables(events, lengths, ["Cat"])
    >>> segment_f1(events.assign(onset=2.5), truth).macro
    0.6666666666666666
    """
    return _f1(
        segment_counts, detections, truth, segment_seconds=segment_seconds
    )


def intersection_f1(
    detections: pd.DataFrame,
    truth: GroundTruth,
    *,
    dtc: float = 0.5,
    gtc: float = 0.5,
) -> Score:
    """F1 of events that detections cover well enough, however cut up.

    The criteria of PSDS (Bilen et al., ICASSP 2020) at one operating point.
    The macro mean is that of psds_eval's ``compute_macro_f_score``, but for
    classes without any true positive: they score 0 here, whereas psds_eval
    leaves them out of the mean.

    Arguments
    ---------
    detections, truth
        See :func:`event_f1`.
    dtc : float
        Share of a detection that true events of its class must cover.
    gtc : float
        Share of a true event that such detections must cover.

    Returns
    -------
    Score

    Example
    -------
    >>> events = pd.DataFrame([["a", 1.0, 3.0, "Cat"]], columns=[
    ...     "filename", "onset", "offset", "event_label"])
    >>> lengths = pd.DataFrame({"filename": ["a"], "duration": [10.0]})
    >>> truth = GroundTruth.from_tables(events, lengths, ["Cat"])
    >>> intersection_f1(events.assign(onset=1.9), truth).macro
    1.0
    >>> intersection_f1(events.assign(onset=2.1), truth).macro
    0.0
    """
    return _f1(intersection_counts, detections, truth, dtc=dtc, gtc=gtc)


def _f1(
    count: Callable[..., PointCounts],
    detections: pd.DataFrame,
    truth: GroundTruth,
    **options: float,
) -> Score:
    counts = count(truth.code(detections), truth, **options)
    return counts.at(0, truth.labels).score()

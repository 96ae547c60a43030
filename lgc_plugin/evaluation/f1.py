"""F1 scores of events: collar-based, segment-based, intersection-based."""

from __future__ import annotations

from collections.abc import Sequence
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
    touched_segments,
)
from lgc_plugin.evaluation.score import (
    Averages,
    Score,
    _ratio,
    mean_over_classes,
    one_score,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def event_f1(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> Score:
    """F1 of events whose onset and offset are both found.

    A class that is never detected scores 0, whereas sed_eval's own macro mean
    leaves it out.

    Mesaros, Heittola, Virtanen: Metrics for Polyphonic Sound Event
    Detection, Applied Sciences, 2016.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``, at one
        threshold.
    ground_truth : GroundTruth
        The truth.
    collar : float
        Seconds by which an onset or offset may be off.
    offset_share : float
        Share of the true event's length by which the offset may be off, where
        that is more than the collar.

    Returns
    -------
    Score

    Raises
    ------
    ValueError
        If the detections do not fit the truth.

    Example
    -------
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 1.0, 2.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
    ...     ["Cat"],
    ... )
    >>> event_f1(truth.events.assign(onset=1.1), truth).macro
    1.0
    >>> event_f1(truth.events.assign(onset=1.3), truth).macro
    0.0
    """
    counts = event_counts(
        ground_truth.code(detections),
        ground_truth,
        collar=collar,
        offset_share=offset_share,
    )
    return counts.at(0, ground_truth.labels).score()


def event_counts(
    detections: CodedEvents,
    ground_truth: GroundTruth,
    *,
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> PointCounts:
    """The counts of :func:`event_f1`, clip by clip, at J operating points.

    Arguments
    ---------
    detections : CodedEvents
        From :meth:`GroundTruth.code`.
    ground_truth : GroundTruth
        The truth.
    collar : float
        Seconds.
    offset_share : float
        Share of the true event's length.

    Returns
    -------
    PointCounts
    """
    truth = ground_truth.coded
    found = match_collars(
        detections, truth, collar=collar, offset_share=offset_share
    )
    cells = np.array([detections.clip, detections.label, detections.point])
    return PointCounts.of(
        tuple(cells[:, found]),
        tuple(cells[:, ~found]),
        (truth.clip, truth.label),
        detections.shape,
    )


def segment_f1(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    segment_seconds: float = 1.0,
) -> Score:
    """F1 of segments: a class sounds in a segment that an event touches.

    A class that is never detected scores 0, whereas sed_eval's own macro mean
    leaves it out.

    Mesaros, Heittola, Virtanen: Metrics for Polyphonic Sound Event
    Detection, Applied Sciences, 2016.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``, at one
        threshold.
    ground_truth : GroundTruth
        The truth.
    segment_seconds : float
        Length of a segment, in seconds.

    Returns
    -------
    Score

    Raises
    ------
    ValueError
        If the detections do not fit the truth.

    Example
    -------
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 1.0, 3.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
    ...     ["Cat"],
    ... )
    >>> segment_f1(truth.events.assign(onset=2.5), truth).macro
    0.6666666666666666
    """
    counts = segment_counts(
        ground_truth.code(detections),
        ground_truth,
        segment_seconds=segment_seconds,
    )
    return counts.at(0, ground_truth.labels).score()


def segment_counts(
    detections: CodedEvents,
    ground_truth: GroundTruth,
    *,
    segment_seconds: float = 1.0,
) -> PointCounts:
    """The counts of :func:`segment_f1`, clip by clip, at J operating points.

    Arguments
    ---------
    detections : CodedEvents
        From :meth:`GroundTruth.code`.
    ground_truth : GroundTruth
        The truth.
    segment_seconds : float
        Length of a segment, in seconds.

    Returns
    -------
    PointCounts
    """
    detected = touched_segments(detections, segment_seconds)
    true = touched_segments(ground_truth.coded, segment_seconds)
    found = found_segments(detected, true, len(ground_truth.labels))
    cells = np.array([detected.clip, detected.label, detected.point])
    return PointCounts.of(
        tuple(cells[:, found]),
        tuple(cells[:, ~found]),
        (true.clip, true.label),
        detections.shape,
    )


def intersection_f1(
    detections: pd.DataFrame,
    ground_truth: GroundTruth,
    *,
    dtc: float = 0.5,
    gtc: float = 0.5,
) -> Score:
    """F1 of events that detections cover well enough, however cut up.

    The criteria of PSDS at one operating point. The macro mean is that of
    psds_eval's ``compute_macro_f_score``, but for classes without any hit:
    they score 0 here, whereas psds_eval leaves them out of the mean.

    Arguments
    ---------
    detections : pandas.DataFrame
        ``filename``, ``onset`` and ``offset`` (s), ``event_label``, at one
        threshold.
    ground_truth : GroundTruth
        The truth.
    dtc : float
        Share of a detection that true events of its class must cover.
    gtc : float
        Share of a true event that such detections must cover.

    Returns
    -------
    Score

    Raises
    ------
    ValueError
        If the detections do not fit the truth.

    Example
    -------
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a", 1.0, 3.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a"], "duration": [10.0]}),
    ...     ["Cat"],
    ... )
    >>> intersection_f1(truth.events.assign(onset=1.9), truth).macro
    1.0
    >>> intersection_f1(truth.events.assign(onset=2.1), truth).macro
    0.0
    """
    counts = intersection_counts(
        ground_truth.code(detections), ground_truth, dtc=dtc, gtc=gtc
    )
    return counts.at(0, ground_truth.labels).score()


def intersection_counts(
    detections: CodedEvents,
    ground_truth: GroundTruth,
    *,
    dtc: float = 0.5,
    gtc: float = 0.5,
) -> PointCounts:
    """The counts of :func:`intersection_f1`, at J operating points.

    Arguments
    ---------
    detections : CodedEvents
        From :meth:`GroundTruth.code`.
    ground_truth : GroundTruth
        The truth.
    dtc, gtc : float
        Criteria.

    Returns
    -------
    PointCounts
    """
    truth = ground_truth.coded
    found = find_intersections(
        detections,
        truth,
        ground_truth.durations.duration.to_numpy(),
        dtc=dtc,
        gtc=gtc,
    )
    return PointCounts.of(
        found.hits,
        found.false_alarms,
        (truth.clip, truth.label),
        detections.shape,
    )


@dataclass(frozen=True, eq=False)
class F1Counts:
    """Counts of an F1 score.

    Arguments
    ---------
    labels : tuple[str, ...]
        C class names.
    hits, misses, false_alarms : numpy.ndarray
        (N, C) counts.

    Example
    -------
    >>> counts = F1Counts(
    ...     ("Cat", "Dog"),
    ...     hits=np.array([[1, 0], [0, 0]]),
    ...     misses=np.array([[0, 0], [1, 0]]),
    ...     false_alarms=np.array([[0, 1], [0, 0]]),
    ... )
    >>> score = counts.score()
    >>> round(score.macro, 3), score.micro, score.per_class["Dog"]
    (0.667, 0.5, nan)
    """

    labels: tuple[str, ...]
    hits: NDArray[np.int64]
    misses: NDArray[np.int64]
    false_alarms: NDArray[np.int64]

    def averages(self, weights: NDArray[np.floating]) -> Averages:
        """F1 = 2 hits / (2 hits + misses + false alarms).

        A class that is absent from the truth (no hit, no miss) has no recall:
        it scores NaN and stays out of the macro mean, whatever was detected.
        Its false alarms still count in the micro average. A class that is in
        the truth but never detected scores 0.

        Arguments
        ---------
        weights : numpy.ndarray
            (R, N) how often each clip counts.

        Returns
        -------
        Averages
        """
        return f1_averages(
            *(
                weights @ counts.astype(weights.dtype)
                for counts in (self.hits, self.misses, self.false_alarms)
            )
        )

    def score(self) -> Score:
        """The score of all clips, each counted once.

        Returns
        -------
        Score
        """
        return one_score(self.averages(np.ones((1, len(self.hits)))), self)


class PointCounts(NamedTuple):
    """Counts at J operating points.

    Arguments
    ---------
    hits, false_alarms : numpy.ndarray
        (N, C, J) counts.
    events : numpy.ndarray
        (N, C) how many there are to find.
    """

    hits: NDArray[np.int64]
    false_alarms: NDArray[np.int64]
    events: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        hits: tuple[NDArray[np.int64], ...],
        false_alarms: tuple[NDArray[np.int64], ...],
        events: tuple[NDArray[np.int64], ...],
        shape: tuple[int, int, int],
    ) -> PointCounts:
        """Counts what is named by index arrays.

        Arguments
        ---------
        hits, false_alarms : tuple of arrays
            (clip, label, point).
        events : tuple of arrays
            (clip, label).
        shape : tuple[int, int, int]
            N, C and J.

        Returns
        -------
        PointCounts
        """
        return cls(
            count_cells(hits, shape),
            count_cells(false_alarms, shape),
            count_cells(events, shape[:2]),
        )

    def at(self, point: int, labels: Sequence[str]) -> F1Counts:
        """The counts at one operating point.

        Arguments
        ---------
        point : int
            Its index.
        labels : Sequence[str]
            C class names.

        Returns
        -------
        F1Counts
        """
        hits = self.hits[..., point]
        return F1Counts(
            tuple(labels),
            hits,
            self.events - hits,
            self.false_alarms[..., point],
        )


def f1_averages(
    hits: ArrayLike, misses: ArrayLike, false_alarms: ArrayLike
) -> Averages:
    """F1 scores of R sets of counts, see :meth:`F1Counts.averages`.

    Arguments
    ---------
    hits, misses, false_alarms : array
        (R, C) counts.

    Returns
    -------
    Averages

    Example
    -------
    >>> f1_averages([[1, 0]], [[1, 0]], [[0, 0]]).value.round(3)
    array([0.667])
    """
    hit, miss, alarm = (
        np.asarray(counts, dtype=np.float64)
        for counts in (hits, misses, false_alarms)
    )
    present = hit + miss > 0
    total = 2 * hit + miss + alarm
    per_class = _ratio(2 * hit, total, present)
    micro = _ratio(2 * hit.sum(1), total.sum(1), present.any(1))
    return Averages(mean_over_classes(per_class), micro, per_class)

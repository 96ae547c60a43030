"""Counts of a metric, clip by clip: added up, they are its score.

What a bootstrap draws is how often each clip counts, so that a resample is a
weighted sum of these, and nothing is detected or compared again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from lgc_plugin.evaluation.coded_events import count_cells
from lgc_plugin.evaluation.score import Score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Averages(NamedTuple):
    """A metric of R weightings of the clips.

    Arguments
    ---------
    value : numpy.ndarray
        (R,) headlines, see :class:`~lgc_plugin.evaluation.score.Score`.
    micro : numpy.ndarray or None
        (R,).
    per_class : numpy.ndarray
        (R, C); NaN where a class has no event.
    """

    value: NDArray[np.float64]
    micro: NDArray[np.float64] | None
    per_class: NDArray[np.float64]


class ClipCounts(Protocol):
    """What every metric leaves of N clips and C classes."""

    @property
    def labels(self) -> tuple[str, ...]:
        """C class names."""

    def score(self) -> Score:
        """The score of all clips, each counted once."""

    def averages(self, weights: NDArray[np.floating]) -> Averages:
        """The metric for (R, N) weights: how often each clip counts."""


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


def mean_over_classes(per_class: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the classes that have a score.

    Arguments
    ---------
    per_class : numpy.ndarray
        (R, C), NaN where a class has none.

    Returns
    -------
    numpy.ndarray
        (R,), NaN where no class has one.

    Example
    -------
    >>> mean_over_classes(np.array([[0.5, np.nan], [np.nan, np.nan]]))
    array([0.5, nan])
    """
    present = ~np.isnan(per_class)
    total = np.where(present, per_class, 0.0).sum(axis=1)
    return _ratio(total, present.sum(axis=1), present.any(axis=1))


def one_score(averages: Averages, counts: ClipCounts) -> Score:
    """The only row of averages, as a score.

    Arguments
    ---------
    averages : Averages
        With R = 1.
    counts : ClipCounts
        Where they come from.

    Returns
    -------
    Score
    """
    per_class = averages.per_class[0].tolist()
    return Score(
        value=float(averages.value[0]),
        micro=None if averages.micro is None else float(averages.micro[0]),
        per_class=dict(zip(counts.labels, per_class, strict=True)),
    )


def _ratio(
    part: NDArray[np.float64],
    whole: NDArray[np.float64],
    defined: NDArray[np.bool_],
) -> NDArray[np.float64]:
    out = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=out, where=defined)

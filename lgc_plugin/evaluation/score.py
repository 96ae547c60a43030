"""What every metric leaves: counts of each clip, and the score that they add
up to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from lgc_plugin.evaluation.operating_counts import OperatingCounts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Interval(NamedTuple):
    """Between which bounds a number lies, in 95 % of the resamples."""

    #: NaN where no resample had a value.
    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """The intervals of a :class:`Score`, number by number."""

    #: Of the headline.
    value: Interval
    #: None where the score has no micro average.
    micro: Interval | None
    #: Of each class, over the resamples in which it occurs.
    per_class: Mapping[str, Interval]


@dataclass(frozen=True, eq=False)
class Curve:
    """A PSD-ROC: true positive rate over false positives per hour."""

    #: (P,) effective false positives per hour, from 0 to the end.
    efpr: NDArray[np.float64]
    #: (P,) effective true positive rate from each point to the next.
    etpr: NDArray[np.float64]

    @property
    def end(self) -> float:
        """Where the curve ends, in effective false positives per hour."""
        return float(self.efpr[-1])


@dataclass(frozen=True)
class Score:
    """What any metric comes to.

    Arguments
    ---------
    value : float
        The headline, between 0 and 1: the macro mean over the classes that
        occur in the truth, or PSDS; NaN if no class does. Or the share of
        wrong frames.
    micro : float or None
        The metric of all classes' counts together; None where not defined.
    per_class : Mapping[str, float]
        NaN for a class that is absent from the truth, but for shares of
        wrong frames.
    curve : Curve or None
        What a PSDS is the area of.
    intervals : Intervals or None
        None before a bootstrap.

    Example
    -------
    >>> Score(value=0.5, micro=0.6, per_class={"Cat": 0.5}).macro
    0.5
    """

    value: float
    micro: float | None
    per_class: Mapping[str, float]
    curve: Curve | None = None
    intervals: Intervals | None = None

    @property
    def macro(self) -> float:
        """The headline, as F1 scores call it."""
        return self.value

    def flat(self, name: str) -> dict[str, float]:
        """The averages by name, for loggers and tables."""
        return self._named(name, self.value, self.micro)

    def flat_intervals(self, name: str) -> dict[str, Interval]:
        """The intervals of :meth:`flat`, under the same names."""
        if self.intervals is None:
            return {}
        return self._named(name, self.intervals.value, self.intervals.micro)

    def _named(self, name: str, value: Any, micro: Any) -> dict[str, Any]:
        if self.micro is None:
            return {name: value}
        return {f"{name}_macro": value, f"{name}_micro": micro}


@dataclass(frozen=True)
class SEDResult:
    """What one system scored, and on how many clips.

    Arguments
    ---------
    scores : Mapping[str, Score]
        By name of the metric, in the order in which they are shown:
        ``psds1``, ``psds2``, ``psds1_free``, ``psds2_free`` (threshold-free),
        ``event_f1``, ``segment_f1``, ``intersection_f1``,
        ``frame_error_rate``, ``clip_f1``, ``clip_ap`` (average precision),
        ``weak_f1`` (clip F1 on weakly labeled clips). Only those that were
        asked for.
    clips_scored : int
        Clips that the system was given.
    clips_annotated : int
        Clips in the annotation.
    resamples : int
        Resamples behind the intervals; 0 if there are none.
    operating : Mapping[str, OperatingCounts]
        True positives, false alarms and missed events at the operating point,
        by criterion: ``event`` and ``intersection``, as in the F1 scores.

    Example
    -------
    >>> score = Score(0.5, 0.25, {"Cat": 0.5})
    >>> result = SEDResult({"intersection_f1": score}, 962, 1168)
    >>> result.coverage
    '962/1168'
    >>> result.flat()
    {'intersection_f1_macro': 0.5, 'intersection_f1_micro': 0.25}
    """

    scores: Mapping[str, Score]
    clips_scored: int
    clips_annotated: int
    resamples: int = 0
    operating: Mapping[str, OperatingCounts] = field(default_factory=dict)

    @property
    def coverage(self) -> str:
        """Clips scored of clips annotated, reported next to every score."""
        return f"{self.clips_scored}/{self.clips_annotated}"

    def flat(self) -> dict[str, float]:
        """One number per name, for loggers and checkpoints."""
        return {
            key: number
            for name, score in self.scores.items()
            for key, number in score.flat(name).items()
        }

    def flat_intervals(self) -> dict[str, Interval]:
        """The intervals of :meth:`flat`, under the same names."""
        return {
            key: interval
            for name, score in self.scores.items()
            for key, interval in score.flat_intervals(name).items()
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything but the curves, nested, for a JSON file."""
        content: dict[str, Any] = {
            **self.flat(),
            "per_class": {k: dict(v.per_class) for k, v in self.scores.items()},
            "clips_scored": self.clips_scored,
            "clips_annotated": self.clips_annotated,
        }
        if self.operating:
            content["operating"] = {
                name: each.as_dict() for name, each in self.operating.items()
            }
        if self.resamples:
            content["resamples"] = self.resamples
            content["intervals"] = {
                key: list(interval)
                for key, interval in self.flat_intervals().items()
            }
            content["per_class_intervals"] = {
                name: {k: list(v) for k, v in each.per_class.items()}
                for name, score in self.scores.items()
                if (each := score.intervals) is not None
            }
        return content


class Averages(NamedTuple):
    """A metric of R weightings of the clips."""

    #: (R,) headlines, see :class:`~lgc_plugin.evaluation.score.Score`.
    value: NDArray[np.float64]
    #: (R,).
    micro: NDArray[np.float64] | None
    #: (R, C); NaN where a class has no event.
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


def mean_over_classes(per_class: NDArray[np.float64]) -> NDArray[np.float64]:
    """(R,) mean over the classes that have a score; NaN where none has."""
    present = ~np.isnan(per_class)
    total = np.where(present, per_class, 0.0).sum(axis=1)
    return ratio(total, present.sum(axis=1), present.any(axis=1))


def one_score(averages: Averages, counts: ClipCounts) -> Score:
    """The only row of averages, as a score."""
    per_class = averages.per_class[0].tolist()
    return Score(
        value=float(averages.value[0]),
        micro=None if averages.micro is None else float(averages.micro[0]),
        per_class=dict(zip(counts.labels, per_class, strict=True)),
    )


def ratio(
    part: NDArray[np.float64],
    whole: NDArray[np.float64],
    defined: ArrayLike,
) -> NDArray[np.float64]:
    """A quotient; NaN where it is not defined."""
    out = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=out, where=np.asarray(defined))

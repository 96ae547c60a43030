"""The result of every metric: numbers, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Interval(NamedTuple):
    """Between which bounds a number lies, in 95 % of the resamples.

    Arguments
    ---------
    low, high : float
        NaN where no resample had a value.

    Example
    -------
    >>> Interval(0.43, 0.46).high
    0.46
    """

    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """The intervals of a :class:`Score`, number by number.

    Arguments
    ---------
    value : Interval
        Of the headline.
    micro : Interval or None
        None where the score has no micro average.
    per_class : Mapping[str, Interval]
        Of each class, over the resamples in which it occurs.

    Example
    -------
    >>> intervals = Intervals(Interval(0.4, 0.6), None, {})
    >>> intervals.value.low
    0.4
    """

    value: Interval
    micro: Interval | None
    per_class: Mapping[str, Interval]


@dataclass(frozen=True, eq=False)
class Curve:
    """A PSD-ROC: effective true positive rate over effective false positives.

    Arguments
    ---------
    efpr : numpy.ndarray
        (P,) effective false positives per hour, from 0 to the end.
    etpr : numpy.ndarray
        (P,) effective true positive rate from each point to the next.

    Example
    -------
    >>> Curve(np.array([0.0, 100.0]), np.array([0.5, 0.5])).end
    100.0
    """

    efpr: NDArray[np.float64]
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
        occur in the truth, or PSDS; NaN if no class does.
    micro : float or None
        The metric of all classes' counts together; None where not defined.
    per_class : Mapping[str, float]
        NaN for a class that is absent from the truth.
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
        """The averages by name, for loggers and tables.

        Arguments
        ---------
        name : str
            What the metric is called.

        Returns
        -------
        dict[str, float]
            ``{name: value}``, or macro and micro where there are both.

        Example
        -------
        >>> Score(0.5, 0.6, {}).flat("event_f1")
        {'event_f1_macro': 0.5, 'event_f1_micro': 0.6}
        >>> Score(0.5, None, {}).flat("psds1")
        {'psds1': 0.5}
        """
        return self._named(name, self.value, self.micro)

    def flat_intervals(self, name: str) -> dict[str, Interval]:
        """The intervals of :meth:`flat`, under the same names.

        Arguments
        ---------
        name : str
            What the metric is called.

        Returns
        -------
        dict[str, Interval]
            Empty before a bootstrap.
        """
        if self.intervals is None:
            return {}
        return self._named(name, self.intervals.value, self.intervals.micro)

    def _named(self, name: str, value: Any, micro: Any) -> dict[str, Any]:
        if self.micro is None:
            return {name: value}
        return {f"{name}_macro": value, f"{name}_micro": micro}

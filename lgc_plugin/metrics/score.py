"""F1 scores from counts, by one rule for every family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Score:
    """An F1 score, averaged in two ways and for each class.

    Arguments
    ---------
    macro : float
        Mean over the classes that occur in the truth; NaN if none does.
    micro : float or None
        F1 of the counts summed over all classes; None where not defined.
    per_class : dict[str, float]
        F1 of each class; NaN for a class that is absent from the truth.

    Example
    -------
    >>> Score(macro=0.5, micro=0.6, per_class={"Cat": 0.5}).micro
    0.6
    """

    macro: float
    micro: float | None
    per_class: dict[str, float]

    @classmethod
    def from_counts(
        cls,
        labels: Sequence[str],
        *,
        hits: ArrayLike,
        misses: ArrayLike,
        false_alarms: ArrayLike,
    ) -> Score:
        """F1 = 2 hits / (2 hits + misses + false alarms).

        A class that is absent from the truth (no hit, no miss) has no recall:
        it scores NaN and stays out of the macro mean, whatever was detected.
        Its false alarms still count in the micro average. A class that is in
        the truth but never detected scores 0.

        Arguments
        ---------
        labels : Sequence[str]
            C class names.
        hits : array
            (C,) true positives.
        misses : array
            (C,) false negatives.
        false_alarms : array
            (C,) false positives.

        Returns
        -------
        Score

        Example
        -------
        >>> Score.from_counts(
        ...     ["Cat", "Dog"], hits=[1, 0], misses=[1, 0], false_alarms=[0, 1]
        ... )
        Score(macro=0.6666666666666666, micro=0.5, \
per_class={'Cat': 0.6666666666666666, 'Dog': nan})
        """
        hit, miss, alarm = (
            np.asarray(counts, dtype=np.float64)
            for counts in (hits, misses, false_alarms)
        )
        present = hit + miss > 0
        each = np.full(len(labels), np.nan)
        total = 2 * hit + miss + alarm
        np.divide(2 * hit, total, out=each, where=present)
        if not present.any():
            return cls(np.nan, np.nan, dict.fromkeys(labels, np.nan))
        return cls(
            macro=float(each[present].mean()),
            micro=float(2 * hit.sum() / total.sum()),
            per_class=dict(zip(labels, each.tolist(), strict=True)),
        )

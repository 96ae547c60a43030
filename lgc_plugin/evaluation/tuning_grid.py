"""Scores of each class with each candidate and threshold, and the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.class_scores import ClassScores
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.tuning_search import Candidate, applied
from lgc_plugin.utils.parallel import progress_bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Scores nearer than this are equal: sums are rounded.
_EQUAL = 1e-12


@dataclass(frozen=True, eq=False)
class TuningGrid:
    """Scores of each class with each candidate and threshold."""

    #: P passes with a candidate for each of C classes.
    passes: Sequence[Sequence[Candidate]]
    #: J thresholds; None if they are not to be chosen, J is 1 then.
    limits: tuple[float, ...] | None
    #: (R, C, P, J) on all clips, then on those outside each fold; NaN where
    #: the truth has no event.
    scores: NDArray[np.float64]

    @classmethod
    def search(
        cls,
        scores: ClassScores,
        begin: PostProcessing,
        passes: Sequence[Sequence[Candidate]],
        limits: tuple[float, ...] | None,
        progress: bool,
    ) -> TuningGrid:
        """Scores each pass, all classes at once."""
        found = [
            scores.at(applied(begin, each, scores.labels), limits)
            for each in progress_bar(
                passes, desc="tuning", unit="setting", shown=progress
            )
        ]
        return cls(passes, limits, np.stack(found, axis=2))

    def choose(
        self, begin: PostProcessing, labels: Sequence[str], row: int = 0
    ) -> PostProcessing:
        """The best of each class, on all clips or without a fold."""
        chosen = Candidate.of(begin, labels)
        limits = begin.class_thresholds(labels).tolist()
        for column, scores in enumerate(self.scores[row]):
            if np.isnan(scores).all():
                continue
            best = np.argwhere(scores >= np.nanmax(scores) - _EQUAL)
            number, limit = min(
                best.tolist(), key=lambda cell: self._preference(column, *cell)
            )
            chosen[column] = self.passes[number][column]
            if self.limits is not None:
                limits[column] = self.limits[limit]
        tuned = applied(begin, chosen, labels)
        if self.limits is None:
            return tuned
        return _with_thresholds(tuned, dict(zip(labels, limits, strict=True)))

    def best(self) -> NDArray[np.float64]:
        """(C, P) scores of each candidate at its best threshold."""
        scores = self.scores[0]
        known = ~np.isnan(scores).all(axis=2)
        best = np.where(np.isnan(scores), -np.inf, scores).max(axis=2)
        return np.where(known, best, np.nan)

    def _preference(self, column: int, number: int, limit: int) -> tuple:
        """Sorts equal scores."""
        candidate = self.passes[number][column]
        if self.limits is None:
            return candidate
        threshold = self.limits[limit]
        # 0.49 and 0.51 are equally near, despite binary fractions.
        return (*candidate, round(abs(threshold - 0.5), 9), threshold)


def _with_thresholds(
    post_processing: PostProcessing, limits: Mapping[str, float]
) -> PostProcessing:
    """The same at other thresholds; those of hysteresis keep their ratio."""
    changed = replace(post_processing, decision_threshold=limits)
    if post_processing.deactivation_th is None:
        return changed
    labels = tuple(limits)
    ratio = post_processing.class_values(
        "deactivation_th", labels
    ) / post_processing.class_thresholds(labels)
    lower = ratio * np.array(list(limits.values()))
    named = dict(zip(labels, lower.tolist(), strict=True))
    return replace(changed, deactivation_th=named)

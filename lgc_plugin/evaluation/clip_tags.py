"""F1 and average precision of tagging whole clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.f1 import F1Counts
from lgc_plugin.evaluation.postprocess.median_filter import as_array
from lgc_plugin.evaluation.score import (
    Averages,
    Score,
    mean_over_classes,
    one_score,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor


def clip_f1(
    scores: ArrayLike | Tensor,
    tags: ArrayLike | Tensor,
    labels: Sequence[str],
    *,
    threshold: float = 0.5,
) -> Score:
    """F1 of tagging whole clips.

    A class that no clip has scores NaN and stays out of the macro mean; its
    false positives count in the micro average.

    Arguments
    ---------
    scores : Tensor or array
        (N, C) probabilities.
    tags : Tensor or array
        (N, C), 1 where a clip has the class and 0 elsewhere.
    labels : Sequence[str]
        C class names.
    threshold : float
        A class is detected where its score is greater.

    Returns
    -------
    Score

    Raises
    ------
    ValueError
        If shapes differ, a score is NaN, or a tag is neither 0 nor 1.

    Example
    -------
    >>> scores = [[0.9, 0.2], [0.8, 0.7]]
    >>> tags = [[1, 0], [0, 1]]
    >>> clip_f1(scores, tags, ["Cat", "Dog"]).macro
    0.8333333333333333
    """
    return clip_counts(scores, tags, labels, threshold=threshold).score()


def clip_counts(
    scores: ArrayLike | Tensor,
    tags: ArrayLike | Tensor,
    labels: Sequence[str],
    *,
    threshold: ArrayLike = 0.5,
) -> F1Counts:
    """The counts of :func:`clip_f1`, clip by clip."""
    score, tag = as_array(scores), as_array(tags)
    if score.shape != tag.shape or score.shape[1:] != (len(labels),):
        raise ValueError(
            f"scores {score.shape} and tags {tag.shape} must both be "
            f"(clips, {len(labels)})"
        )
    if np.isnan(score).any():
        raise ValueError(
            f"row {np.argwhere(np.isnan(score))[0, 0]} of the clip scores "
            "has a NaN: look for a diverged network"
        )
    if not np.isin(tag, (0, 1)).all():
        raise ValueError("tags must be 0 or 1")
    has, found = tag == 1, score > np.asarray(threshold)
    counts = (has & found, has & ~found, ~has & found)
    return F1Counts(tuple(labels), *(each.astype(int) for each in counts))


@dataclass(frozen=True, eq=False)
class APCounts:
    """How clips are ranked by their scores; equal ones are one rank.

    Average precision of a class: the mean, over the clips that have it, of
    the precision among clips ranked at least as high, as in scikit-learn.
    """

    #: C class names.
    labels: tuple[str, ...]
    #: (N, C) of each clip; minus infinity where there is no score.
    scores: NDArray[np.floating]
    #: (N, C) bool, whether the clip has the class.
    tags: NDArray[np.bool_]
    #: (N,) bool, False for clips that take no part.
    counted: NDArray[np.bool_]

    def averages(self, weights: NDArray[np.floating]) -> Averages:
        """Average precision of weighted clips."""
        weights = np.where(self.counted, weights, 0)
        per_class = [
            _average_precision(score, tag, weights)
            for score, tag in zip(self.scores.T, self.tags.T, strict=True)
        ]
        micro = _average_precision(
            self.scores.ravel(),
            self.tags.ravel(),
            np.repeat(weights, len(self.labels), axis=1),
        )
        each = np.stack(per_class, axis=1)
        return Averages(mean_over_classes(each), micro, each)

    def score(self) -> Score:
        """The score of all clips, each counted once."""
        return one_score(self.averages(np.ones((1, len(self.scores)))), self)


def _average_precision(
    scores: NDArray[np.floating],
    tags: NDArray[np.bool_],
    weights: NDArray[np.floating],
) -> NDArray[np.float64]:
    """(R,) from (M,) scores and tags and (R, M) weights."""
    order = np.argsort(-scores, kind="stable")
    ranked, weights = scores[order], weights[:, order].astype(np.float64)
    right = weights * tags[order]
    # Precision at the last clip of each rank.
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    found = np.cumsum(right, axis=1)[:, last]
    ranked_above = np.cumsum(weights, axis=1)[:, last]
    precision = np.divide(
        found,
        ranked_above,
        out=np.zeros_like(ranked_above),
        where=ranked_above > 0,
    )
    total = right.sum(axis=1)
    area = (precision * right).sum(axis=1)
    return np.divide(
        area, total, out=np.full(len(total), np.nan), where=total > 0
    )

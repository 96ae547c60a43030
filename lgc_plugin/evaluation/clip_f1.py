"""Clip-level F1: which classes sound, no matter when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.clip_counts import F1Counts
from lgc_plugin.evaluation.score import Score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
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
    false alarms count in the micro average.

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
    """The counts of :func:`clip_f1`, clip by clip.

    Arguments
    ---------
    scores, tags, labels : Any
        See :func:`clip_f1`.
    threshold : array
        One, or (C,) one for each class.

    Returns
    -------
    F1Counts

    Raises
    ------
    ValueError
        See :func:`clip_f1`.
    """
    score, tag = (
        np.asarray(table.detach().float().cpu())
        if hasattr(table, "detach")
        else np.asarray(table)
        for table in (scores, tags)
    )
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

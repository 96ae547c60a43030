"""Confidence intervals: clips are resampled with replacement.

Efron, Tibshirani: An Introduction to the Bootstrap, 1993 (percentile
intervals). Clips, not events, are drawn: events of one clip are not
independent. The same seed draws the same clips, so that two systems scored on
one set are compared clip for clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.score import (
    Averages,
    ClipCounts,
    Interval,
    Intervals,
    Score,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIDENCE = 0.95
# Resamples at a time: what PSDS holds of each is some MB.
_CHUNK = 10


def resample(
    counts: Mapping[str, ClipCounts],
    n_clips: int,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Averages]:
    """Every metric of many resamples of the clips."""
    if resamples < 1 or n_clips < 1:
        raise ValueError(
            f"{resamples} resamples of {n_clips} clips: at least one of each "
            "is needed"
        )
    # Both cores: numpy works outside the interpreter's lock.
    with ThreadPoolExecutor() as pool:
        parts = list(
            pool.map(
                lambda weights: {
                    name: each.averages(weights)
                    for name, each in counts.items()
                },
                draw_weights(n_clips, resamples, seed),
            )
        )
    return {name: _joined([part[name] for part in parts]) for name in counts}


def draw_weights(
    n_clips: int, resamples: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """(10, N) at a time, how often each clip is in each resample."""
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        drawn = generator.integers(n_clips, size=(size, n_clips))
        drawn += np.arange(size)[:, None] * n_clips
        counts = np.bincount(drawn.ravel(), minlength=size * n_clips)
        yield counts.reshape(size, n_clips)


def with_intervals(score: Score, drawn: Averages) -> Score:
    """A score with its confidence intervals."""
    return replace(score, intervals=_intervals(score, drawn))


@dataclass(frozen=True)
class Difference:
    """By how much one system is better than another, clip for clip."""

    #: The difference of each number, with intervals; no curve.
    score: Score
    #: The share of resamples in which the first system is better.
    wins: Score
    #: The share of resamples in which both are equal.
    ties: Score


def compare(
    first: Score,
    second: Score,
    drawn: Averages,
    against: Averages,
    *,
    lower_is_better: bool = False,
) -> Difference:
    """The paired difference of two systems on the same resamples."""
    micro_gap = None
    if drawn.micro is not None and against.micro is not None:
        micro_gap = drawn.micro - against.micro
    gap = Averages(
        drawn.value - against.value,
        micro_gap,
        drawn.per_class - against.per_class,
    )
    score = difference(first, second)
    return Difference(
        with_intervals(score, gap),
        _share(score, gap, np.less if lower_is_better else np.greater),
        _share(score, gap, np.equal),
    )


def difference(first: Score, second: Score) -> Score:
    """The difference of each number of two scores."""
    micro = None
    if first.micro is not None and second.micro is not None:
        micro = first.micro - second.micro
    return Score(
        first.value - second.value,
        micro,
        {k: v - second.per_class[k] for k, v in first.per_class.items()},
    )


def _share(score: Score, gap: Averages, relation: np.ufunc) -> Score:
    """In which share of the resamples a difference is so related to 0."""

    def share(numbers: NDArray[np.float64]) -> float:
        known = numbers[~np.isnan(numbers)]
        return float(relation(known, 0).mean()) if len(known) else np.nan

    return Score(
        share(gap.value),
        None if gap.micro is None else share(gap.micro),
        {k: share(x) for k, x in _by_class(score, gap)},
    )


def _intervals(score: Score, drawn: Averages) -> Intervals:
    return Intervals(
        _interval(drawn.value),
        None if drawn.micro is None else _interval(drawn.micro),
        {label: _interval(x) for label, x in _by_class(score, drawn)},
    )


def _by_class(
    score: Score, drawn: Averages
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    return zip(score.per_class, drawn.per_class.T, strict=True)


def _interval(numbers: NDArray[np.float64]) -> Interval:
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return Interval(np.nan, np.nan)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _joined(parts: list[Averages]) -> Averages:
    micro = [part.micro for part in parts if part.micro is not None]
    return Averages(
        np.concatenate([part.value for part in parts]),
        np.concatenate(micro) if micro else None,
        np.concatenate([part.per_class for part in parts]),
    )

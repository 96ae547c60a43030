"""Median windows and thresholds, chosen class by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import (
    EVENT_METRICS,
    FREE_METRICS,
    PSDS_METRICS,
    available_metrics,
    count_scores,
    score_counts,
)
from lgc_plugin.evaluation.postprocess.median_filter import (
    resolve_median_windows,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.prediction_checks import common_clips
from lgc_plugin.evaluation.score import Score
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.evaluation.tuning_grid import (
    ClassScores,
    TuningGrid,
    default_windows,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What can be maximized.
TUNING_METRICS = (*PSDS_METRICS, *FREE_METRICS, *EVENT_METRICS)


@dataclass(frozen=True, eq=False)
class TuningResult:
    """What was chosen, and what it brings where it was chosen."""

    #: The choice.
    settings: TunedSettings
    #: Windows and thresholds to begin with, one window per class.
    start: PostProcessing
    #: The metric with the starting and with the chosen settings, on the clips
    #: tuned on: the gain is optimistic.
    before: Score
    after: Score
    #: W windows that were tried, ascending.
    windows: tuple[int, ...]
    #: (C, W) the class's own score with each window, at the best threshold if
    #: thresholds were tuned; NaN where it was not tried, or the truth does not
    #: have the class.
    grid: NDArray[np.float64]
    #: Classes that the truth does not have: they keep what they began with.
    absent: tuple[str, ...]


def tune(
    frames: FrameScores,
    truth: GroundTruth,
    metric: str = "psds1",
    windows: Sequence[int] | None = None,
    thresholds: bool = False,
    *,
    start: PostProcessing | None = None,
    ground_truth: str = "ground truth",
    resamples: int = 0,
    seed: int = 0,
    progress: bool = False,
) -> TuningResult:
    """Chooses each class's median window, and threshold if asked.

    Every window is tried on all classes at once, and each class keeps the one
    with its own best score: what is counted for a class does not depend on
    what is detected of others. So the macro mean of an F1 score becomes as
    large as it can with these candidates, and for PSDS the mean of the areas
    under the class's own curves, which is the score before the penalty
    ``alpha_st`` on the spread over classes. The starting settings are among
    the candidates.

    Of equal scores the smallest window is taken, then the threshold nearest
    to 0.5, then the lower.

    Arguments
    ---------
    frames : FrameScores
        Not filtered.
    truth : GroundTruth
        Truth with the same classes. The clips of both are tuned on.
    metric : str
        One of :data:`TUNING_METRICS`.
    windows : Sequence[int], optional
        Candidates, in frames; None takes :func:`.tuning_grid.default_windows`.
    thresholds : bool
        Whether to choose thresholds too, of ``start.thresholds``; for F1
        scores only.
    start : PostProcessing, optional
        Windows and thresholds to begin with; None is one that filters
        nothing, at 0.5.
    ground_truth : str
        Name of the annotation, for the settings.
    resamples, seed : int
        Of the bootstrap behind the intervals of ``before`` and ``after``.
    progress : bool
        Whether a progress bar is shown.

    Returns
    -------
    TuningResult

    Raises
    ------
    ValueError
        If an option cannot be right, the classes differ, no clip is in both,
        or none of them has an event.

    Example
    -------
    >>> import pandas as pd
    >>> truth = GroundTruth.from_tables(
    ...     pd.DataFrame([["a.wav", 1.0, 6.0, "Cat"]], columns=[
    ...         "filename", "onset", "offset", "event_label"]),
    ...     pd.DataFrame({"filename": ["a.wav"], "duration": [7.0]}),
    ...     ["Cat"],
    ... )
    >>> scores = np.array([[[0.1, 0.9, 0.9, 0.2, 0.9, 0.9, 0.1]]])
    >>> frames = FrameScores(
    ...     ("Cat",), ("a.wav",), scores, np.array([7]), np.arange(8.0)
    ... )
    >>> result = tune(frames, truth, "event_f1", windows=[1, 3])
    >>> result.settings.median_windows
    {'Cat': 3}
    >>> result.before.value, result.after.value
    (0.0, 1.0)
    """
    check_tuning_metric(metric, thresholds=thresholds)
    frames, truth = common_clips(frames, truth)
    start = (start or PostProcessing()).for_labels(frames.labels)
    _check(frames, truth)
    if windows is None:
        windows = default_windows(int(frames.valid_frames.max()))
    grid = TuningGrid.search(
        ClassScores(frames, truth, metric),
        start,
        _sorted_windows(windows),
        _limits(start, frames.labels) if thresholds else None,
        progress,
    )
    chosen = grid.choose(start, frames.labels)

    def score(post_processing: PostProcessing) -> Score:
        counts = count_scores(frames, truth, post_processing, [metric])
        n_clips = len(truth.durations)
        options = {"resamples": resamples, "seed": seed}
        return score_counts(counts, n_clips, **options)[metric]

    settings = TunedSettings(
        dict(
            zip(frames.labels, chosen.class_windows(frames.labels), strict=True)
        ),
        chosen.decision_threshold,
        frames.frame_seconds,
        metric,
        tuple(truth.durations.filename),
        ground_truth,
    )
    return TuningResult(
        settings,
        start,
        score(start),
        score(chosen),
        grid.windows,
        grid.best(),
        tuple(x for x in frames.labels if x not in truth.present),
    )


def check_tuning_metric(metric: str, *, thresholds: bool) -> None:
    """Refuses what cannot be tuned for."""
    possible = [x for x in TUNING_METRICS if x in available_metrics()]
    if metric not in possible:
        extra = ""
        if metric in TUNING_METRICS:
            extra = ", or install lgc_plugin with the extra 'scores'"
        raise ValueError(
            f"metric {metric!r} cannot be tuned for: use one of "
            f"{', '.join(possible)}{extra}"
        )
    if thresholds and metric not in EVENT_METRICS:
        raise ValueError(
            f"{metric} is an area over all thresholds, there is none to tune: "
            f"use one of {', '.join(EVENT_METRICS)}, or tune windows only"
        )


def _sorted_windows(windows: Sequence[int]) -> list[int]:
    if not windows:
        raise ValueError("windows to try: give one or more")
    names = [f"candidate {i}" for i in range(1, len(windows) + 1)]
    return sorted(set(resolve_median_windows(windows, names)))


def _limits(start: PostProcessing, labels: Sequence[str]) -> tuple[float, ...]:
    """Thresholds to try, those to begin with among them."""
    own = start.class_thresholds(labels).tolist()
    return tuple(sorted({*start.thresholds, *own}))


def _check(frames: FrameScores, truth: GroundTruth) -> None:
    if set(frames.labels) != set(truth.labels):
        raise ValueError(
            f"the scores are of the classes {', '.join(frames.labels)}, the "
            f"ground truth is of {', '.join(truth.labels)}: they must be the "
            "same"
        )
    if not truth.present:
        raise ValueError("there is no event in the clips to tune on")

"""Settings of post-processing, chosen class by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lgc_plugin.evaluation.class_scores import ClassScores
from lgc_plugin.evaluation.folds import folds_of, recording_of
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.held_out import (
    HeldOut,
    held_out_counts,
    paired_scores,
)
from lgc_plugin.evaluation.metrics import (
    EVENT_METRICS,
    FREE_METRICS,
    PSDS_METRICS,
    available_metrics,
    count_scores,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.prediction_checks import common_clips
from lgc_plugin.evaluation.score import Score
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.evaluation.tuning_grid import TuningGrid
from lgc_plugin.evaluation.tuning_search import (
    BoxCandidates,
    begin_with,
    check_search,
    passes_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What can be maximized.
TUNING_METRICS = (*PSDS_METRICS, *FREE_METRICS, *EVENT_METRICS)


@dataclass(frozen=True, eq=False)
class TuningResult:
    """What was chosen, and what it brings."""

    #: The choice.
    settings: TunedSettings
    #: Settings to begin with, one window per class.
    start: PostProcessing
    #: The metric with the starting and with the chosen settings, on the clips
    #: tuned on: the gain is optimistic.
    before: Score
    after: Score
    gain: Score
    #: What the search brings on clips that it has not seen; None without
    #: folds.
    held_out: HeldOut | None
    #: W windows that were tried, ascending.
    windows: tuple[int, ...]
    #: (C, P) the class's own score with each candidate, at the best threshold
    #: if thresholds were tuned; NaN where the truth does not have the class.
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
    method: str = "median",
    boxes: BoxCandidates | None = None,
    start: PostProcessing | None = None,
    folds: int = 0,
    ground_truth: str = "ground truth",
    resamples: int = 0,
    seed: int = 0,
    progress: bool = False,
) -> TuningResult:
    """Chooses each class's median window, bounding boxes, and threshold.

    Every candidate is tried on all classes at once, and each class keeps the
    one with its own best score: what is counted for a class does not depend on
    what is detected of others. So the macro mean of an F1 score becomes as
    large as it can with these candidates, and for PSDS the mean of the areas
    under the class's own curves, which is the score before the penalty
    ``alpha_st`` on the spread over classes. The starting settings are among
    the candidates.

    Of equal scores the smallest window is taken, then the shortest step filter
    and the lowest merge thresholds, then the threshold nearest to 0.5, then
    the lower.

    With ``folds``, the search is repeated without each of them, and all clips
    are scored, each with what was chosen without its fold: the gain that can
    be expected on other clips. Folds cost sums, no further search.

    Arguments
    ---------
    frames : FrameScores
        Not filtered.
    truth : GroundTruth
        Truth with the same classes. The clips of both are tuned on.
    metric : str
        One of :data:`TUNING_METRICS`.
    windows : Sequence[int], optional
        Candidates, in frames; None takes
        :func:`.tuning_search.default_windows`, under boxes those up to 23.
    thresholds : bool
        Whether to choose thresholds too, of ``start.thresholds``; for F1
        scores only.
    method : str
        ``median`` chooses windows, ``sebb`` sound event bounding boxes,
        ``both`` boxes of scores that were median filtered.
    boxes : BoxCandidates, optional
        Settings of boxes, of which all combinations are tried; None takes
        those of Ebbers et al. (Interspeech 2024).
    start : PostProcessing, optional
        Settings to begin with; None is one that filters nothing, at 0.5. What
        is not tuned stays as it is there.
    folds : int
        In how many parts clips are left out in turn; 0 for none. Clips of one
        recording (:func:`.folds.recording_of`) are left out together.
    ground_truth : str
        Name of the annotation, for the settings.
    resamples, seed : int
        Of the bootstrap behind the intervals; the seed draws folds too.
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
    >>> result.settings.post_processing.median_windows
    {'Cat': 3}
    >>> result.before.value, result.after.value
    (0.0, 1.0)
    """
    boxes = boxes or BoxCandidates()
    check_tuning_metric(metric, thresholds=thresholds)
    check_search(method, boxes)
    frames, truth = common_clips(frames, truth)
    labels = frames.labels
    start = (start or PostProcessing()).for_labels(labels)
    _check(frames, truth)
    begin = begin_with(start, method, boxes).for_labels(labels)
    fold = _folds(truth, folds, seed)
    longest = int(frames.valid_frames.max())
    grid = TuningGrid.search(
        ClassScores(frames, truth, metric, fold),
        begin,
        passes_of(begin, labels, method, windows, boxes, longest),
        _limits(start, labels) if thresholds else None,
        progress,
    )
    chosen = grid.choose(begin, labels)
    counts = {
        name: count_scores(frames, truth, each, [metric])[metric]
        for name, each in (("before", start), ("after", chosen))
    }
    if fold is not None:
        apart = [
            grid.choose(begin, labels, 1 + k) for k in range(max(fold) + 1)
        ]
        counts["held out"] = held_out_counts(frames, truth, metric, apart, fold)
    scores, gains = paired_scores(
        counts, len(truth.durations), resamples=resamples, seed=seed
    )
    clips = tuple(truth.durations.filename)
    held_out = None
    if fold is not None:
        n_recordings = len(set(map(recording_of, clips)))
        score, gain = scores["held out"], gains["held out"]
        held_out = HeldOut(len(apart), n_recordings, score, gain)
    return TuningResult(
        TunedSettings(
            _by_class(chosen, labels),
            frames.frame_seconds,
            metric,
            clips,
            ground_truth,
        ),
        start,
        scores["before"],
        scores["after"],
        gains["after"],
        held_out,
        tuple(sorted({x.median_window for each in grid.passes for x in each})),
        grid.best(),
        tuple(x for x in labels if x not in truth.present),
    )


def _by_class(chosen: PostProcessing, labels: Sequence[str]) -> PostProcessing:
    """The same with windows by name; points of PSDS are not chosen."""
    windows = zip(labels, chosen.class_windows(labels), strict=True)
    return replace(
        chosen,
        median_windows=dict(windows),
        thresholds=PostProcessing().thresholds,
    )


def _folds(truth: GroundTruth, n_folds: int, seed: int) -> NDArray | None:
    """(N,) the fold of each clip; None if nothing can be left out."""
    if n_folds < 0 or n_folds == 1:
        raise ValueError(f"folds is {n_folds}: give 2 or more, or 0 for none")
    if not n_folds:
        return None
    fold = folds_of(truth.durations.filename.tolist(), n_folds, seed)
    return fold if fold.max() > 0 else None


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

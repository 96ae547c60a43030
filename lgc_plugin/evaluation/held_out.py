"""What settings bring on clips that they were not chosen on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lgc_plugin.evaluation.bootstrap import (
    compare,
    difference,
    resample,
    with_intervals,
)
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import (
    FREE_METRICS,
    PSDS_METRICS,
    count_events,
    count_points,
)
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds_free import psds_free_counts
from lgc_plugin.evaluation.score import ClipCounts, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class HeldOut:
    """All clips, each with what was chosen without the fold that it is in."""

    n_folds: int
    #: Clips of one recording are in one fold.
    n_recordings: int
    #: The metric of all clips together.
    score: Score
    #: By how much it is above that of the starting settings, clip for clip.
    gain: Score


def held_out_counts(
    frames: FrameScores,
    truth: GroundTruth,
    metric: str,
    chosen: Sequence[PostProcessing],
    fold: NDArray[np.int64],
) -> ClipCounts:
    """Counts of all clips, those of each fold decoded with its settings."""
    clips = truth.durations.filename.to_numpy()
    parts = [frames.select(clips[fold == k]) for k in range(len(chosen))]
    pairs = list(zip(chosen, parts, strict=True))
    if metric in FREE_METRICS:
        swept = FrameScores.join([each.swept_scores(x) for each, x in pairs])
        return psds_free_counts(swept, truth, 1, **FREE_METRICS[metric])
    if metric in PSDS_METRICS:
        swept_events = pd.concat([each.all_events(x) for each, x in pairs])
        return count_points(swept_events, truth, [metric])[metric]
    events = pd.concat([each.operating_events(x) for each, x in pairs])
    return count_events(events.drop(columns="threshold"), truth, [metric])[
        metric
    ]


def paired_scores(
    counts: Mapping[str, ClipCounts],
    n_clips: int,
    *,
    resamples: int,
    seed: int,
) -> tuple[dict[str, Score], dict[str, Score]]:
    """Scores by name, and by how much each is above the first, clip for clip.

    Both with intervals, if there are resamples.
    """
    scores = {name: each.score() for name, each in counts.items()}
    first = next(iter(scores))
    if not resamples:
        return scores, {
            name: difference(score, scores[first])
            for name, score in scores.items()
        }
    drawn = resample(counts, n_clips, resamples=resamples, seed=seed)
    gains = {
        name: compare(score, scores[first], drawn[name], drawn[first]).score
        for name, score in scores.items()
    }
    return {k: with_intervals(v, drawn[k]) for k, v in scores.items()}, gains

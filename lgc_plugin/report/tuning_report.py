"""What tuning chose and what it brings, as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lgc_plugin.evaluation.metrics import (
    EVENT_METRICS,
    PSDS_METRICS,
    count_scores,
    result_of_counts,
)
from lgc_plugin.evaluation.prediction_checks import ScoredSet
from lgc_plugin.evaluation.score import Score, SEDResult
from lgc_plugin.evaluation.tuning import TuningResult
from lgc_plugin.report.text import METRIC_NAMES, aligned, score_text, sure_text
from lgc_plugin.utils.text import printable


def choice_table(result: TuningResult) -> str:
    """What each class got, and its score before and after.

    >>> from lgc_plugin.evaluation import PostProcessing
    >>> from lgc_plugin.evaluation.tuned_settings import TunedSettings
    >>> settings = TunedSettings(
    ...     {"Cat": 7}, 0.5, 0.064, "psds1", ("a.wav",), "validation.tsv"
    ... )
    >>> before, after = Score(0.3, None, {"Cat": 0.3}), Score(
    ...     0.4, None, {"Cat": 0.4}
    ... )
    >>> print(choice_table(TuningResult(
    ...     settings, PostProcessing(1), before, after, (1, 7), None, ()
    ... )))
         window  seconds  threshold  before  tuned
    Cat       7    0.448        0.5   0.300  0.400
    """
    settings = result.settings
    limit = settings.decision_threshold
    rows = [["", "window", "seconds", "threshold", "before", "tuned"]]
    for label, window in settings.median_windows.items():
        own = limit[label] if isinstance(limit, Mapping) else limit
        scores = (result.before, result.after)
        rows.append(
            [
                label,
                str(window),
                f"{window * settings.frame_seconds:.3f}",
                f"{own:g}",
                *(score_text(score.per_class.get(label)) for score in scores),
            ]
        )
    return aligned(rows)


def summary(result: TuningResult) -> str:
    """What tuning brings on the clips tuned on, and what that is worth."""
    before, after = map(_sure, (result.before, result.after))
    lines = [
        f"{METRIC_NAMES[result.settings.metric]} on these clips: {before} "
        f"before, {after} tuned",
        "This gain is optimistic, since the settings were chosen on the same "
        "clips: report scores on others.",
    ]
    if result.absent:
        lines.append(
            f"not in the ground truth, left as before: "
            f"{printable(', '.join(result.absent))}"
        )
    return "\n".join(lines)


def score_both(
    result: TuningResult, other: ScoredSet, *, resamples: int, seed: int
) -> dict[str, SEDResult]:
    """Scores of another set with the starting and the tuned settings."""
    settings, start = result.settings, result.start
    settings.refuse(other.truth.clips, other.name)
    settings.check_frames(other.frames.frame_seconds)
    labels = tuple(settings.median_windows)
    begun_with = replace(
        settings,
        median_windows=dict(
            zip(labels, start.class_windows(labels), strict=True)
        ),
        decision_threshold=start.decision_threshold,
    )
    wanted = {*PSDS_METRICS, *EVENT_METRICS, settings.metric}
    n_clips = len(other.truth.durations)
    results = {}
    for name, each in (("before", begun_with), ("tuned", settings)):
        post_processing = each.post_processing(other.frames.labels)
        counts = count_scores(
            other.frames, other.truth, post_processing, wanted
        )
        results[name] = result_of_counts(
            counts, other.truth, n_clips, resamples=resamples, seed=seed
        )
    return results


def _sure(score: Score) -> str:
    interval = score.intervals.value if score.intervals else None
    return sure_text(score.value, interval)

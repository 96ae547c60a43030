"""What tuning chose and what it brings, as text."""

from __future__ import annotations

from dataclasses import replace

from lgc_plugin.evaluation.metrics import (
    EVENT_METRICS,
    PSDS_METRICS,
    count_scores,
    result_of_counts,
)
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.prediction_checks import ScoredSet
from lgc_plugin.evaluation.score import Score, SEDResult
from lgc_plugin.evaluation.tuning import TuningResult
from lgc_plugin.report.text import (
    METRIC_NAMES,
    aligned,
    interval_text,
    score_text,
    sure_text,
)
from lgc_plugin.utils.text import printable

_BOX_COLUMNS = {
    "step": "step_filter_length",
    "abs": "merge_threshold_abs",
    "rel": "merge_threshold_rel",
}


def choice_table(result: TuningResult) -> str:
    """What each class got, and its score before, tuned, and held out.

    >>> from lgc_plugin.evaluation.postprocess.post_processing import (
    ...     PostProcessing,
    ... )
    >>> from lgc_plugin.evaluation.tuned_settings import TunedSettings
    >>> chosen = PostProcessing({"Cat": 7}, step_filter_length=0.48)
    >>> settings = TunedSettings(
    ...     chosen, 0.064, "psds1", ("a.wav",), "validation.tsv"
    ... )
    >>> before, after, gain = (
    ...     Score(x, None, {"Cat": x}) for x in (0.3, 0.4, 0.1)
    ... )
    >>> print(choice_table(TuningResult(
    ...     settings, PostProcessing(), before, after, gain, None, (1, 7), None,
    ...     ()
    ... )))
         window  seconds  step   abs  rel  threshold  before  tuned
    Cat       7    0.448  0.48  0.15    2        0.5   0.300  0.400
    """
    settings, labels = result.settings, result.settings.labels
    chosen = settings.post_processing
    windows = chosen.class_windows(labels)
    columns = {
        "window": [str(each) for each in windows],
        "seconds": [f"{x * settings.frame_seconds:.3f}" for x in windows],
    }
    names = {"threshold": "decision_threshold"}
    if chosen.finds_boxes:
        names = {**_BOX_COLUMNS, **names}
    for name, setting in names.items():
        values = chosen.class_values(setting, labels)
        columns[name] = [f"{each:g}" for each in values]
    scores = {"before": result.before, "tuned": result.after}
    if result.held_out is not None:
        scores["held out"] = result.held_out.score
    for name, score in scores.items():
        columns[name] = [score_text(score.per_class.get(x)) for x in labels]
    rows = zip(labels, *columns.values(), strict=True)
    return aligned([["", *columns], *map(list, rows)])


def summary(result: TuningResult) -> str:
    """What tuning brings on the clips tuned on, and on clips left out."""
    metric = METRIC_NAMES[result.settings.metric]
    lines = [
        f"{metric} on these clips: {_sure(result.before)} before, "
        f"{_sure(result.after)} tuned, gain {_gain(result.gain)}",
        "This gain is optimistic, since the settings were chosen on the same "
        "clips: report scores on others.",
    ]
    held_out = result.held_out
    if held_out is not None:
        lines.append(
            f"{metric} held out: {_sure(held_out.score)}, gain "
            f"{_gain(held_out.gain)}. Each of {held_out.n_folds} folds of "
            f"{counted(held_out.n_recordings, 'recording')} got what was "
            "chosen without it: so much can be expected on other clips."
        )
    if result.absent:
        lines.append(
            f"not in the ground truth, left as before: "
            f"{printable(', '.join(result.absent))}"
        )
    return "\n".join(lines)


def note_doubts(result: TuningResult, notes: Notes) -> None:
    """Warns where nothing is gained on clips that were left out."""
    held_out = result.held_out
    if held_out is None:
        notes.note(
            "what tuning gains on other clips is not known: no clips were "
            "left out (--folds, and more than one recording)"
        )
        return
    gain = held_out.gain
    interval = gain.intervals.value if gain.intervals else None
    # NaN is no gain either.
    if not gain.value > 0:
        notes.warn(
            f"held out, tuning gains nothing ({_gain(gain)}): keep the "
            "settings that you began with, or tune on more clips"
        )
    elif interval is not None and not interval.low > 0:
        notes.note(
            f"held out, the gain ({_gain(gain)}) may be chance: its interval "
            "reaches 0"
        )


def score_both(
    result: TuningResult, other: ScoredSet, *, resamples: int, seed: int
) -> dict[str, SEDResult]:
    """Scores of another set with the starting and the tuned settings."""
    settings, start = result.settings, result.start
    settings.refuse(other.truth.clips, other.name)
    settings.check_frames(other.frames.frame_seconds)
    labels = settings.labels
    windows = zip(labels, start.class_windows(labels), strict=True)
    begun_with = replace(
        settings,
        post_processing=replace(start, median_windows=dict(windows)),
    )
    wanted = {*PSDS_METRICS, *EVENT_METRICS, settings.metric}
    n_clips = len(other.truth.durations)
    results = {}
    for name, each in (("before", begun_with), ("tuned", settings)):
        post_processing = each.for_labels(other.frames.labels)
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


def _gain(score: Score) -> str:
    interval = score.intervals.value if score.intervals else None
    bounds = interval_text(interval, signed=True)
    return f"{score_text(score.value, signed=True)} {bounds}".strip()

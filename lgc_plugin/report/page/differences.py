"""By how much one of two runs is ahead, on the clips that both scored."""

from __future__ import annotations

from collections.abc import Sequence

from lgc_plugin.evaluation.bootstrap import compare, resample
from lgc_plugin.report.page.sections import (
    ShownSystem,
    judges,
    scored_systems,
)
from lgc_plugin.report.text import METRIC_NAMES, interval_text, score_text

_METRICS = ("psds1", "psds2", "event_f1", "intersection_f1")
_RESAMPLES = 1000


def difference_rows(
    systems: Sequence[ShownSystem],
) -> tuple[str, list[list[str]]] | None:
    """What is subtracted, and for each score the difference and its interval.

    None unless there are two runs with the same truth. Both are resampled
    alike, so that intervals are those of the difference.
    """
    compared = judges(scored_systems(systems))
    if len(compared) != 2:
        return None
    first, second = compared
    truth = first.truth
    same = truth.events.equals(second.truth.events) and (
        truth.durations.equals(second.truth.durations)
        and truth.criteria == second.truth.criteria
    )
    if not same:
        first.source.missing.append(
            "differences: the runs were scored on other clips, or by another "
            "truth or other criteria"
        )
    if not same or not truth.present:
        return None
    metrics = [
        metric
        for metric in _METRICS
        if all(_has(systems[each.number], metric) for each in compared)
    ]
    counts = [each.counts(metrics) for each in compared]
    n_clips = len(truth.durations)
    drawn = [
        resample(each, n_clips, resamples=_RESAMPLES, seed=0) for each in counts
    ]
    rows = []
    for metric in metrics:
        one, two = (each[metric].score() for each in counts)
        gap = compare(one, two, drawn[0][metric], drawn[1][metric]).score
        assert gap.intervals is not None
        rows.append(
            [
                METRIC_NAMES[metric],
                score_text(one.value),
                score_text(two.value),
                score_text(gap.value, signed=True),
                interval_text(gap.intervals.value, signed=True) or "-",
            ]
        )
    return f"{first.name} - {second.name}", rows


def _has(system: ShownSystem, metric: str) -> bool:
    """Whether the results have a score, as not all systems allow each."""
    names = (metric, f"{metric}_macro")
    return any(system.content.get(name) is not None for name in names)

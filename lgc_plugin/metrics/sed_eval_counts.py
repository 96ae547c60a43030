"""Feeds sed_eval clip by clip and reads its counts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from lgc_plugin.metrics.event_tables import EVENT_COLUMNS
from lgc_plugin.metrics.score import Score
from lgc_plugin.metrics.truth import GroundTruth

if TYPE_CHECKING:
    from types import ModuleType


def load_sed_eval() -> ModuleType:
    """sed_eval's sound event metrics, imported without their warnings.

    sed_eval and its dependency dcase_util take long to import and warn about
    ``pkg_resources``, so that this happens on first use.

    Returns
    -------
    module
        ``sed_eval.sound_event``.

    Example
    -------
    >>> load_sed_eval().__name__
    'sed_eval.sound_event'
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import sed_eval.sound_event

    return sed_eval.sound_event


def score_by_sed_eval(
    metric: Any, detections: pd.DataFrame, ground_truth: GroundTruth
) -> Score:
    """Lets a metric of sed_eval see every clip, and scores its counts.

    Arguments
    ---------
    metric : sed_eval.sound_event.SoundEventMetrics
        A fresh metric, made with the labels of the truth.
    detections : pandas.DataFrame
        Events at one threshold.
    ground_truth : GroundTruth
        The truth.

    Returns
    -------
    Score
    """
    found = ground_truth.select(detections)
    for reference, estimated in _clip_pairs(ground_truth.events, found):
        metric.evaluate(reference, estimated)
    counts = [metric.class_wise[label] for label in ground_truth.labels]
    return Score.from_counts(
        ground_truth.labels,
        hits=[count["Ntp"] for count in counts],
        misses=[count["Nfn"] for count in counts],
        false_alarms=[count["Nfp"] for count in counts],
    )


def _clip_pairs(
    events: pd.DataFrame, detections: pd.DataFrame
) -> Iterator[tuple[list[dict], list[dict]]]:
    """Events and detections of each clip that has any."""
    annotated, detected = _by_clip(events), _by_clip(detections)
    for clip in dict.fromkeys([*annotated, *detected]):
        yield annotated.get(clip, []), detected.get(clip, [])


def _by_clip(table: pd.DataFrame) -> dict[str, list[dict]]:
    grouped: dict[str, list[dict]] = {}
    columns = (table[column].tolist() for column in EVENT_COLUMNS)
    for clip, onset, offset, label in zip(*columns, strict=True):
        event = {"onset": onset, "offset": offset, "event_label": label}
        grouped.setdefault(clip, []).append(event)
    return grouped

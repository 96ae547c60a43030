"""Systems to score: checked predictions, and how they become events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from lgc_plugin.evaluation.confidences import (
    events_above,
    sweep_events,
    swept_scores,
)
from lgc_plugin.evaluation.coverage import ScoringCoverage, covered_truth
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.metrics import (
    ALL_METRICS,
    FREE_METRICS,
    OPERATING_METRICS,
    PSDS_METRICS,
    TIMED_METRICS,
    available_metrics,
    count_detections,
    count_scores,
)
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_options import (
    OperatingOptions,
    settings_by_class,
    settings_of,
)
from lgc_plugin.evaluation.operating_point import (
    OperatingPoint,
    point_of_events,
    point_of_frames,
    unscored,
)
from lgc_plugin.evaluation.postprocess.thresholds import PSDS_THRESHOLDS
from lgc_plugin.evaluation.prediction_checks import check_predictions
from lgc_plugin.evaluation.predictions import Predictions, read_predictions
from lgc_plugin.evaluation.score import ClipCounts


@dataclass(frozen=True, eq=False)
class System:
    """What is scored."""

    #: Checked, see :func:`.prediction_checks.check_predictions`.
    predictions: Predictions
    #: Where F1 scores are taken.
    point: OperatingPoint

    def metrics(self, *, durations_known: bool) -> tuple[str, ...]:
        """The metrics that these predictions allow."""
        if self.predictions.frames is not None:
            names = available_metrics(self.point.post_processing)
            if unscored(self.predictions.frames):
                names = tuple(x for x in names if x not in FREE_METRICS)
        elif self.predictions.has_confidences:
            names = available_metrics()
        elif len(self.predictions.thresholds) > 1:
            names = tuple(x for x in ALL_METRICS if x not in FREE_METRICS)
        else:
            names = (*OPERATING_METRICS, "clip_f1")
        if durations_known:
            return names
        return tuple(name for name in names if name not in TIMED_METRICS)

    @cached_property
    def operating_events(self) -> pd.DataFrame:
        """Events at the operating point."""
        if self.predictions.frames is not None:
            events = self.point.post_processing.operating_events(
                self.predictions.frames
            )
            return events.drop(columns="threshold")
        limit = self.point.threshold
        if self.predictions.has_confidences:
            events = self.predictions.detections
            return events if limit is None else events_above(events, limit)
        assert not isinstance(limit, Mapping)  # refused before
        return self.predictions.at(limit)

    @cached_property
    def all_events(self) -> pd.DataFrame | None:
        """Events at all operating points; None if there is but one."""
        if self.predictions.frames is not None:
            return self.point.post_processing.all_events(
                self.predictions.frames
            )
        if self.predictions.has_confidences:
            events = self.predictions.detections
            return sweep_events(events, PSDS_THRESHOLDS)
        if len(self.predictions.thresholds) < 2:
            return None
        return self.predictions.events

    def counts(
        self, truth: GroundTruth, metrics: Collection[str]
    ) -> dict[str, ClipCounts]:
        """Counts of metrics."""
        frames = self.predictions.frames
        if frames is None:
            swept = None
            if self.predictions.has_confidences:
                swept = swept_scores(self.predictions.detections, truth)
            return count_detections(
                self.operating_events,
                truth,
                self.all_events,
                metrics,
                swept=swept,
            )
        hourly = set(metrics) & set(PSDS_METRICS)
        return count_scores(
            frames,
            truth,
            self.point.post_processing,
            metrics,
            all_events=self.all_events if hourly else None,
        )

    def restrict(self, truth: GroundTruth) -> System:
        """The same, of the clips of a truth."""
        return replace(self, predictions=self.predictions.restrict(truth.clips))


def check_system(
    predictions: Predictions,
    annotations: Annotations,
    options: OperatingOptions,
    notes: Notes,
) -> System:
    """Checks predictions and finds their operating point."""
    if predictions.frames is None:
        checked = check_predictions(predictions, annotations, notes)
        if checked.has_confidences:
            options = settings_by_class(
                options, annotations.truth.labels, annotations.known_labels
            )
        return System(checked, point_of_events(checked, options, notes))
    options = settings_by_class(
        options, predictions.frames.labels, annotations.known_labels
    )
    settings = settings_of(predictions.frames, annotations, options)
    checked = check_predictions(predictions, annotations, notes)
    assert checked.frames is not None
    point = point_of_frames(checked.frames, settings, options, notes)
    return System(checked, point)


@dataclass(frozen=True, eq=False)
class ScoredSystems:
    """Systems on the same clips, and what is counted of each."""

    systems: tuple[System, ...]
    #: The clips that are scored.
    truth: GroundTruth
    #: How many that are.
    coverage: ScoringCoverage
    #: By metric, of the metrics that all systems allow.
    counts: tuple[dict[str, ClipCounts], ...]


def count_systems(
    paths: Sequence[str | Path],
    annotations: Annotations,
    options: Sequence[OperatingOptions],
    names: Sequence[str],
    notes: Notes,
    *,
    drop_missing: bool,
) -> ScoredSystems:
    """Reads systems and counts what they detect on the same clips."""
    found = [read_predictions(path, annotations.clips) for path in paths]
    if not annotations.truth.present:
        notes.warn(
            "no event is annotated: there is no score, and every detection is "
            "a false alarm"
        )
        annotations = annotations.of_classes(
            label for predictions in found for label in predictions.labels
        )
    read = [
        check_system(predictions, annotations, wanted, notes.named(name))
        for predictions, wanted, name in zip(found, options, names, strict=True)
    ]
    truth, missing = covered_truth(
        annotations.truth,
        {x: y.predictions for x, y in zip(names, read, strict=True)},
        notes,
        drop_missing=drop_missing,
    )
    systems = tuple(system.restrict(truth) for system in read)
    metrics = _common_metrics(systems, annotations, names, notes)
    return ScoredSystems(
        systems,
        truth,
        ScoringCoverage.of(annotations, truth, missing),
        tuple(system.counts(truth, metrics) for system in systems),
    )


def _common_metrics(
    systems: Sequence[System],
    annotations: Annotations,
    names: Sequence[str],
    notes: Notes,
) -> list[str]:
    """What all allow; notes what only one does."""
    known = annotations.durations_known
    allowed = [set(x.metrics(durations_known=known)) for x in systems]
    common = set.intersection(*allowed)
    for name, own in zip(names, allowed, strict=True):
        alone = [x for x in ALL_METRICS if x in own - common]
        if alone:
            notes.note(f"only {name} allows {', '.join(alone)}: left out")
    return [x for x in ALL_METRICS if x in common]

"""True positives, false alarms and missed events at one operating point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lgc_plugin.evaluation.f1 import F1Counts

#: Criteria by which events are counted, and the F1 scores that use them.
CRITERIA = {"event": "event_f1", "intersection": "intersection_f1"}


@dataclass(frozen=True)
class DetectionCounts:
    """Events of one class, or of all, and the rates that they give.

    A rate is NaN where it is not defined: precision if nothing is detected,
    recall if nothing is annotated, and false alarms per hour if the length of
    the clips is not known.
    """

    tp: int
    fp: int
    fn: int
    #: Length of the clips in which detections count; None if not known.
    hours: float | None

    @property
    def precision(self) -> float:
        """Share of what is detected that is right."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Share of the true events that are detected."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def false_alarms_per_hour(self) -> float:
        """False positives in an hour of sound."""
        return _share(self.fp, self.hours or 0)

    def as_dict(self) -> dict[str, float]:
        """Counts and rates, for a JSON file."""
        return {
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
            "precision": self.precision,
            "recall": self.recall,
            "false_alarms_per_hour": self.false_alarms_per_hour,
        }


@dataclass(frozen=True)
class OperatingCounts:
    """What a system detects at its operating point, by one criterion."""

    #: All classes together.
    overall: DetectionCounts
    per_class: Mapping[str, DetectionCounts]

    @classmethod
    def of(cls, counts: F1Counts, hours: float | None) -> OperatingCounts:
        """Sums the counts of all clips."""
        arrays = (counts.tp, counts.fp, counts.fn)
        tp, fp, fn = (x.sum(axis=0).tolist() for x in arrays)
        per_class = {
            label: DetectionCounts(*each, hours=hours)
            for label, each in zip(
                counts.labels, zip(tp, fp, fn, strict=True), strict=True
            )
        }
        overall = DetectionCounts(sum(tp), sum(fp), sum(fn), hours)
        return cls(overall, per_class)

    def as_dict(self) -> dict[str, Any]:
        """Counts and rates, nested, for a JSON file."""
        return {
            "hours": self.overall.hours,
            "overall": self.overall.as_dict(),
            "per_class": {k: x.as_dict() for k, x in self.per_class.items()},
        }


def operating_counts(
    counts: Mapping[str, Any], hours: float | None
) -> dict[str, OperatingCounts]:
    """By criterion, from the counts of metrics, as far as they are there."""
    return {
        criterion: OperatingCounts.of(counts[metric], hours)
        for criterion, metric in CRITERIA.items()
        if metric in counts
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")

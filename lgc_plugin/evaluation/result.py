"""All scores of one system, and on how many clips they rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lgc_plugin.evaluation.score import Interval, Score


@dataclass(frozen=True)
class SEDResult:
    """What one system scored, and on how many clips.

    Arguments
    ---------
    scores : Mapping[str, Score]
        By name of the metric, in the order in which they are shown:
        ``psds1``, ``psds2``, ``psds1_free``, ``psds2_free`` (threshold-free),
        ``event_f1``, ``segment_f1``, ``intersection_f1``, ``clip_f1``,
        ``clip_ap`` (average precision), ``weak_f1`` (clip F1 on weakly
        labeled clips). What nobody asked for is not there.
    clips_scored : int
        Clips that the system was given.
    clips_annotated : int
        Clips in the annotation.
    resamples : int
        Resamples behind the intervals; 0 if there are none.

    Example
    -------
    >>> score = Score(0.5, 0.25, {"Cat": 0.5})
    >>> result = SEDResult({"intersection_f1": score}, 962, 1168)
    >>> result.coverage
    '962/1168'
    >>> result.flat()
    {'intersection_f1_macro': 0.5, 'intersection_f1_micro': 0.25}
    """

    scores: Mapping[str, Score]
    clips_scored: int
    clips_annotated: int
    resamples: int = 0

    @property
    def coverage(self) -> str:
        """Clips scored of clips annotated, to be told next to every score."""
        return f"{self.clips_scored}/{self.clips_annotated}"

    def flat(self) -> dict[str, float]:
        """One number per name, for loggers and checkpoints.

        Returns
        -------
        dict[str, float]
            ``psds1``, ``psds2``, ``event_f1_macro``, ``event_f1_micro`` ...
        """
        return {
            key: number
            for name, score in self.scores.items()
            for key, number in score.flat(name).items()
        }

    def flat_intervals(self) -> dict[str, Interval]:
        """The intervals of :meth:`flat`, under the same names.

        Returns
        -------
        dict[str, Interval]
            Empty without a bootstrap.
        """
        return {
            key: interval
            for name, score in self.scores.items()
            for key, interval in score.flat_intervals(name).items()
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything but the curves, nested, for a JSON file.

        Returns
        -------
        dict
            The numbers of :meth:`flat`, ``per_class`` (by metric, by class),
            ``clips_scored`` and ``clips_annotated``; with a bootstrap
            ``resamples``, ``intervals`` and ``per_class_intervals`` as well,
            each interval as ``[low, high]``. NaN stays NaN.
        """
        content: dict[str, Any] = {
            **self.flat(),
            "per_class": {k: dict(v.per_class) for k, v in self.scores.items()},
            "clips_scored": self.clips_scored,
            "clips_annotated": self.clips_annotated,
        }
        if self.resamples:
            content["resamples"] = self.resamples
            content["intervals"] = {
                key: list(interval)
                for key, interval in self.flat_intervals().items()
            }
            content["per_class_intervals"] = {
                name: {k: list(v) for k, v in each.per_class.items()}
                for name, score in self.scores.items()
                if (each := score.intervals) is not None
            }
        return content

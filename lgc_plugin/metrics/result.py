"""All scores of one network, and on how many clips they rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lgc_plugin.metrics.psds import PSDSScore
from lgc_plugin.metrics.score import Score


@dataclass(frozen=True)
class SEDResult:
    """What one network scored, and on how many clips.

    Arguments
    ---------
    psds1, psds2 : PSDSScore or None
        None where they were not asked for.
    event_f1, segment_f1 : Score or None
        At the operating threshold; None where they were not asked for.
    intersection_f1 : Score
        At the operating threshold.
    clips_scored : int
        Clips that the network was given.
    clips_annotated : int
        Clips in the annotation.

    Example
    -------
    >>> score = Score(macro=0.5, micro=0.25, per_class={"Cat": 0.5})
    >>> result = SEDResult(None, None, None, None, score, 962, 1168)
    >>> result.coverage
    '962/1168'
    >>> result.flat()
    {'intersection_f1_macro': 0.5, 'intersection_f1_micro': 0.25}
    """

    psds1: PSDSScore | None
    psds2: PSDSScore | None
    event_f1: Score | None
    segment_f1: Score | None
    intersection_f1: Score
    clips_scored: int
    clips_annotated: int

    @property
    def coverage(self) -> str:
        """Clips scored of clips annotated, to be told next to every score."""
        return f"{self.clips_scored}/{self.clips_annotated}"

    def families(self) -> dict[str, PSDSScore | Score]:
        """The scores there are, by name.

        Returns
        -------
        dict[str, PSDSScore or Score]
        """
        names = ("psds1", "psds2", "event_f1", "segment_f1", "intersection_f1")
        scores = {name: getattr(self, name) for name in names}
        return {name: x for name, x in scores.items() if x is not None}

    def flat(self) -> dict[str, float]:
        """One number per name, for loggers and checkpoints.

        Returns
        -------
        dict[str, float]
            ``psds1``, ``psds2``, ``event_f1_macro``, ``event_f1_micro`` ...
        """
        numbers = {}
        for name, score in self.families().items():
            if isinstance(score, PSDSScore):
                numbers[name] = score.value
                continue
            numbers[f"{name}_macro"] = score.macro
            if score.micro is not None:
                numbers[f"{name}_micro"] = score.micro
        return numbers

    def as_dict(self) -> dict[str, Any]:
        """Everything but the curves, nested, for a JSON file.

        Returns
        -------
        dict
            The numbers of :meth:`flat`, ``per_class`` (by family, by class),
            ``clips_scored`` and ``clips_annotated``. NaN stays NaN.
        """
        per_class = {
            name: dict(score.per_class)
            for name, score in self.families().items()
        }
        return {
            **self.flat(),
            "per_class": per_class,
            "clips_scored": self.clips_scored,
            "clips_annotated": self.clips_annotated,
        }

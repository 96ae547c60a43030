"""On which clips scores rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.predictions import Predictions

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class ScoringCoverage:
    """On what scores rest."""

    #: Clips.
    scored: int
    annotated: int
    #: Clips scored that have no event (of the classes that count, if what
    #: is detected there is a false alarm).
    silent: int
    #: Annotated clips without predictions.
    missing: int
    #: Of these, those that are scored: nothing was detected in them.
    silenced: int
    #: True events in the clips scored, and classes that they are of.
    events: int
    classes: int
    #: Length of the clips scored; None if not known.
    hours: float | None

    @classmethod
    def of(
        cls, annotations: Annotations, truth: GroundTruth, missing: int
    ) -> ScoringCoverage:
        """What is covered."""
        seconds = truth.durations.duration.sum()
        known = annotations.durations_known
        left_out = len(truth.durations) < len(annotations.truth.durations)
        silent = truth.clips.difference(truth.events.filename)
        if truth.profile == "dcase":
            silent = truth.left_out
        return cls(
            scored=len(truth.durations),
            annotated=annotations.n_annotated,
            silent=len(silent),
            missing=missing,
            silenced=0 if left_out else missing,
            events=len(truth.events),
            classes=len(truth.present),
            hours=float(seconds) / _SECONDS_PER_HOUR if known else None,
        )

    @property
    def line(self) -> str:
        """All of it in one line."""
        scored = f"{self.scored}/{self.annotated} clips scored"
        if self.silenced:
            scored += f" ({self.silenced} of them without predictions)"
        parts = [
            scored,
            f"{counted(self.events, 'event')} of "
            f"{counted(self.classes, 'class')}",
        ]
        if self.hours is not None and self.hours >= 1:
            parts.append(f"{self.hours:.2f} h")
        elif self.hours is not None:
            parts.append(f"{60 * self.hours:.1f} min")
        return f"coverage: {', '.join(parts)}"

    def profile_text(self, profile: str) -> str:
        """What a profile does with clips without events, for people."""
        if not self.silent:
            return f"{profile} (every clip has an event)"
        clips = counted(self.silent, "clip")
        if profile == "strict":
            return (
                f"strict: detections in {clips} without events are false alarms"
            )
        return (
            f"dcase: detections in {clips} without events do not count, their "
            "time does"
        )


def covered_truth(
    truth: GroundTruth,
    systems: Mapping[str, Predictions],
    notes: Notes,
    *,
    drop_missing: bool,
) -> tuple[GroundTruth, int]:
    """The clips to score, and of how many of them something is missing."""
    what = (
        "they are left out"
        if drop_missing
        else "nothing was detected in them, so they count "
        "(--drop-missing leaves them out)"
    )
    clips = truth.clips
    for name, each in systems.items():
        missing = clips - each.clips
        if missing:
            notes.named(name).warn(
                f"no predictions for {len(missing)} of {len(clips)} annotated "
                f"clips, such as {min(missing)!r}: {what}"
            )
    shared = clips.intersection(*(each.clips for each in systems.values()))
    n_missing = len(clips) - len(shared)
    if not drop_missing or not n_missing:
        return truth, n_missing
    if not shared:
        raise ValueError(
            "no clip is left to score: none of the annotated clips is in the "
            "predictions" + (" of both" if len(systems) > 1 else "")
        )
    return truth.restrict(shared), n_missing

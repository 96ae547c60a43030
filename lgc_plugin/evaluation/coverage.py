"""On which clips scores rest, to be told next to every score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.predictions import Predictions
from lgc_plugin.evaluation.truth import GroundTruth
from lgc_plugin.evaluation.truth_files import Annotations

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Coverage:
    """On what scores rest.

    Arguments
    ---------
    scored, annotated : int
        Clips.
    silent : int
        Clips scored that have no event.
    missing : int
        Annotated clips of which a system says nothing.
    silenced : int
        Of these, those that are scored: nothing was detected in them.
    events, classes : int
        True events in the clips scored, and classes that they are of.
    hours : float or None
        Length of the clips scored; None if not known.

    Example
    -------
    >>> Coverage(962, 1168, 12, 206, 0, 3500, 10, 2.66).line
    'coverage: 962/1168 clips scored, 3500 events of 10 classes, 2.66 h'
    """

    scored: int
    annotated: int
    silent: int
    missing: int
    silenced: int
    events: int
    classes: int
    hours: float | None

    @classmethod
    def of(
        cls, annotations: Annotations, truth: GroundTruth, missing: int
    ) -> Coverage:
        """What is covered.

        Arguments
        ---------
        annotations : Annotations
            What was asked for.
        truth : GroundTruth
            The clips of it that are scored.
        missing : int
            Clips without predictions.

        Returns
        -------
        Coverage
        """
        seconds = truth.durations.duration.sum()
        known = annotations.durations_known
        left_out = len(truth.durations) < len(annotations.truth.durations)
        return cls(
            scored=len(truth.durations),
            annotated=annotations.n_annotated,
            silent=len(truth.clips.difference(truth.events.filename)),
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


def covered_truth(
    truth: GroundTruth,
    systems: Mapping[str, Predictions],
    notes: Notes,
    *,
    drop_missing: bool,
) -> tuple[GroundTruth, int]:
    """The clips to score, and of how many of them something is missing.

    Arguments
    ---------
    truth : GroundTruth
        All that is annotated.
    systems : Mapping[str, Predictions]
        By the name that notes give them; one, or those to compare.
    notes : Notes
        Gets a warning for clips without predictions.
    drop_missing : bool
        Whether clips without predictions, of any system, are left out; else
        they are clips in which nothing was detected.

    Returns
    -------
    tuple[GroundTruth, int]
        The truth, restricted if asked; the number of clips that are missing.

    Raises
    ------
    ValueError
        If no clip is left.
    """
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

"""Scores of one system's predictions, with intervals and coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.metrics import score_counts
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.operating_point import OperatingOptions
from lgc_plugin.evaluation.predictions import Predictions
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.evaluation.system import System, read_system

_SECONDS_PER_HOUR = 3600


class Scored(Protocol):
    """What :func:`profile_text` is about."""

    truth: GroundTruth
    coverage: ScoringCoverage


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores, and on what they rest."""

    #: What was scored.
    system: System
    #: The clips that were scored.
    truth: GroundTruth
    #: How many that are.
    coverage: ScoringCoverage
    #: The scores.
    result: SEDResult

    def check(self) -> dict[str, tuple[float, float]]:
        """Lets psds_eval and sed_eval score the same events."""
        from lgc_plugin.evaluation.reference_check import check_by_libraries

        hourly = "psds1" in self.result.scores
        return check_by_libraries(
            self.system.operating_events,
            self.truth,
            self.system.all_events if hourly else None,
        )


def evaluate(
    predictions: str | Path,
    annotations: Annotations,
    options: OperatingOptions | None = None,
    *,
    drop_missing: bool = False,
    resamples: int = 1000,
    seed: int = 0,
    notes: Notes | None = None,
) -> Evaluation:
    r"""Scores any system's output.

    Arguments
    ---------
    predictions : str or Path
        See :func:`~lgc_plugin.evaluation.predictions.read_predictions`.
    annotations : Annotations
        What is annotated.
    options : OperatingOptions, optional
        Threshold, windows, settings.
    drop_missing : bool
        Leaves out annotated clips that are in no predictions; else they are
        clips in which nothing was detected.
    resamples : int
        Of the bootstrap; 0 leaves intervals out.
    seed : int
        Decides which clips are drawn.
    notes : Notes, optional
        Gets what a user should know.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        If a file cannot be right, or files do not fit together.

    Example
    -------
    >>> from lgc_plugin.evaluation.ground_truth_files import read_annotations
    >>> folder = getfixture("tmp_path")
    >>> text = "filename\tonset\toffset\tevent_label\na.wav\t1\t3\tCat\n"
    >>> for name in ("truth.tsv", "found.tsv"):
    ...     _ = (folder / name).write_text(text)
    >>> truth = read_annotations(folder / "truth.tsv")
    >>> scored = evaluate(folder / "found.tsv", truth, resamples=0)
    >>> scored.result.scores["event_f1"].macro
    1.0
    """
    notes = notes or Notes()
    options = options or OperatingOptions()
    system = read_system(predictions, annotations, options, notes)
    truth, missing = covered_truth(
        annotations.truth,
        {"": system.predictions},
        notes,
        drop_missing=drop_missing,
    )
    system = system.restrict(truth)
    metrics = system.metrics(durations_known=annotations.durations_known)
    counts = system.counts(truth, metrics)
    n_clips = len(truth.durations)
    scores = score_counts(counts, n_clips, resamples=resamples, seed=seed)
    coverage = ScoringCoverage.of(annotations, truth, missing)
    result = SEDResult(scores, n_clips, annotations.n_annotated, resamples)
    return Evaluation(system, truth, coverage, result)


def profile_text(scored: Scored) -> str:
    """What the profile does with clips without events, for people."""
    profile, silent = scored.truth.profile, scored.coverage.silent
    if not silent:
        return f"{profile} (every clip has an event)"
    clips = counted(silent, "clip")
    if profile == "strict":
        return f"strict: detections in {clips} without events are false alarms"
    return (
        f"dcase: detections in {clips} without events do not count, their "
        "time does"
    )


@dataclass(frozen=True)
class ScoringCoverage:
    """On what scores rest.

    >>> ScoringCoverage(962, 1168, 12, 206, 0, 3500, 10, 2.66).line
    'coverage: 962/1168 clips scored, 3500 events of 10 classes, 2.66 h'
    """

    #: Clips.
    scored: int
    annotated: int
    #: Clips scored that have no event.
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

"""Scores of one system's predictions, with intervals and coverage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lgc_plugin.evaluation.coverage import Coverage, covered_truth
from lgc_plugin.evaluation.families import score_counts
from lgc_plugin.evaluation.notes import Notes, counted
from lgc_plugin.evaluation.operating_options import OperatingOptions
from lgc_plugin.evaluation.result import SEDResult
from lgc_plugin.evaluation.system import System, read_system
from lgc_plugin.evaluation.truth import GroundTruth
from lgc_plugin.evaluation.truth_files import Annotations


class Scored(Protocol):
    """What :func:`profile_text` is about."""

    truth: GroundTruth
    coverage: Coverage


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores, and on what they rest.

    Arguments
    ---------
    system : System
        What was scored.
    truth : GroundTruth
        The clips that were scored.
    coverage : Coverage
        How many that are.
    result : SEDResult
        The scores.
    """

    system: System
    truth: GroundTruth
    coverage: Coverage
    result: SEDResult

    def check(self) -> dict[str, tuple[float, float]]:
        """Lets psds_eval and sed_eval score the same events.

        Returns
        -------
        dict[str, tuple[float, float]]
            By name of the score: ours, theirs.

        Raises
        ------
        ValueError
            If no event is annotated.
        """
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
    >>> from lgc_plugin.evaluation.truth_files import read_annotations
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
    coverage = Coverage.of(annotations, truth, missing)
    result = SEDResult(scores, n_clips, annotations.n_annotated, resamples)
    return Evaluation(system, truth, coverage, result)


def profile_text(scored: Scored) -> str:
    """What the profile does with clips without events, for people.

    Arguments
    ---------
    scored : Scored
        Anything with ``truth`` and ``coverage``.

    Returns
    -------
    str
    """
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

"""Scores of one system with intervals, and the difference of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lgc_plugin.evaluation.bootstrap import Difference, compare, resample
from lgc_plugin.evaluation.coverage import ScoringCoverage
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.metrics import LOWER_IS_BETTER, result_of_counts
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_options import OperatingOptions
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.evaluation.system import System, count_systems


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
    >>> from lgc_plugin.evaluation import read_annotations
    >>> folder = getfixture("tmp_path")
    >>> text = "filename\tonset\toffset\tevent_label\na.wav\t1\t3\tCat\n"
    >>> for name in ("truth.tsv", "found.tsv"):
    ...     _ = (folder / name).write_text(text)
    >>> truth = read_annotations(folder / "truth.tsv")
    >>> scored = evaluate(folder / "found.tsv", truth, resamples=0)
    >>> scored.result.scores["event_f1"].macro
    1.0
    """
    scored = count_systems(
        [predictions],
        annotations,
        [options or OperatingOptions()],
        [""],
        notes or Notes(),
        drop_missing=drop_missing,
    )
    result = result_of_counts(
        scored.counts[0],
        scored.truth,
        annotations.n_annotated,
        durations_known=annotations.durations_known,
        resamples=resamples,
        seed=seed,
    )
    return Evaluation(scored.systems[0], scored.truth, scored.coverage, result)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two systems, their scores, and the differences."""

    #: What was compared.
    systems: tuple[System, System]
    #: The clips that were scored.
    truth: GroundTruth
    #: How many that are.
    coverage: ScoringCoverage
    #: The scores of each.
    results: tuple[SEDResult, SEDResult]
    #: By metric: first minus second.
    differences: dict[str, Difference]
    #: Behind intervals and shares.
    resamples: int

    def as_dict(self) -> dict[str, Any]:
        """All differences, nested, for a JSON file."""
        return {k: _difference(each) for k, each in self.differences.items()}


def compare_systems(
    paths: Sequence[str | Path],
    annotations: Annotations,
    options: Sequence[OperatingOptions],
    *,
    names: Sequence[str] = ("A", "B"),
    drop_missing: bool = False,
    resamples: int = 1000,
    seed: int = 0,
    notes: Notes | None = None,
) -> Comparison:
    r"""Scores two systems on the same clips, and on the same resamples.

    Arguments
    ---------
    paths : Sequence[str or Path]
        Predictions of both, which may be of different kinds; then the
        metrics are those that both allow.
    annotations : Annotations
        What is annotated.
    options : Sequence[OperatingOptions]
        Of each system.
    names : Sequence[str]
        What notes call them; two different ones.
    drop_missing : bool
        Leaves out clips that are in the predictions of one only, or of none;
        else nothing was detected there.
    resamples : int
        Of the bootstrap, at least 1.
    seed : int
        Decides which clips are drawn.
    notes : Notes, optional
        Gets what a user should know.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If a file cannot be right, or files do not fit together.

    Example
    -------
    >>> from lgc_plugin.evaluation import read_annotations
    >>> folder = getfixture("tmp_path")
    >>> text = "filename\tonset\toffset\tevent_label\na.wav\t1\t3\tCat\n"
    >>> for name in ("truth.tsv", "found.tsv"):
    ...     _ = (folder / name).write_text(text)
    >>> truth = read_annotations(folder / "truth.tsv")
    >>> both = [folder / "found.tsv"] * 2
    >>> same = compare_systems(both, truth, [OperatingOptions()] * 2)
    >>> same.differences["event_f1"].score.macro
    0.0
    """
    if resamples < 1:
        raise ValueError("a comparison rests on resamples: give 1 or more")
    if len(set(names)) != 2:
        raise ValueError(f"two different names are needed, got {names}")
    scored = count_systems(
        paths,
        annotations,
        options,
        names,
        notes or Notes(),
        drop_missing=drop_missing,
    )
    n_clips = len(scored.truth.durations)
    drawn = [
        resample(each, n_clips, resamples=resamples, seed=seed)
        for each in scored.counts
    ]
    first, second = (
        result_of_counts(
            counts,
            scored.truth,
            annotations.n_annotated,
            durations_known=annotations.durations_known,
        )
        for counts in scored.counts
    )
    differences = {
        name: compare(
            score,
            second.scores[name],
            drawn[0][name],
            drawn[1][name],
            lower_is_better=name in LOWER_IS_BETTER,
        )
        for name, score in first.scores.items()
    }
    return Comparison(
        (scored.systems[0], scored.systems[1]),
        scored.truth,
        scored.coverage,
        (first, second),
        differences,
        resamples,
    )


def _difference(difference: Difference) -> dict[str, Any]:
    score, wins, ties = difference.score, difference.wins, difference.ties
    known = score.intervals
    assert known is not None

    def entry(gap: Any, interval: Any, won: Any, tied: Any) -> dict[str, Any]:
        return {
            "difference": gap,
            "interval": list(interval),
            "first_wins": won,
            "ties": tied,
        }

    first = "value" if score.micro is None else "macro"
    content: dict[str, Any] = {
        first: entry(score.value, known.value, wins.value, ties.value)
    }
    if score.micro is not None:
        content["micro"] = entry(
            score.micro, known.micro, wins.micro, ties.micro
        )
    content["per_class"] = {
        label: entry(
            gap,
            known.per_class[label],
            wins.per_class[label],
            ties.per_class[label],
        )
        for label, gap in score.per_class.items()
    }
    return content

"""Two systems on the same clips, resampled alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lgc_plugin.evaluation.bootstrap import Difference, compare, resample
from lgc_plugin.evaluation.evaluation import ScoringCoverage, covered_truth
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.metrics import ALL_METRICS
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_point import OperatingOptions
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.evaluation.system import System, read_system


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
    >>> from lgc_plugin.evaluation.ground_truth_files import read_annotations
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
    notes = notes or Notes()
    systems = [
        read_system(path, annotations, wanted, notes.named(name))
        for path, wanted, name in zip(paths, options, names, strict=True)
    ]
    truth, missing = covered_truth(
        annotations.truth,
        {x: y.predictions for x, y in zip(names, systems, strict=True)},
        notes,
        drop_missing=drop_missing,
    )
    first, second = (system.restrict(truth) for system in systems)
    metrics = _common_metrics((first, second), annotations, names, notes)
    n_clips = len(truth.durations)
    counts = [each.counts(truth, metrics) for each in (first, second)]
    drawn = [
        resample(each, n_clips, resamples=resamples, seed=seed)
        for each in counts
    ]
    scores = [{k: v.score() for k, v in each.items()} for each in counts]
    differences = {
        name: compare(
            scores[0][name], scores[1][name], drawn[0][name], drawn[1][name]
        )
        for name in scores[0]
    }
    covered = (n_clips, annotations.n_annotated)
    return Comparison(
        (first, second),
        truth,
        ScoringCoverage.of(annotations, truth, missing),
        (SEDResult(scores[0], *covered), SEDResult(scores[1], *covered)),
        differences,
        resamples,
    )


def _common_metrics(
    systems: tuple[System, System],
    annotations: Annotations,
    names: Sequence[str],
    notes: Notes,
) -> list[str]:
    """What both allow; notes what only one does."""
    known = annotations.durations_known
    allowed = [set(x.metrics(durations_known=known)) for x in systems]
    for name, own, others in zip(names, allowed, allowed[::-1], strict=True):
        alone = [x for x in ALL_METRICS if x in own - others]
        if alone:
            notes.note(f"only {name} allows {', '.join(alone)}: left out")
    return [x for x in ALL_METRICS if x in allowed[0] & allowed[1]]


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

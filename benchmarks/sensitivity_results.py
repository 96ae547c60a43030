"""What the runs with varied settings have come to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from ablation_methods import Method
from ablation_profile import changed_settings
from ablation_report import SCORES
from ablation_runs import Run, plan_runs
from sensitivity_settings import Setting

_ANCHORS = re.compile(r"epoch: (\d+),.* train n_anchors: ([^\s,]+)")


class Outcome(NamedTuple):
    """What is known of a finished run.

    Arguments
    ---------
    scores : dict[str, float]
        Of the teacher, by the names of :data:`ablation_report.SCORES`.
    n_anchors : float or None
        Frames per step that the contrast acts on, once there are prototypes.
        None: there never were any.
    tested_epoch : int or None
        Whose checkpoint was tested, the best on validation.
    contrast_start_epoch : int
        At whose end the prototypes were initialized.
    """

    scores: dict[str, float]
    n_anchors: float | None
    tested_epoch: int | None
    contrast_start_epoch: int

    @property
    def tested_unborn(self) -> bool:
        """Whether the tested network had never felt a prototype."""
        return (
            self.tested_epoch is not None
            and self.tested_epoch <= self.contrast_start_epoch
        )


Outcomes = dict[int, Outcome]
"""Of one method, by seed."""

Found = dict[float, Outcomes]
"""Of one setting, by value."""


def read_outcome(run: Run, contrast_start_epoch: int) -> Outcome:
    """Reads a finished run.

    Arguments
    ---------
    run : Run
        A finished one.
    contrast_start_epoch : int
        At whose end its prototypes are initialized.

    Returns
    -------
    Outcome
    """
    results = json.loads((run.folder / "results.json").read_text())
    return Outcome(
        {name: results["scores"]["teacher"][name] for name in SCORES},
        mean_anchors(run.folder / "train_log.txt", contrast_start_epoch),
        results["epoch"],
        contrast_start_epoch,
    )


def read_method(
    folder: Path,
    method: Method,
    seeds: Sequence[int],
    profile: Mapping[str, Any],
) -> Outcomes:
    """The finished runs of a method.

    Arguments
    ---------
    folder : Path
        Of the ablation.
    method : Method
        Whose runs.
    seeds : Sequence[int]
        Which of them.
    profile : Mapping[str, Any]
        What LGC is trained with.

    Returns
    -------
    Outcomes
    """
    start = {**profile, **changed_settings(method.words)}[
        "contrast_start_epoch"
    ]
    return {
        run.seed: read_outcome(run, start)
        for run in plan_runs(folder, [method], seeds)
        if run.finished
    }


def read_settings(
    folder: Path,
    settings: Sequence[Setting],
    seeds: Sequence[int],
    profile: Mapping[str, Any],
) -> dict[str, Found]:
    """The finished runs of all settings and values.

    Arguments
    ---------
    folder : Path
        Of the ablation.
    settings : Sequence[Setting]
        What is varied.
    seeds : Sequence[int]
        Of the runs.
    profile : Mapping[str, Any]
        What LGC is trained with.

    Returns
    -------
    dict[str, Found]
        By setting; values without a finished run are there, and empty.
    """
    return {
        setting.name: {
            value: read_method(folder, setting.method(value), seeds, profile)
            for value in setting.values
        }
        for setting in settings
    }


def mean_anchors(log: Path, contrast_start_epoch: int) -> float | None:
    r"""Anchors per step, over the epochs after the initialization.

    Arguments
    ---------
    log : Path
        The ``train_log.txt`` of a run. Of an epoch that was done twice, since
        the run was stopped within it, the last line counts.
    contrast_start_epoch : int
        At whose end the prototypes are initialized.

    Returns
    -------
    float or None
        None without such epochs.

    Example
    -------
    >>> log = getfixture("tmp_path") / "train_log.txt"
    >>> line = "epoch: {}, step: 9 - train loss: 1.0, train n_anchors: {}"
    >>> lines = [line.format(*each) for each in ((1, 0.0), (2, 8), (3, 9))]
    >>> _ = log.write_text("\n".join(lines))
    >>> mean_anchors(log, 1)
    8.5
    """
    if not log.is_file():
        return None
    found = _ANCHORS.findall(log.read_text(encoding="utf-8"))
    by_epoch = {int(epoch): float(count) for epoch, count in found}
    after = [n for epoch, n in by_epoch.items() if epoch > contrast_start_epoch]
    return mean(after) if after else None


def seed_differences(
    outcomes: Outcomes, base: Outcomes, score: str
) -> list[float]:
    """By how much a method is better than another, seed by seed.

    Arguments
    ---------
    outcomes, base : Outcomes
        Of the two.
    score : str
        Which score.

    Returns
    -------
    list[float]
        One number per seed that both have.
    """
    return [
        outcome.scores[score] - base[seed].scores[score]
        for seed, outcome in outcomes.items()
        if seed in base
    ]


def shared_seeds(found: Found) -> list[int]:
    """The seeds that all values have, so that their means compare.

    Arguments
    ---------
    found : Found
        Of one setting. Values without any run do not count.

    Returns
    -------
    list[int]

    Example
    -------
    >>> shared_seeds({1: {1: ..., 2: ...}, 3: {2: ...}, 8: {}})
    [2]
    """
    there = [set(outcomes) for outcomes in found.values() if outcomes]
    return sorted(set.intersection(*there)) if there else []

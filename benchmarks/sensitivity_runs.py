"""Which runs are needed, and whether those that are there are such runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ablation_runs import Run, plan_runs
from sensitivity_settings import DEFAULT, Setting


def plan(
    folder: Path, settings: Sequence[Setting], seeds: Sequence[int]
) -> list[Run]:
    """All runs, those of the defaults first, seed by seed.

    Arguments
    ---------
    folder : Path
        Of the ablation.
    settings : Sequence[Setting]
        What is varied.
    seeds : Sequence[int]
        Of the runs.

    Returns
    -------
    list[Run]
        None twice, though all settings have their default.

    Example
    -------
    >>> setting = Setting("n_prototypes", (1, 3), 3)
    >>> [run.method.name for run in plan(Path("a"), [setting], [1])]
    ['lgc', 'n_prototypes=1']
    """
    varied = [
        setting.method(value)
        for setting in settings
        for value in setting.values
    ]
    return plan_runs(folder, list(dict.fromkeys([DEFAULT, *varied])), seeds)

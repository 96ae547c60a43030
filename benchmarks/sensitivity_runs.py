"""Which runs are needed, and whether those that are there are such runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablation_runs import Run, plan_runs
from sensitivity_settings import DEFAULT, Setting, changed_settings

from lgc_plugin.same_run import RECORD, check_same_run


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


def check_runs(runs: Sequence[Run], profile: Mapping[str, Any]) -> None:
    """Refuses finished runs that were trained with other settings.

    Two runs tell something of a setting only if all else is equal.

    Arguments
    ---------
    runs : Sequence[Run]
        Those that are not finished do not matter.
    profile : Mapping[str, Any]
        What LGC is trained with.

    Raises
    ------
    ValueError
        If a run differs from the profile in more than its method and seed.
    """
    for run in runs:
        record = run.folder / RECORD
        if not run.finished or not record.is_file():
            continue
        # The labels come from the data, which the profile has not seen.
        known = json.loads(record.read_text())
        own = {"seed": run.seed, "labels": known["labels"]}
        expected = {**profile, **changed_settings(run.method.words), **own}
        check_same_run(run.folder, expected, record=False)

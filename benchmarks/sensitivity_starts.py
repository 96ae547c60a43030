"""Runs that differ only after the prototypes start share what is before.

Half of a training passes before the prototypes are initialized, and thresholds,
temperature and momentum have no part in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablation_methods import Method
from ablation_profile import changed_settings
from ablation_runs import Run, plan_runs
from sensitivity_settings import DEFAULT

START = Method("lgc_before_contrast", "LGC until its initialization")
"""Trained with :func:`start_words`."""

_SAVE = "save"
_AFTER_BIRTH = {
    "prototype_momentum",
    "pos_threshold",
    "neg_threshold",
    "temperature",
    "contrast_weight",
}


def start_words(profile: Mapping[str, Any]) -> list[str]:
    """Options that end LGC one epoch before its prototypes are initialized.

    Arguments
    ---------
    profile : Mapping[str, Any]
        What LGC is trained with.

    Returns
    -------
    list[str]

    Example
    -------
    >>> start_words({"contrast_start_epoch": 12})
    ['--number_of_epochs=11']
    """
    return [f"--number_of_epochs={profile['contrast_start_epoch'] - 1}"]


def plan_starts(
    runs: Sequence[Run], profile: Mapping[str, Any], folder: Path
) -> list[Run]:
    """The starts that unfinished runs wait for, one per seed.

    Arguments
    ---------
    runs : Sequence[Run]
        All that are wanted.
    profile : Mapping[str, Any]
        What LGC is trained with.
    folder : Path
        Of the ablation.

    Returns
    -------
    list[Run]
    """
    seeds = [run.seed for run in runs if _waits(run, profile)]
    return plan_runs(folder, [START], list(dict.fromkeys(seeds)))


def give_starts(
    runs: Sequence[Run], starts: Sequence[Run], profile: Mapping[str, Any]
) -> None:
    """Copies the checkpoints of finished starts into the runs.

    Arguments
    ---------
    runs : Sequence[Run]
        All that are wanted; those that have begun keep what they have.
    starts : Sequence[Run]
        From :func:`plan_starts`. Where one is not finished, its runs begin
        at the beginning.
    profile : Mapping[str, Any]
        What LGC is trained with.
    """
    of_seed = {start.seed: start for start in starts if start.finished}
    for run in runs:
        if run.seed in of_seed and _waits(run, profile):
            run.folder.mkdir(parents=True, exist_ok=True)
            # Under its name only when it is whole.
            part = run.folder / f"{_SAVE}.part"
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(of_seed[run.seed].folder / _SAVE, part)
            part.rename(run.folder / _SAVE)


def shares_start(run: Run, profile: Mapping[str, Any]) -> bool:
    """Whether a run is LGC itself until the epoch before LGC's initialization.

    Arguments
    ---------
    run : Run
        What is wanted.
    profile : Mapping[str, Any]
        What LGC is trained with.

    Returns
    -------
    bool
        False for LGC, which is another command's run; for other numbers of
        prototypes, because a checkpoint holds theirs; and where there is
        nothing before the initialization.
    """
    start = profile["contrast_start_epoch"]
    if run.method == DEFAULT or start < 2:
        return False
    changed = dict(changed_settings(run.method.words))
    later = changed.pop("contrast_start_epoch", start) >= start
    return later and changed.keys() <= _AFTER_BIRTH


def _waits(run: Run, profile: Mapping[str, Any]) -> bool:
    begun = (run.folder / _SAVE).exists()
    return not run.finished and not begun and shares_start(run, profile)

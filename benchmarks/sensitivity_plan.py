"""The settings of LGC that are varied, each alone, and the runs for it.

Runs that differ only after the prototypes start share what is before: half of
a training passes before the prototypes are initialized, and thresholds,
temperature and momentum have no part in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablation_profile import changed_settings
from ablation_runs import METHODS, Method, Run, plan_runs

DEFAULT = METHODS["lgc"]
REFERENCE = METHODS["cutmix"]
"""LGC without its global term."""

TITLES = {
    "n_prototypes": "prototypes per class, K",
    "prototype_momentum": "momentum of prototypes",
    "pos_threshold": "positive threshold, τ+",
    "neg_threshold": "negative threshold, τ-",
    "temperature": "temperature",
    "contrast_start_epoch": "initialization of prototypes, epoch",
    "contrast_weight": "weight of the global term",
}

# Defaults are in the YAML files; they need not be among these.
_VALUES = {
    "n_prototypes": (1, 3, 8),
    "prototype_momentum": (0.9, 0.99, 0.996),
    "pos_threshold": (0.6, 0.8, 0.9),
    "neg_threshold": (0.3, 0.5, 0.7),
    "temperature": (0.05, 0.1, 0.5),
    "contrast_weight": (0.02, 0.05, 0.1),
}
_START_SIXTHS = (1, 3, 5)  # of the training

# What each run has of its own.
_OWN = ("seed", "data_folder", "output_folder")


@dataclass(frozen=True)
class Setting:
    """One setting and the values that it takes.

    >>> setting = Setting("n_prototypes", (1, 3), 3)
    >>> setting.method(1).words, setting.method(3).name
    (('--n_prototypes=1',), 'lgc')
    """

    #: Its key in the YAML file
    name: str
    #: In order, the default among them
    values: tuple[float, ...]
    #: That of the profile
    default: float

    def method(self, value: float) -> Method:
        """What is trained for a value; for the default it is LGC itself."""
        if value == self.default:
            return DEFAULT
        text = f"{self.name}={value:g}"
        return Method(text, text, (f"--{text}",), DEFAULT.name)


def plan_settings(
    names: Sequence[str], profile: Mapping[str, Any]
) -> list[Setting]:
    """The values of each setting.

    >>> profile = {"contrast_start_epoch": 20, "number_of_epochs": 60}
    >>> plan_settings(["contrast_start_epoch"], profile)[0].values
    (10, 20, 30, 50)
    """
    epochs = profile["number_of_epochs"]
    starts = [max(1, round(epochs * part / 6)) for part in _START_SIXTHS]
    listed = {**_VALUES, "contrast_start_epoch": starts}
    return [
        Setting(
            name,
            tuple(sorted({*listed[name], profile[name]})),
            profile[name],
        )
        for name in names
    ]


def check_options(words: Sequence[str]) -> None:
    """Refuses options for all runs that each run has of its own."""
    for key in changed_settings(tuple(words)):
        if key in _OWN:
            raise ValueError(f"{key} is each run's own: leave it out")


def plan(
    folder: Path, settings: Sequence[Setting], seeds: Sequence[int]
) -> list[Run]:
    """All runs, those of the defaults first, seed by seed.

    Returns none twice, though all settings have their default.

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


START = Method("lgc_before_contrast", "LGC until its initialization")
"""Trained with :func:`start_words`."""

_SAVE = "save"
_AFTER_START = {
    "prototype_momentum",
    "pos_threshold",
    "neg_threshold",
    "temperature",
    "contrast_weight",
}


def start_words(profile: Mapping[str, Any]) -> list[str]:
    """Options that end LGC one epoch before its prototypes are initialized.

    >>> start_words({"contrast_start_epoch": 12})
    ['--number_of_epochs=11']
    """
    return [f"--number_of_epochs={profile['contrast_start_epoch'] - 1}"]


def plan_starts(
    runs: Sequence[Run], profile: Mapping[str, Any], folder: Path
) -> list[Run]:
    """The starts that unfinished runs wait for, one per seed."""
    seeds = [run.seed for run in runs if _waits(run, profile)]
    return plan_runs(folder, [START], list(dict.fromkeys(seeds)))


def give_starts(
    runs: Sequence[Run], starts: Sequence[Run], profile: Mapping[str, Any]
) -> None:
    """Copies the checkpoints of finished starts into the runs."""
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
    """Whether a run is LGC itself until the epoch before the initialization.

    False for LGC, which is another command's run; for other numbers of
    prototypes, because a checkpoint holds theirs; and where there is nothing
    before the initialization.
    """
    start = profile["contrast_start_epoch"]
    if run.method == DEFAULT or start < 2:
        return False
    changed = dict(changed_settings(run.method.words))
    later = changed.pop("contrast_start_epoch", start) >= start
    return later and changed.keys() <= _AFTER_START


def _waits(run: Run, profile: Mapping[str, Any]) -> bool:
    begun = (run.folder / _SAVE).exists()
    return not run.finished and not begun and shares_start(run, profile)

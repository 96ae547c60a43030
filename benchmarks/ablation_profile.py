"""What all runs of an ablation have in common, and whether they do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ablation_runs import METHODS, ROOT, Run, plan_runs, train_command

from lgc_plugin.training.resume import RECORD, check_same_run
from lgc_plugin.utils.hparams import parse_recipe_arguments, read_plain

_DEFAULT = METHODS["lgc"]
# They follow from data and weights, which the profile has not seen.
_OF_DATA_AND_FILES = {"frame_encoder", "labels", "steps_per_epoch"}
_OF_THE_GLOBAL_TERM = {
    "contrast_start_epoch",
    "kmeans_max_frames",
    "n_prototypes",
    "neg_threshold",
    "pos_threshold",
    "prototype_momentum",
    "temperature",
}


def read_profile(words: Sequence[str]) -> dict[str, Any]:
    """What the ablation trains LGC with.

    >>> profile = read_profile(["--lr=0.5"])
    >>> profile["lr"], profile["contrast_weight"] > 0
    (0.5, True)
    """
    (run,) = plan_runs(ROOT / "results", [_DEFAULT], [1])
    file, overrides = _parse(train_command(run, words)[2:])
    return read_plain(file, overrides)


@cache
def changed_settings(words: tuple[str, ...]) -> dict[str, Any]:
    """What options of the recipe change.

    >>> changed_settings(("--pos_threshold=0.7",))
    {'pos_threshold': 0.7}
    """
    (run,) = plan_runs(ROOT / "results", [_DEFAULT], [1])
    file = train_command(run, [])[2]
    return _parse([file, *words])[1]


def check_runs(runs: Sequence[Run], profile: Mapping[str, Any]) -> None:
    """Refuses finished runs that were trained with other settings.

    Two runs compare a setting only if all else is equal; settings
    of the global term do not matter where it is off.
    """
    for run in runs:
        record = run.folder / RECORD
        if not run.finished or not record.is_file():
            continue
        known = json.loads(record.read_text())
        own = {key: known[key] for key in _OF_DATA_AND_FILES & known.keys()}
        changed = changed_settings(run.method.words)
        expected = {**profile, **changed, "seed": run.seed, **own}
        if expected["contrast_weight"] == 0:
            # They were not read.
            own = {
                key: known[key] for key in _OF_THE_GLOBAL_TERM & known.keys()
            }
            expected.update(own)
        check_same_run(run.folder, expected, record=False)


def _parse(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The YAML file and its overrides; files are named from the root."""
    found = []
    for word in words:
        option, equals, file = word.rpartition("=")
        if file.endswith(".yaml"):
            word = f"{option}{equals}{Path(ROOT, file)}"
        found.append(word)
    parsed = parse_recipe_arguments(found)
    return parsed.hparams_file, parsed.overrides

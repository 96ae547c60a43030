"""A run that continues must be the run that began."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lgc_plugin.utils.files import read_json, write_json

RECORD = "settings.json"
MAY_CHANGE = "may_change"
"""The setting that lists which settings may change."""

# What runs had before there were keys for it.
_BEFORE_KEYS = {
    "n_fft": 2048,
    "f_min": 0.0,
    "f_max": 8000.0,
    "balance_classes": False,
}


def check_same_run(
    folder: str | Path, settings: Mapping[str, Any], record: bool = True
) -> None:
    """Refuses to continue a run with settings that it did not begin with.

    The checkpoint of another network fails to load with a list of shapes, and
    that of another schedule continues to numbers that no single command can
    repeat. The first call in a folder records the settings.

    Arguments
    ---------
    folder : str or Path
        Output folder of the run.
    settings : Mapping[str, Any]
        Plain values of the hparams file; values of None that an object will
        take are equal to each other. ``may_change`` lists the keys that may
        differ.
    record : bool
        Whether a new run is recorded. One that is not certain to begin should
        not be: a mistake in its settings would stand in the way of the
        corrected command.

    Raises
    ------
    ValueError
        If a setting differs that makes it another run.

    Example
    -------
    >>> folder = getfixture("tmp_path")
    >>> settings = {"lr": 0.1, "n_jobs": 1, "may_change": ["n_jobs"]}
    >>> check_same_run(folder, settings)
    >>> check_same_run(folder, {**settings, "n_jobs": 2})
    >>> check_same_run(folder, {**settings, "lr": 0.2})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: ... began with lr = 0.1, now it is 0.2: give another ...
    """
    file = Path(folder) / RECORD
    # As JSON has it: tuples are lists there, keys are strings.
    now = json.loads(json.dumps(dict(settings)))
    free = {MAY_CHANGE, *now.get(MAY_CHANGE, ())}
    now = {key: value for key, value in now.items() if key not in free}
    if not file.is_file():
        if record:
            write_json(file, now)
        return
    before = read_json(file)
    older = {k: v for k, v in _BEFORE_KEYS.items() if k in now}
    before = {**older, **before}
    before = {key: value for key, value in before.items() if key not in free}
    for key in sorted(now.keys() | before.keys()):
        if now.get(key) != before.get(key):
            raise ValueError(
                f"the run in {folder} began with {key} = {before.get(key)}, "
                f"now it is {now.get(key)}: give another --output_folder, or "
                "delete that one to begin anew"
            )

"""A run that continues must be the run that began."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lgc_plugin.utils.files import write_json

RECORD = "settings.json"

# What may differ between the beginning of a run and its continuation: where
# things lie, how fast they are done, how long to train, how to score.
_FREE = {
    "bootstrap_resamples",
    "cache_folder",
    "data_cache",
    "data_folder",
    "data_paths",
    "early_stopping_patience",
    "embedded_folder",
    "embedded_soundscapes",
    "eval_batch_size",
    "experiment",
    "jobs",
    "measure_energy",
    "median_windows",
    "n_thresholds",
    "num_workers",
    "number_of_epochs",
    "operating_threshold",
    "output_folder",
    "prefetch_factor",
    "public_eval",
    "resampled_folder",
    "save_folder",
    "scoring_profile",
    "skip_prep",
    "tuned_on",
}


# Keys that came after the first runs, with what those runs did.
_LATER = {
    "filter_decibels": [-6.0, 6.0],
    "filter_min_bandwidth": 6,
    "frame_shift_std": 0.0,
    "ict_alpha": 0.2,
    "ict_weight": 0.0,
    "rct_changes": ["time mask", "pitch shift", "time shift"],
    "rct_max_magnitude": 5,
    "rct_max_partners": 2,
    "rct_thresholds": [0.95, 0.05],
    "rct_weight": 0.0,
    "sct_shift_std": 90.0,
    "sct_weight": 0.0,
    "time_mask": False,
    "time_mask_ratio": [0.05, 0.2],
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
        take are equal to each other.
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
    >>> check_same_run(folder, {"lr": 0.1, "jobs": 1})
    >>> check_same_run(folder, {"lr": 0.1, "jobs": 2})
    >>> check_same_run(folder, {"lr": 0.2})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: ... began with lr = 0.1, now it is 0.2: give another ...
    """
    file = Path(folder) / RECORD
    # As JSON has it: tuples are lists there, keys are strings.
    now = json.loads(json.dumps(dict(settings)))
    now = {key: value for key, value in now.items() if key not in _FREE}
    if not file.is_file():
        if record:
            write_json(file, now)
        return
    before = _with_later(json.loads(file.read_text(encoding="utf-8")))
    now = _with_later(now)
    for key in sorted(now.keys() | before.keys()):
        if now.get(key) != before.get(key):
            raise ValueError(
                f"the run in {folder} began with {key} = {before.get(key)}, "
                f"now it is {now.get(key)}: give another --output_folder, or "
                "delete that one to begin anew"
            )


def _with_later(settings: dict[str, Any]) -> dict[str, Any]:
    # Runs older than the choice masked with zeros, if at all.
    fill = "zero" if settings.get("time_mask") else "quietest"
    return {**_LATER, "time_mask_fill": fill, **settings}

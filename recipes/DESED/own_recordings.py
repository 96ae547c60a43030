"""Data sets of one's own recordings, made by lgc-sed dataset."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

from lgc_plugin.data.clip_sets import share_out
from lgc_plugin.data.own.dataset import DESCRIPTION, MANIFESTS, SETTINGS
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.utils.files import read_json
from lgc_plugin.utils.override_files import read_overrides

logger = logging.getLogger(__name__)

# What only the preparation of DESED reads.
_OF_DESED = (
    "weak_validation_share",
    "use_strong_real",
    "public_eval",
    "resampled_folder",
    "data_paths",
    "skip_prep",
)


def is_own(folder: str | Path) -> bool:
    """Whether a data folder was made by ``lgc-sed dataset``."""
    return (Path(folder) / DESCRIPTION).is_file()


def load_own(
    folder: str | Path, settings: dict[str, Any], given: Collection[str] = ()
) -> Preparation:
    """The data set as it is; its sets decide on the shares of a batch.

    Arguments
    ---------
    folder : str or Path
        What ``lgc-sed dataset`` has written.
    settings : dict[str, Any]
        Plain values of the hparams file; ``batch_sizes`` change if sets are
        absent.
    given : Collection[str]
        The keys that files or the command line have set.

    Returns
    -------
    Preparation

    Raises
    ------
    ValueError
        If the settings are not those of the clips, or there is no labeled
        set to train on.
    """
    data = Preparation.load(Path(folder) / MANIFESTS, folder)
    _check_settings(Path(folder), settings, data)
    if unused := [key for key in _OF_DESED if key in given]:
        logger.warning(
            "Settings without effect on the data set in %s, which is not "
            "prepared again: %s",
            folder,
            ", ".join(unused),
        )
    for coverage in data.coverage.values():
        coverage.log()
    sizes = share_out(settings["batch_sizes"], data.manifests)
    logger.info(
        "A batch has %s clips",
        ", ".join(f"{size or 'no'} {name}" for name, size in sizes.items()),
    )
    settings["batch_sizes"] = sizes
    return data


def _check_settings(
    folder: Path, settings: dict[str, Any], data: Preparation
) -> None:
    description = read_json(folder / DESCRIPTION)
    hint = f"add --overrides={folder / SETTINGS}"
    rate = description["sample_rate"]
    if settings["sample_rate"] != rate:
        raise ValueError(
            f"{folder}: the clips have {rate} Hz, sample_rate is "
            f"{settings['sample_rate']}: {hint}"
        )
    labels = settings["labels"]
    if labels is not None and tuple(labels) != data.labels:
        raise ValueError(
            f"{folder}: the classes are {', '.join(data.labels)}, labels are "
            f"{', '.join(labels)}: {hint}, or make the data set for other "
            "classes (lgc-sed dataset --labels)"
        )
    proposed = read_overrides([str(folder / SETTINGS)], list(settings))
    others = [
        f"{key} is {settings[key]}, not {value}"
        for key, value in proposed.items()
        if key not in ("batch_sizes", "labels") and settings[key] != value
    ]
    if others:
        logger.warning(
            "Settings that are not those of the data set (%s): %s",
            folder / SETTINGS,
            "; ".join(others),
        )

"""What a run leaves to be used: its networks as a model folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from speechbrain.utils.distributed import run_on_main

from lgc_plugin.inference.model.hparams_settings import (
    OtherPartError,
    settings_of_hparams,
)
from lgc_plugin.inference.model.model_files import (
    MODEL_FOLDER,
    check_replaceable,
)
from lgc_plugin.inference.model.model_folder import write_model
from lgc_plugin.inference.model.model_settings import ModelSettings
from lgc_plugin.utils.versions import package_versions

logger = logging.getLogger(__name__)


def plan_model(
    arguments: Mapping[str, Any], output_folder: str | Path
) -> ModelSettings | None:
    """What the model of a run will be, before the run begins.

    Arguments
    ---------
    arguments : Mapping[str, Any]
        Of the hparams file with the labels of the data, from
        ``parse_arguments``.
    output_folder : str or Path
        Folder of the run.

    Returns
    -------
    ModelSettings or None
        None, with a warning, if front end, network or frame encoder are of
        classes that a model folder cannot hold; the run does without one.

    Raises
    ------
    FileExistsError
        If something else is where the model will go.
    ValueError
        If a number cannot be right.
    """
    check_replaceable(Path(output_folder) / MODEL_FOLDER)
    try:
        return settings_of_hparams(arguments, package_versions())
    except OtherPartError as error:
        logger.warning("There will be no %s/ folder: %s", MODEL_FOLDER, error)
        return None


def write_finished_model(
    settings: ModelSettings | None,
    hparams: Mapping[str, Any],
    epoch: int | None,
) -> None:
    """Writes student and teacher as they are now, on the main process.

    Arguments
    ---------
    settings : ModelSettings or None
        From :func:`plan_model`.
    hparams : Mapping[str, Any]
        Objects of the hparams file: ``model``, ``lgc``, ``output_folder``,
        and ``frame_encoder`` if the model has one.
    epoch : int or None
        After which epoch they were kept.
    """
    if settings is None:
        return
    settings = replace(settings, notes={**settings.notes, "epoch": epoch})
    if settings.frame_encoder is not None:
        fingerprint = hparams["frame_encoder"].fingerprint
        entry = {**settings.frame_encoder, "fingerprint": fingerprint}
        settings = replace(settings, frame_encoder=entry)
    folder = Path(hparams["output_folder"]) / MODEL_FOLDER
    networks = {
        "student": hparams["model"],
        "teacher": hparams["lgc"].teacher.network,
    }
    run_on_main(write_model, args=(folder, settings, networks))
    logger.info(
        "The detector is in %s: lgc-sed detect RECORDINGS --model %s",
        folder,
        hparams["output_folder"],
    )

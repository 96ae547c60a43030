"""What scores each set of clips, and the tests at the end of a run."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import speechbrain as sb
from speechbrain.utils.distributed import run_on_main

from lgc_plugin.data.loaders import TEST_SETS
from lgc_plugin.data.manifest import read_manifest
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.evaluation.clip_metrics import ClipMetrics
from lgc_plugin.evaluation.network_metrics import EvaluationMetrics
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.report.run_report import report_test, write_frame_scores
from lgc_plugin.training.brain import LGCBrain
from lgc_plugin.training.selection import BY_EVENTS, BY_TAGS, LAST_EPOCH
from lgc_plugin.types import LabelKind

logger = logging.getLogger(__name__)

# The first that is there finds the best epoch, in this way.
_SELECTIONS = {"valid_strong": BY_EVENTS, "valid_weak": BY_TAGS}


def scorers(
    hparams: Mapping[str, Any], settings: Mapping[str, Any], data: Preparation
) -> dict[str, EvaluationMetrics]:
    """What scores each set.

    Arguments
    ---------
    hparams : Mapping[str, Any]
        Objects of the hparams file: ``make_metrics`` and ``encoder``.
    settings : Mapping[str, Any]
        Its plain values.
    data : Preparation
        The prepared data set.

    Returns
    -------
    dict[str, EvaluationMetrics]
        The validation set first, if there is one.

    Raises
    ------
    ValueError
        If windows and thresholds were tuned on a clip to be tested, or on
        frames of another length.
    """
    names = [name for name in _SELECTIONS if name in data.manifests][:1]
    names += [name for name in TEST_SETS if name in data.manifests]
    metrics = {name: _scorer(name, hparams, settings, data) for name in names}
    if settings["tuned_on"] is not None:
        tuned = TunedSettings.from_overrides(settings)
        tuned.check_frames(hparams["encoder"].frame_seconds)
        for name in (name for name in TEST_SETS if name in metrics):
            tuned.refuse(metrics[name].clips, f"the {name} set")
    return metrics


def _scorer(
    name: str,
    hparams: Mapping[str, Any],
    settings: Mapping[str, Any],
    data: Preparation,
) -> EvaluationMetrics:
    """Of events where there are any strong clips, else of clips alone."""
    rows = read_manifest(data.manifests[name])
    if any(row.label_kind == LabelKind.STRONG for row in rows):
        metrics: EvaluationMetrics = hparams["make_metrics"](
            data.manifests[name]
        )
        return metrics
    if name in TEST_SETS:
        logger.info("The %s set has tags alone: only clips are scored", name)
    threshold = settings["decision_threshold"]
    return ClipMetrics(hparams["encoder"], decision_threshold=threshold)


def validate_with(
    brain: LGCBrain, metrics: Mapping[str, EvaluationMetrics]
) -> None:
    """Sets what scores the validation clips, and by what an epoch is chosen.

    Arguments
    ---------
    brain : LGCBrain
        Before its training.
    metrics : Mapping[str, EvaluationMetrics]
        From :func:`scorers`.
    """
    name = next((name for name in _SELECTIONS if name in metrics), None)
    if name is None:
        brain.selection = LAST_EPOCH
        brain.metrics[sb.Stage.VALID] = ClipMetrics(brain.hparams.encoder)
        logger.info(
            "There are no validation clips: the last epoch is kept, and none "
            "ends the training early"
        )
        return
    brain.selection = _SELECTIONS[name]
    brain.metrics[sb.Stage.VALID] = metrics[name]
    if brain.selection == BY_TAGS:
        logger.info(
            "Validation clips have tags alone: the epoch with the highest clip "
            "F1 of the teacher is kept"
        )


def score_sets(
    brain: LGCBrain,
    loaders: Mapping[str, Any],
    metrics: Mapping[str, EvaluationMetrics],
    data: Preparation,
    output_folder: str | Path,
    start: float,
    **facts: Any,
) -> None:
    """Tests the best checkpoint on every set, and reports.

    Of the validation set only the frame scores of strong clips are kept, to
    tune windows and thresholds on.

    Arguments
    ---------
    brain : LGCBrain
        After its training.
    loaders : Mapping[str, Any]
        The batches of each set.
    metrics : Mapping[str, EvaluationMetrics]
        From :func:`scorers`.
    data : Preparation
        The prepared data set.
    output_folder : str or Path
        Folder of the run.
    start : float
        When the run began, in seconds since the epoch.
    **facts : Any
        Further entries of ``results.json``.
    """
    key = brain.selection.key
    for name, scorer in metrics.items():
        valid = name in _SELECTIONS
        if valid and not scorer.clips:
            continue
        brain.metrics[sb.Stage.TEST] = scorer
        brain.test_metrics = brain.selection.metrics if valid else None
        loader = loaders["valid" if valid else name]
        brain.evaluate(loader, max_key=key)
        if valid:
            args = (output_folder, name, scorer)
            run_on_main(write_frame_scores, args=args)
            continue
        run_on_main(
            report_test,
            args=(output_folder, name, scorer, brain.results, data),
            kwargs={
                **facts,
                "epoch": brain.tested_epoch,
                "wall_seconds": time.time() - start,
            },
        )
    if not set(TEST_SETS) & set(metrics):
        logger.info("There is no test set: nothing is scored")
        brain.on_evaluate_start(max_key=key)

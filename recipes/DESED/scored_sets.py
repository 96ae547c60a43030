"""What scores each set of clips, and the tests at the end of a run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import speechbrain as sb
from speechbrain.utils.distributed import run_on_main

from lgc_plugin.data.loaders import TEST_SETS
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.evaluation.network_metrics import EvaluationMetrics
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.report.run_report import report_test, write_frame_scores
from lgc_plugin.training.brain import SELECTION_KEY, SELECTION_METRICS, LGCBrain

VALID_SET = "valid_strong"


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
        The validation set first.

    Raises
    ------
    ValueError
        If windows and thresholds were tuned on a clip to be tested, or on
        frames of another length.
    """
    metrics = {
        name: hparams["make_metrics"](data.manifests[name])
        for name in (VALID_SET, *TEST_SETS)
        if name in data.manifests
    }
    if settings["tuned_on"] is not None:
        tuned = TunedSettings.from_overrides(settings)
        tuned.check_frames(hparams["encoder"].frame_seconds)
        for name in (name for name in TEST_SETS if name in metrics):
            tuned.refuse(metrics[name].clips, f"the {name} set")
    return metrics


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

    Of the validation set only the frame scores are kept, to tune windows and
    thresholds on.

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
    for name, scorer in metrics.items():
        valid = name == VALID_SET
        brain.metrics[sb.Stage.TEST] = scorer
        brain.test_metrics = SELECTION_METRICS if valid else None
        loader = loaders["valid" if valid else name]
        brain.evaluate(loader, max_key=SELECTION_KEY)
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

"""Finished runs with varied settings, without any training."""

import json

from ablation_profile import read_profile
from ablation_report import SCORES
from ablation_runs import plan_runs
from speechbrain.utils.train_logger import FileTrainLogger

from lgc_plugin.training.resume import check_same_run

EPOCHS = 4


def small_profile():
    """A training whose prototypes are initialized half way."""
    return read_profile(
        [f"--number_of_epochs={EPOCHS}", "--contrast_start_epoch=2"]
    )


def write_run(run, profile, psds1, anchors=5.0, tested=EPOCHS):
    """A finished run; the other scores follow from PSDS1."""
    scores = {name: psds1 + i / 10 for i, name in enumerate(SCORES)}
    changed = dict(
        word.removeprefix("--").split("=") for word in run.method.words
    )
    own = {key: json.loads(value) for key, value in changed.items()}
    record = {**profile, **own, "seed": run.seed, "labels": ["Cat", "Dog"]}
    run.folder.mkdir(parents=True)
    check_same_run(run.folder, record)  # writes what the recipe does
    results = {
        "scores": {"student": dict.fromkeys(SCORES, 0.0), "teacher": scores},
        "median_windows": {"Cat": 5},
        "versions": {"torch": "2"},
        "epoch": tested,
    }
    (run.folder / "results.json").write_text(json.dumps(results))
    logger = FileTrainLogger(str(run.folder / "train_log.txt"), precision=4)
    for epoch in range(1, EPOCHS + 1):
        n_anchors = (
            anchors * epoch if epoch > record["contrast_start_epoch"] else 0.0
        )
        train = {"loss": 1.3, "contrast": 0.5, "n_anchors": n_anchors}
        meta = {"epoch": epoch, "step": 30 * epoch}
        logger.log_stats(meta, train, {"loss": 0.5}, verbose=False)


def write_runs(folder, profile, method, scores, **facts):
    for run in plan_runs(folder, [method], list(scores)):
        write_run(run, profile, scores[run.seed], **facts)

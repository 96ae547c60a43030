"""What a run says of an epoch: a line, a log file, TensorBoard."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lgc_plugin.brain import LGCBrain

logger = logging.getLogger(__name__)


def log_epoch(
    brain: LGCBrain,
    epoch: int,
    train_stats: Mapping[str, float],
    valid_stats: Mapping[str, float],
) -> None:
    """Writes the numbers of an epoch; call it on all processes.

    Arguments
    ---------
    brain : LGCBrain
        For its schedule and its loggers.
    epoch : int
        From 1.
    train_stats : Mapping[str, float]
        Means over the training batches; ``loss`` is one of them.
    valid_stats : Mapping[str, float]
        Scores on the validation set, by network and name.
    """
    lgc = brain.modules.lgc
    schedule = {
        "epoch": epoch,
        "step": lgc.step,
        "lr": float(brain.optimizer.param_groups[0]["lr"]),
        "ramp": lgc.ramp,
        "active_prototypes": int(lgc.bank.active.sum()),
        **{f"{k}_weight": v for k, v in lgc.effective_weights.items()},
    }
    brain.hparams.train_logger.log_stats(
        schedule, train_stats, valid_stats=valid_stats, verbose=False
    )
    logger.info(
        "Epoch %d: training loss %.3f, intersection F1 on validation: "
        "student %.3f, teacher %.3f",
        epoch,
        train_stats["loss"],
        valid_stats["student_intersection_f1_macro"],
        valid_stats["teacher_intersection_f1_macro"],
    )
    writer = brain.hparams.tensorboard_logger.writer
    if writer is None:
        return
    tables = {"schedule": schedule, "train": train_stats, "valid": valid_stats}
    for table, numbers in tables.items():
        for name, number in numbers.items():
            writer.add_scalar(f"{table}/{name}", number, epoch)
    writer.flush()

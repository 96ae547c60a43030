"""What a run says of an epoch: a line, a log file, TensorBoard."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from speechbrain.utils.train_logger import TensorboardLogger, TrainLogger

logger = logging.getLogger(__name__)


def log_epoch(
    schedule: Mapping[str, float],
    train_stats: Mapping[str, float],
    valid_stats: Mapping[str, float],
    train_logger: TrainLogger,
    tensorboard_logger: TensorboardLogger,
) -> None:
    """Writes the numbers of an epoch; call it on all processes.

    Arguments
    ---------
    schedule : Mapping[str, float]
        Where the training is; ``epoch``, from 1, is one of them.
    train_stats : Mapping[str, float]
        Means over the training batches; ``loss`` is one of them.
    valid_stats : Mapping[str, float]
        Scores on the validation set, by network and name.
    train_logger : TrainLogger
        Writes the log file.
    tensorboard_logger : TensorboardLogger
        Its writer is None on all but the main process.
    """
    train_logger.log_stats(
        schedule, train_stats, valid_stats=valid_stats, verbose=False
    )
    logger.info(
        "Epoch %d: training loss %.3f, intersection F1 on validation: "
        "student %.3f, teacher %.3f",
        schedule["epoch"],
        train_stats["loss"],
        valid_stats["student_intersection_f1_macro"],
        valid_stats["teacher_intersection_f1_macro"],
    )
    writer = tensorboard_logger.writer
    if writer is None:
        return
    tables = {"schedule": schedule, "train": train_stats, "valid": valid_stats}
    for table, numbers in tables.items():
        for name, number in numbers.items():
            writer.add_scalar(f"{table}/{name}", number, schedule["epoch"])
    writer.flush()

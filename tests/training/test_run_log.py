"""The log of a run, also of one that was stopped and continued."""

import logging

from speechbrain.utils.train_logger import FileTrainLogger, TensorboardLogger

from lgc_plugin.training.run_log import log_epoch

F1 = "intersection_f1_macro"


def log(folder, epoch, train_stats):
    log_epoch(
        {"epoch": epoch, "lr": 0.1},
        train_stats,
        {f"student_{F1}": 0.25, f"teacher_{F1}": 0.5},
        FileTrainLogger(folder / "train_log.txt"),
        TensorboardLogger(folder / "tensorboard"),
    )
    return (folder / "train_log.txt").read_text().splitlines()


def test_an_epoch_is_logged_once(tmp_path):
    for epoch in (1, 2, 10):
        log(tmp_path, epoch, {"loss": 1.0})
    lines = log(tmp_path, 2, {"loss": 3.0})
    assert len(lines) == 2
    assert lines[0].startswith("epoch: 1, ") and "loss: 1.00" in lines[0]
    assert lines[1].startswith("epoch: 2, ") and "loss: 3.00" in lines[1]


def test_an_epoch_that_is_continued_at_its_end_has_no_loss(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    (line,) = log(tmp_path, 3, {})
    assert "train" not in line and f"valid student_{F1}: 2.50e-01" in line
    assert "Epoch 3: training loss nan" in caplog.text

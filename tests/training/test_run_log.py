"""The log of a run, also of one that was stopped and continued."""

import logging

from speechbrain.utils.train_logger import FileTrainLogger, TensorboardLogger

from lgc_plugin.report.page.train_log import read_train_log
from lgc_plugin.training.run_log import log_epoch
from lgc_plugin.training.selection import BY_EVENTS, LAST_EPOCH

F1 = "intersection_f1_macro"


def log(folder, epoch, train_stats, selection=BY_EVENTS):
    valid_stats = {f"student_{F1}": 0.25, f"teacher_{F1}": 0.5}
    log_epoch(
        {"epoch": epoch, "lr": 0.1},
        train_stats,
        valid_stats if selection.metrics else {},
        FileTrainLogger(folder / "train_log.txt"),
        TensorboardLogger(folder / "tensorboard"),
        selection,
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


def test_an_epoch_without_validation_clips_is_read_back(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    log(tmp_path, 1, {"loss": 1.0}, LAST_EPOCH)
    assert caplog.messages[-1] == "Epoch 1: training loss 1.000"
    read = read_train_log(tmp_path / "train_log.txt")
    assert read["train"]["loss"].values == [1.0] and not read["valid"]

import random

import numpy as np
import pytest
import torch
from speechbrain.utils.checkpoints import (
    mark_as_loader,
    mark_as_saver,
    register_checkpoint_hooks,
)

from lgc_plugin.training.checkpoints import AtomicCheckpointer
from lgc_plugin.training.process_state import RandomState


@register_checkpoint_hooks
class DiesWhileSaving:
    def __init__(self):
        self.dies = False

    @mark_as_saver
    def save(self, path):
        if self.dies:
            raise KeyboardInterrupt
        path.write_text("whole")

    @mark_as_loader
    def load(self, path, end_of_epoch):
        assert path.read_text() == "whole"


def test_a_kill_while_saving_leaves_the_last_checkpoint(tmp_path):
    layer, bomb = torch.nn.Linear(1, 1), DiesWhileSaving()
    recoverables = {"layer": layer, "bomb": bomb}
    checkpointer = AtomicCheckpointer(tmp_path, recoverables=recoverables)
    layer.weight.data.fill_(1.0)
    checkpointer.save_checkpoint(meta={"epoch": 1})
    layer.weight.data.fill_(2.0)
    bomb.dies = True
    with pytest.raises(KeyboardInterrupt):
        checkpointer.save_checkpoint(meta={"epoch": 2})
    found = checkpointer.recover_if_possible()
    assert found.meta["epoch"] == 1 and layer.weight.item() == 1.0
    assert [path.name for path in tmp_path.iterdir()] == [found.path.name]


def test_best_and_newest_are_kept(tmp_path):
    layer = torch.nn.Linear(1, 1)
    checkpointer = AtomicCheckpointer(tmp_path, recoverables={"layer": layer})
    for epoch, score in enumerate([0.5, 0.9, float("nan"), 0.1]):
        checkpointer.save_and_keep_only(
            meta={"epoch": epoch, "f1": score},
            max_keys=["f1"],
            importance_keys=[],
        )
    kept = checkpointer.list_checkpoints()
    assert sorted(found.meta["epoch"] for found in kept) == [1, 3]
    assert checkpointer.find_checkpoint(max_key="f1").meta["epoch"] == 1


def test_a_name_can_be_saved_again(tmp_path):
    layer = torch.nn.Linear(1, 1)
    checkpointer = AtomicCheckpointer(tmp_path, recoverables={"layer": layer})
    for value in (1.0, 2.0):
        layer.weight.data.fill_(value)
        checkpointer.save_checkpoint(name="same")
    layer.weight.data.zero_()
    checkpointer.recover_if_possible()
    assert layer.weight.item() == 2.0
    assert len(list(tmp_path.iterdir())) == 1


def test_random_state_survives(tmp_path):
    file, state = tmp_path / "random.ckpt", RandomState()

    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item()

    np.random.standard_normal()  # leaves a second draw cached
    state.save(file)
    expected = [draw() for _ in range(3)], np.random.standard_normal()
    state.load(file, end_of_epoch=True)
    assert ([draw() for _ in range(3)], np.random.standard_normal()) == expected

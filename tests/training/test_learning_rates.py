"""Each layer of an encoder has a rate of its own; all follow the ramp."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from lgc_plugin.models.encoders import put_in_loop
from lgc_plugin.models.mean_teacher import MeanTeacher
from lgc_plugin.training.learning_rates import learning_rates
from tiny_encoder import LayeredEncoder

HPARAMS = SimpleNamespace(lr=0.1, encoder_lr=0.01, encoder_lr_decay=0.5)


def modules_with(encoder, trained):
    network = put_in_loop(nn.Linear(6, 2), encoder, True, trained)
    return nn.ModuleDict({"model": network, "teacher": MeanTeacher(network)})


@pytest.mark.parametrize("fused", [False, True])
def test_rates_decay_from_the_last_layer_to_the_first(fused):
    encoder = LayeredEncoder(n_layers=4)
    modules = modules_with(encoder, 3)
    rates = learning_rates(modules, HPARAMS)
    optimizer = rates.optimizer(lambda g: torch.optim.SGD(g, 1.0, fused=fused))
    rates.follow(optimizer, torch.tensor(0.25, dtype=torch.float64))
    blocks = encoder.blocks
    parts = [
        ([modules["model"].weight, modules["model"].bias], 0.1),
        (list(blocks[3].parameters()), 0.01),
        (list(blocks[2].parameters()), 0.005),
        (list(blocks[1].parameters()), 0.0025),
    ]
    assert len(optimizer.param_groups) == len(parts)
    groups = optimizer.param_groups
    for group, (parameters, rate) in zip(groups, parts, strict=True):
        assert group["params"] == parameters
        assert float(group["lr"]) == pytest.approx(rate / 4)
        assert isinstance(group["lr"], torch.Tensor) == fused


@pytest.mark.parametrize("trained", [None, 0])
def test_without_trained_layers_there_is_one_group(trained):
    modules = nn.ModuleDict(
        {"model": nn.Linear(6, 2), "other": nn.Linear(1, 1)}
    )
    if trained is not None:
        put_in_loop(modules["model"], LayeredEncoder(), True, trained)
    rates = learning_rates(modules, SimpleNamespace(lr=0.1))
    assert rates.rates == [0.1]
    assert rates.groups == [list(modules.parameters())]

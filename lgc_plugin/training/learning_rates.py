"""Learning rates: one for the network, smaller ones for an encoder's layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lgc_plugin.models.encoders import EncoderInLoop


class LearningRates(NamedTuple):
    """Groups of parameters, and the learning rate of each in the end.

    >>> rates = LearningRates([[nn.Parameter(torch.zeros(1))]], [0.1])
    >>> optimizer = rates.optimizer(torch.optim.SGD)
    >>> rates.follow(optimizer, torch.tensor(0.5).double())
    >>> optimizer.param_groups[0]["lr"]
    0.05
    """

    groups: Sequence[Sequence[nn.Parameter]]
    rates: Sequence[float]

    def optimizer(
        self, opt_class: Callable[[Iterable[Any]], torch.optim.Optimizer]
    ) -> torch.optim.Optimizer:
        """An optimizer of these groups."""
        return opt_class([{"params": list(group)} for group in self.groups])

    def follow(self, optimizer: torch.optim.Optimizer, ramp: Tensor) -> None:
        """Sets each rate to its share at a point of the ramp."""
        for group, rate in zip(optimizer.param_groups, self.rates, strict=True):
            lr = rate * ramp
            # A fused optimizer reads it on the device, others on the host.
            group["lr"] = lr.float() if group.get("fused") else float(lr)


def learning_rates(modules: nn.Module, hparams: Any) -> LearningRates:
    """The rates of what learns: layers of an encoder apart from all else.

    ``hparams.lr`` is that of the network. The last layer of an encoder in the
    loop has ``hparams.encoder_lr``, and each one before it that of the next
    times ``hparams.encoder_lr_decay``: layers near the waveform, which fit any
    sound, should change least.
    """
    groups, rates = [], []
    encoders = [m for m in modules.modules() if isinstance(m, EncoderInLoop)]
    for encoder in encoders:
        for depth, layer in enumerate(reversed(encoder.layers)):
            learning = [p for p in layer.parameters() if p.requires_grad]
            if learning:  # those of the teacher are averages
                groups.append(learning)
                rates.append(
                    hparams.encoder_lr * hparams.encoder_lr_decay**depth
                )
    apart = {id(p) for group in groups for p in group}
    rest = [
        p
        for p in modules.parameters()
        if p.requires_grad and id(p) not in apart
    ]
    return LearningRates([rest, *groups], [hparams.lr, *rates])

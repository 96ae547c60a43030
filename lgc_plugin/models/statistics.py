"""Batch statistics that a bad batch must not spoil."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class StatisticsGuard:
    """Restores the networks' buffers when a step did not happen.

    A NaN in a batch stays in running statistics for good. The good ones are
    kept on the device, and the host does not wait.

    >>> norm = nn.BatchNorm1d(1)
    >>> guard = StatisticsGuard(norm)
    >>> _ = norm(torch.tensor([[1.0], [torch.nan]]))
    >>> guard.settle(torch.tensor(False))
    >>> norm.running_mean
    tensor([0.])
    """

    def __init__(self, *networks: nn.Module) -> None:
        self._groups: dict[torch.dtype, list[Tensor]] = {}
        for network in networks:
            for buffer in network.buffers():
                self._groups.setdefault(buffer.dtype, []).append(buffer)
        self._good = {kind: _flat(b) for kind, b in self._groups.items()}

    @torch.no_grad()
    def settle(self, step_taken: Tensor) -> None:
        """Keeps the statistics of a step that happened, or restores the last.

        ``step_taken`` is a scalar bool on the device of the networks.
        """
        for kind, buffers in self._groups.items():
            # One piece of memory per type: three operations, however many
            # layers there are.
            good = torch.where(step_taken, _flat(buffers), self._good[kind])
            self._good[kind] = good
            parts = good.split([buffer.numel() for buffer in buffers])
            pairs = zip(parts, buffers, strict=True)
            torch._foreach_copy_(buffers, [p.view_as(b) for p, b in pairs])


def _flat(buffers: Sequence[Tensor]) -> Tensor:
    return torch.cat([buffer.flatten() for buffer in buffers])

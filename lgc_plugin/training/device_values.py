"""Numbers of a training step that the host reads without stopping it."""

from __future__ import annotations

import torch
from torch import Tensor

from lgc_plugin.utils.distributed import broadcast_object, gather_object


class MeanMeter:
    """Means of named scalars over many steps, kept on their device.

    A value that is infinite or NaN is left out.

    Example
    -------
    >>> means = MeanMeter()
    >>> means.add(loss=torch.tensor(1.0), anchors=torch.tensor(3))
    >>> means.add(loss=torch.tensor(2.0), anchors=torch.tensor(float("nan")))
    >>> means.read()
    {'loss': 1.5, 'anchors': 3.0}
    """

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._sums: Tensor | None = None

    def add(self, **values: Tensor) -> None:
        """Adds a scalar for each name; the names are always the same."""
        row = torch.stack([v.detach().double() for v in values.values()])
        finite = row.isfinite()
        step = torch.stack([row.where(finite, 0.0), finite.double()])
        self._names = tuple(values)
        self._sums = step if self._sums is None else self._sums + step

    def read(self) -> dict[str, float]:
        """The means over all steps of all processes; waits for the device.

        NaN where no value was finite; empty if nothing was added.
        """
        mine = None if self._sums is None else (self._names, self._sums.cpu())
        means: dict[str, float] = {}
        # A process may have had no batch, and so no names.
        parts = [part for part in gather_object(mine) or [] if part]
        if parts:
            sums, counts = torch.stack([values for _, values in parts]).sum(0)
            values = (sums / counts).tolist()
            means = dict(zip(parts[0][0], values, strict=True))
        return broadcast_object(means)


class AsyncScalar:
    """The latest value of a device scalar that has reached the host.

    On a GPU a value arrives some steps late, since the host does not wait
    for it; on the CPU at once.

    >>> skipped = AsyncScalar(0.0)
    >>> skipped.offer(torch.tensor(2.0))
    2.0
    """

    def __init__(self, start: float = 0.0) -> None:
        self.value = start
        self._copy: Tensor | None = None
        self._arrived: torch.cuda.Event | None = None

    def offer(self, scalar: Tensor) -> float:
        """Starts a copy to the host unless one runs; returns the latest."""
        if scalar.device.type != "cuda":
            self.value = float(scalar.detach())
            return self.value
        arrived = self._arrived is not None and self._arrived.query()
        if arrived and self._copy is not None:
            self.value = float(self._copy)
            self._arrived = None
        if self._arrived is None:
            if self._copy is None:
                self._copy = torch.empty((), pin_memory=True)
            self._copy.copy_(scalar.detach(), non_blocking=True)
            self._arrived = torch.cuda.Event()
            self._arrived.record()
        return self.value

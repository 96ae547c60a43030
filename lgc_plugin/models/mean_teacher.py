"""The teacher: an average of the student's past."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class MeanTeacher(nn.Module):
    """Exponential moving average of a student's parameters.

    After the n-th optimizer step (n = 0, 1, ...) each teacher parameter
    becomes ``a * teacher + (1 - a) * student`` with
    ``a = min(1 - 1 / (n + 1), decay)``: a plain average of the first states,
    then an exponential one (Tarvainen and Valpola, NeurIPS 2017).

    The average of parameters in half precision is kept in float32, as 0.999
    is 1 in bfloat16; the teacher's network has it rounded. The number of steps
    is counted on the teacher's device, so that a step
    that only the device knows to have been skipped is not counted either.

    Called, it runs the teacher's network without gradient. It follows
    ``train()`` and ``eval()`` like any module: in training mode its own batch
    statistics and dropout are at work.

    Arguments
    ---------
    student : nn.Module
        Copied, not kept.
    decay : float
        The largest weight of the past, in [0, 1).

    Raises
    ------
    ValueError
        If the decay is outside [0, 1).

    Example
    -------
    >>> student = nn.Linear(2, 1, bias=False)
    >>> teacher = MeanTeacher(student, decay=0.9)
    >>> _ = nn.init.ones_(student.weight)
    >>> teacher.update(student)
    >>> teacher.network.weight.tolist()
    [[1.0, 1.0]]
    >>> teacher(torch.ones(1, 2)).requires_grad
    False

    In a training loop of PyTorch, with any loss and optimizer:

    >>> student = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    >>> teacher = MeanTeacher(student)
    >>> optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    >>> for batch in torch.rand(3, 4, 2):
    ...     noisy = batch + 0.1 * torch.randn(batch.shape)
    ...     (student(noisy) - teacher(batch)).square().mean().backward()
    ...     optimizer.step()
    ...     optimizer.zero_grad()
    ...     teacher.update(student)
    >>> teacher.step
    3
    """

    steps: Tensor

    def __init__(self, student: nn.Module, decay: float = 0.999) -> None:
        super().__init__()
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"decay must be in [0, 1), got {decay}")
        self.decay = decay
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.network = _copied(student).requires_grad_(False)
        self._keep(list(self.network.parameters()))

    @torch.no_grad()
    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Runs the teacher's network without gradient."""
        return self.network(*inputs, **options)

    @property
    def step(self) -> int:
        """Steps followed so far; waits for the device, so not for training."""
        return int(self.steps)

    @torch.no_grad()
    def update(
        self,
        student: nn.Module,
        *,
        step_taken: Tensor | None = None,
        copy_buffers: bool = False,
    ) -> None:
        """Moves the teacher towards the student, all parameters at once.

        Arguments
        ---------
        student : nn.Module
            The network that the optimizer has just moved, of the teacher's
            architecture.
        step_taken : Tensor, optional
            Scalar bool on the teacher's device: whether the optimizer really
            moved it. None means that it did.
        copy_buffers : bool
            Whether the batch statistics are copied too: a teacher that is
            never run in training mode gathers none of its own.
        """
        if step_taken is None:
            step_taken = torch.ones_like(self.steps, dtype=torch.bool)
        rate = 1.0 / (self.steps.double() + 1.0)
        rate = rate.clamp_min(1.0 - self.decay) * step_taken
        averages = self._averages()
        pairs = list(zip(averages, self._matching(student), strict=True))
        for dtype in {average.dtype for average in averages}:
            mine = [a for a, _ in pairs if a.dtype == dtype]
            theirs = [p.to(dtype) for a, p in pairs if a.dtype == dtype]
            # Not "mine + rate * difference", which is inexact at a rate of 1.
            parts = torch._foreach_mul(theirs, rate.to(dtype))
            torch._foreach_mul_(mine, (1.0 - rate).to(dtype))
            torch._foreach_add_(mine, list(parts))
        self._round()
        if copy_buffers:
            for old, new in zip(
                self.network.buffers(), student.buffers(), strict=True
            ):
                old.copy_(torch.where(step_taken, new, old))
        self.steps += step_taken

    @torch.no_grad()
    def restart(self, student: nn.Module) -> None:
        """Copies parameters and buffers: weights were loaded in between."""
        mine = (*self._averages(), *self.network.buffers())
        theirs = (*self._matching(student), *student.buffers())
        for old, new in zip(mine, theirs, strict=True):
            old.copy_(new)
        self._round()

    @contextmanager
    def evaluating(self) -> Iterator[MeanTeacher]:
        """The teacher in evaluation mode for the length of a block.

        Example
        -------
        >>> teacher = MeanTeacher(nn.Dropout(0.5)).train()
        >>> with teacher.evaluating():
        ...     teacher.network.training
        False
        >>> teacher.network.training
        True
        """
        was_training = self.training
        self.eval()
        try:
            yield self
        finally:
            self.train(was_training)

    def _averages(self) -> list[Tensor]:
        """What is averaged: parameters, or the float32 average of them."""
        kept = self._buffers
        return [
            kept.get(f"average_{n}", p)  # type: ignore[misc]
            for n, p in enumerate(self.network.parameters())
        ]

    def _keep(self, averages: list[Tensor]) -> None:
        """Keeps the averages of parameters in half precision."""
        for number, parameter in enumerate(self.network.parameters()):
            name, average = f"average_{number}", averages[number]
            if parameter.is_floating_point() and parameter.itemsize < 4:
                kept = average.to(parameter.device, torch.float32, copy=True)
                self.register_buffer(name, kept.detach())
            elif self._buffers.pop(name, None) is not None:
                parameter.data.copy_(average)

    def _round(self) -> None:
        """Gives the network's parameters the averages kept apart."""
        for old, new in zip(
            self.network.parameters(), self._averages(), strict=True
        ):
            if old is not new:
                old.copy_(new)

    def _matching(self, student: nn.Module) -> list[nn.Parameter]:
        """The student's parameters, if they are those of the teacher."""
        theirs = list(student.parameters())
        mine = list(self.network.parameters())
        if [p.shape for p in mine] != [p.shape for p in theirs]:
            raise ValueError(
                f"the student has {len(theirs)} parameters of other shapes "
                f"than the teacher's {len(mine)}: the teacher is a copy, so "
                "change the student (adapters, a new head) before it is made"
            )
        return theirs

    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> MeanTeacher:
        """Moves or casts the network; averages are never cast down."""
        before = [average.detach() for average in self._averages()]
        super()._apply(fn, recurse)
        self._keep(before)
        return self


def _copied(student: nn.Module) -> nn.Module:
    """A copy, or an error that explains why there is none."""
    try:
        return copy.deepcopy(student)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"the teacher is a copy of the student, and this one cannot be "
            f"copied ({error}): if it uses weight_norm, take "
            "torch.nn.utils.parametrizations.weight_norm; do not keep computed "
            "tensors as attributes"
        ) from error

"""The teacher: an average of the student's past."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class MeanTeacher(nn.Module):
    """Exponential moving average of a student's parameters.

    After the n-th optimizer step (n = 0, 1, ...) each teacher parameter
    becomes ``a * teacher + (1 - a) * student`` with
    ``a = min(1 - 1 / (n + 1), decay)``: a plain average of the first states,
    then an exponential one (Tarvainen and Valpola, NeurIPS 2017).

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
    """

    def __init__(self, student: nn.Module, decay: float = 0.999) -> None:
        super().__init__()
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"decay must be in [0, 1), got {decay}")
        self.decay = decay
        self.step = 0
        self.network = copy.deepcopy(student).requires_grad_(False)

    @torch.no_grad()
    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Runs the teacher's network without gradient."""
        return self.network(*inputs, **options)

    @torch.no_grad()
    def update(self, student: nn.Module, *, copy_buffers: bool = False) -> None:
        """Moves the teacher towards the student; one fused operation.

        Arguments
        ---------
        student : nn.Module
            The network that the optimizer has just moved, of the teacher's
            architecture.
        copy_buffers : bool
            Whether the batch statistics are copied too: a teacher that is
            never run in training mode gathers none of its own.
        """
        decay = min(1.0 - 1.0 / (self.step + 1), self.decay)
        torch._foreach_lerp_(
            list(self.network.parameters()),
            list(student.parameters()),
            1.0 - decay,
        )
        if copy_buffers:
            pairs = zip(self.network.buffers(), student.buffers(), strict=True)
            for mine, theirs in pairs:
                mine.copy_(theirs)
        self.step += 1

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

    def get_extra_state(self) -> dict[str, int]:
        """The step, a host number (a buffer would cost a device sync)."""
        return {"step": self.step}

    def set_extra_state(self, state: dict[str, int]) -> None:
        """Restores the step from a checkpoint."""
        self.step = int(state["step"])

"""What a consistency term is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from torch import Tensor

from lgc_plugin.distributed import mean_over_processes, process_count
from lgc_plugin.types import SEDOutput


class TermInputs(NamedTuple):
    """One training batch, as student and teacher heard it.

    Arguments
    ---------
    run : Callable
        The student: (B', F, T) features before they are normalised, and
        (B', T') bool or None, to an :class:`~lgc_plugin.types.SEDOutput`.
        Each call augments the features by a draw of its own.
    features : Tensor
        (B, F, T) features of the batch, not normalised, not augmented.
    student : SEDOutput
        What the student says of the batch.
    target : SEDOutput
        What the teacher says of it, without gradient.
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`.
    valid : Tensor or None
        (B, T') bool, False on padding; None when no clip is padded.
    pooling : int
        Steps of the features per output frame.
    n_unlabelled : int or None
        Clips of kind ``NONE``, where the host knows their number: to ask the
        device would stop the training step.
    """

    run: Callable[[Tensor, Tensor | None], SEDOutput]
    features: Tensor
    student: SEDOutput
    target: SEDOutput
    label_kind: Tensor
    valid: Tensor | None
    pooling: int
    n_unlabelled: int | None = None


class ConsistencyTerm(Protocol):
    """A term of the loss that ramps up, such as ICT and SCT.

    Any object with a weight that can be called so; with a weight of 0 it is
    not called. It may run the student again, never the teacher.
    """

    weight: float

    def __call__(self, given: TermInputs) -> Tensor:
        """The term, a scalar, before ramp and weight."""


def check_weight(weight: float) -> float:
    """The weight of a term, if it can be one.

    Arguments
    ---------
    weight : float
        At least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is negative.

    Example
    -------
    >>> check_weight(2.0)
    2.0
    """
    if weight < 0:
        raise ValueError(f"a term's weight must be at least 0, got {weight}")
    return weight


def pool_count() -> Callable[[Tensor], Tensor] | None:
    """How the means of several processes become one; None for one process.

    Example
    -------
    >>> pool_count() is None
    True
    """
    return mean_over_processes if process_count() > 1 else None

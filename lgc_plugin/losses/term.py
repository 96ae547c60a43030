"""What a consistency term is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from torch import Tensor

from lgc_plugin.augment.versions import Versions
from lgc_plugin.types import SEDOutput
from lgc_plugin.utils.distributed import all_reduce_mean, get_world_size


class VersionPredictions(NamedTuple):
    """What the student says of the other versions of a batch.

    Arguments
    ---------
    mixed, changed : SEDOutput
        Of the mixtures, and of the changed clips.
    plan : Versions
        How they were made.
    """

    mixed: SEDOutput
    changed: SEDOutput
    plan: Versions


class TermInputs(NamedTuple):
    """One training batch, as student and teacher heard it.

    Arguments
    ---------
    run : Callable
        The student: (B', F, T) features before they are normalized, and
        (B', T') bool or None, to an :class:`~lgc_plugin.types.SEDOutput`.
        Each call augments the features by a draw of its own.
    features : Tensor
        (B, F, T) features of the batch, not normalized, not augmented.
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
    n_unlabeled : int or None
        Clips of kind ``NONE``, where the host knows their number: to ask the
        device would stop the training step.
    heard : VersionPredictions or None
        The batch in other versions, if there are any.
    """

    run: Callable[[Tensor, Tensor | None], SEDOutput]
    features: Tensor
    student: SEDOutput
    target: SEDOutput
    label_kind: Tensor
    valid: Tensor | None
    pooling: int
    n_unlabeled: int | None = None
    heard: VersionPredictions | None = None

    def split(self, plan: Versions) -> TermInputs:
        """Of a batch of three versions, the clips as they are.

        Arguments
        ---------
        plan : Versions
            How the versions were made.

        Returns
        -------
        TermInputs
            Of B instead of 3 B clips, with the rest in ``heard``.
        """
        n_clips = plan.n_clips
        clips, mixed, changed = (
            SEDOutput(*(part[first : first + n_clips] for part in self.student))
            for first in (0, n_clips, 2 * n_clips)
        )
        return self._replace(
            features=self.features[:n_clips],
            student=clips,
            target=SEDOutput(*(part[:n_clips] for part in self.target)),
            label_kind=self.label_kind[:n_clips],
            valid=None if self.valid is None else self.valid[:n_clips],
            heard=VersionPredictions(mixed, changed, plan),
        )


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
    return all_reduce_mean if get_world_size() > 1 else None

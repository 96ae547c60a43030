"""What a consistency term takes, and what LGC gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from torch import Tensor

from lgc_plugin.types import SEDBatch, SEDOutput
from lgc_plugin.utils.distributed import all_reduce_mean, get_world_size

Forward = Callable[[SEDBatch], SEDOutput]
"""Runs the student on a batch, augmented by a draw of its own."""


class ConsistencyTerm(Protocol):
    """A term of the loss that ramps up, such as ICT, SCT and RCT.

    Any object with a weight that can be called so; with a weight of 0 it is
    not called.
    """

    weight: float

    def __call__(
        self,
        student: SEDOutput,
        teacher: SEDOutput,
        batch: SEDBatch,
        forward: Forward,
    ) -> Tensor:
        """The term, a scalar, before ramp and weight.

        Arguments
        ---------
        student : SEDOutput
            What the student predicts for the batch.
        teacher : SEDOutput
            What the teacher predicts for it, without gradient.
        batch : SEDBatch
            Not augmented apart, not normalized; all versions of the clips:
            ``batch.originals`` are the clips as they are.
        forward : Callable
            Runs the student on another batch.
        """


class OwnTerms(NamedTuple):
    """The terms of LGC itself, scalars on the batch's device.

    ``total`` is weighted; L_MT, L_CLC and L_PGC are not. ``n_anchors`` is the
    number of frames that the contrast was computed on.
    """

    total: Tensor
    mean_teacher: Tensor
    cutmix: Tensor
    contrast: Tensor
    n_anchors: Tensor


class LGCTerms(OwnTerms):
    """The consistency terms of one batch, scalars on the batch's device.

    As a tuple it is :class:`OwnTerms`, whatever further terms are at work;
    these are in ``others``, by name, unweighted, and part of ``total``.

    Example
    -------
    >>> terms = LGCTerms(3.0, 1.0, 0.0, 0.0, 0, others={"ict": 2.0})
    >>> len(terms), terms._replace(total=4.0).others
    (5, {'ict': 2.0})
    """

    others: Mapping[str, Tensor]

    def __new__(
        cls, *own: Tensor, others: Mapping[str, Tensor] | None = None
    ) -> LGCTerms:
        """A tuple of LGC's own terms, that also holds the others."""
        terms = super().__new__(cls, *own)
        terms.others = others or {}
        return terms

    def _replace(self, **changes: Tensor) -> LGCTerms:
        return LGCTerms(*super()._replace(**changes), others=self.others)

    def detach(self) -> LGCTerms:
        """The same numbers, without what they were computed from."""
        others = {name: term.detach() for name, term in self.others.items()}
        return LGCTerms(*(term.detach() for term in self), others=others)

    def scalars(self) -> dict[str, Tensor]:
        """All of them by name, the further terms last."""
        return {**self._asdict(), **self.others}


def check_weight(weight: float) -> float:
    """The weight of a term; ValueError if it is negative."""
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

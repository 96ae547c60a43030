"""What LGC takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor


class OwnTerms(NamedTuple):
    """The terms of LGC itself, scalars on the batch's device.

    Arguments
    ---------
    total : Tensor
        What to add to the supervised loss, weights included.
    mean_teacher : Tensor
        L_MT, unweighted.
    cutmix : Tensor
        L_CLC, unweighted.
    contrast : Tensor
        L_PGC, unweighted.
    n_anchors : Tensor
        Frames that the contrast was computed on.
    """

    total: Tensor
    mean_teacher: Tensor
    cutmix: Tensor
    contrast: Tensor
    n_anchors: Tensor


class LGCTerms(OwnTerms):
    """The consistency terms of one batch, scalars on the batch's device.

    As a tuple it is :class:`OwnTerms`, whatever further terms are at work.

    Arguments
    ---------
    *own : Tensor
        See :class:`OwnTerms`; ``total`` includes the others.
    others : Mapping[str, Tensor], optional
        The further terms at work, by name, unweighted.

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

    def scalars(self) -> dict[str, Tensor]:
        """All of them by name, the further terms last.

        Example
        -------
        >>> terms = LGCTerms(3.0, 1.0, 0.0, 0.0, 0, others={"ict": 2.0})
        >>> ", ".join(terms.scalars())
        'total, mean_teacher, cutmix, contrast, n_anchors, ict'
        """
        return {**self._asdict(), **self.others}


class TrainingClips(NamedTuple):
    """Clips as the prototypes are initialized from them.

    Arguments
    ---------
    features : Tensor
        (B, F, T) features before ``normalize``.
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`.
    frame_labels : Tensor, optional
        (B, C, T'), read where the kind is strong.
    valid : Tensor, optional
        (B, T') bool, False on padding.
    """

    features: Tensor
    label_kind: Tensor
    frame_labels: Tensor | None = None
    valid: Tensor | None = None

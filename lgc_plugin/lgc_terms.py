"""What LGC takes and gives."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class LGCTerms(NamedTuple):
    """The consistency terms of one batch, scalars on the batch's device.

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


class TrainingClips(NamedTuple):
    """Clips as the prototypes are born from them.

    Arguments
    ---------
    features : Tensor
        (B, F, T) features before ``normalise``.
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

"""SpeechBrain's own augmentations as views for student and teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from speechbrain.augment.augmenter import Augmenter


class AugmenterViews:
    """Makes views of features by a SpeechBrain ``Augmenter``.

    For ``LGC(augment=...)``, in the place of
    :class:`~lgc_plugin.augment.views.Views`: student and teacher each hear a
    draw of their own. It should change features without moving events, as
    ``SpectrogramDrop`` does, and keep the batch as it is:
    ``concat_original``, ``parallel_augment`` and ``repeat_augment`` would
    hand back more clips than labels.

    In each call an ``Augmenter`` reads numbers from the device; this package's
    own views do not.

    Arguments
    ---------
    augmenter : Augmenter
        Called with (B, T, F) features and relative lengths.

    Example
    -------
    >>> from speechbrain.augment.augmenter import Augmenter
    >>> from speechbrain.augment.freq_domain import SpectrogramDrop
    >>> drop = SpectrogramDrop(drop_length_low=2, drop_length_high=3, dim=2)
    >>> view = AugmenterViews(Augmenter(augmentations=[drop]))
    >>> features = torch.ones(2, 8, 20)
    >>> dropped = view(features) == 0
    >>> tuple(dropped.shape), bool(dropped.any()), bool(dropped.all())
    ((2, 8, 20), True, False)
    """

    def __init__(self, augmenter: Augmenter) -> None:
        self.augmenter = augmenter

    def __call__(self, features: Tensor, valid: Tensor | None = None) -> Tensor:
        """One view of a batch.

        Arguments
        ---------
        features : Tensor
            (B, F, T).
        valid : Tensor, optional
            (B, T) bool, False on padding, which stays as it was.

        Returns
        -------
        Tensor
            Of the same shape.

        Raises
        ------
        ValueError
            If the augmenter hands back another number of clips or frames.
        """
        if valid is None:
            lengths = torch.ones(len(features), device=features.device)
        else:
            # Up to the last frame that holds sound; CutMix leaves holes.
            time = torch.arange(1, valid.shape[1] + 1, device=valid.device)
            lengths = (time * valid).amax(dim=1) / valid.shape[1]
        # Some augmentations write in place, or want their input in order.
        given = features.transpose(1, 2).clone(
            memory_format=torch.contiguous_format
        )
        changed, _ = self.augmenter(given, lengths)
        changed = changed.transpose(1, 2)
        if changed.shape != features.shape:
            raise ValueError(
                f"the augmenter made {tuple(changed.shape)} of features "
                f"{tuple(features.shape)}: leave out concat_original, "
                "parallel_augment, repeat_augment and whatever changes the "
                "length, because labels would no longer fit"
            )
        if valid is None:
            return changed
        return torch.where(valid.unsqueeze(1), changed, features)

"""SpeechBrain's own augmentations of features, as a step of a batch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from lgc_plugin.types import SEDBatch

if TYPE_CHECKING:
    from speechbrain.augment.augmenter import Augmenter


class SpeechBrainAugmenter:
    """Changes features by a SpeechBrain ``Augmenter``.

    It should change features without moving events, as ``SpectrogramDrop``
    does, and keep the batch as it is: ``concat_original``,
    ``parallel_augment`` and ``repeat_augment`` would make more clips than
    there are labels. In each call an ``Augmenter`` reads numbers from the
    device; this package's own steps do not.

    Arguments
    ---------
    augmenter : Augmenter
        Called with (B, T, F) features and relative lengths.

    Raises
    ------
    ValueError
        When called, if the augmenter gives another number of clips or frames.

    Example
    -------
    >>> from speechbrain.augment.augmenter import Augmenter
    >>> from speechbrain.augment.freq_domain import SpectrogramDrop
    >>> drop = SpectrogramDrop(drop_length_low=2, drop_length_high=3, dim=2)
    >>> augment = SpeechBrainAugmenter(Augmenter(augmentations=[drop]))
    >>> batch = SEDBatch(torch.tensor([0, 0]), torch.ones(2, 8, 20))
    >>> dropped = augment(batch).features == 0
    >>> tuple(dropped.shape), bool(dropped.any()), bool(dropped.all())
    ((2, 8, 20), True, False)
    """

    def __init__(self, augmenter: Augmenter) -> None:
        self.augmenter = augmenter

    def __call__(self, batch: SEDBatch) -> SEDBatch:
        """Changes the features; padding stays as it was."""
        features, mask = batch.features, batch.feature_mask
        lengths = batch.relative_lengths
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
        if mask is not None:
            changed = torch.where(mask.unsqueeze(1), changed, features)
        return replace(batch, features=changed)

"""Which clips meet in a batch."""

from __future__ import annotations

from collections.abc import Sequence

from speechbrain.dataio.sampler import (
    ConcatDatasetBatchSampler,
    ReproducibleRandomSampler,
)


class MixedBatchSampler(ConcatDatasetBatchSampler):
    """Fixed shares of several datasets, each reshuffled every epoch.

    SpeechBrain's sampler with its random samplers made here, each with a seed
    of its own: with one seed for all, datasets of equal length would always
    meet in the same pairs.

    Arguments
    ---------
    lengths : Sequence[int]
        Clips in each dataset, in the order of their concatenation.
    batch_sizes : Sequence[int]
        Clips of each dataset per batch.
    seed : int
        Together with the epoch it decides every draw.

    Example
    -------
    >>> sampler = MixedBatchSampler([4, 10], [1, 2], seed=0)
    >>> len(sampler)
    4
    >>> first = list(sampler)
    >>> sorted(batch[0] for batch in first)
    [0, 1, 2, 3]
    >>> sampler.set_epoch(1)
    >>> list(sampler) == first
    False
    """

    def __init__(
        self, lengths: Sequence[int], batch_sizes: Sequence[int], seed: int
    ) -> None:
        samplers = [
            ReproducibleRandomSampler(range(length), seed=1000003 * seed + i)
            for i, length in enumerate(lengths)
        ]
        super().__init__(samplers, list(batch_sizes))

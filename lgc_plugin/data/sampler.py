"""Which clips meet in a batch, and which process gets them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from speechbrain.dataio.sampler import (
    ConcatDatasetBatchSampler,
    ReproducibleRandomSampler,
)
from torch.utils.data import Sampler


class MixedBatchSampler(ConcatDatasetBatchSampler):
    """Fixed shares of several datasets, each reshuffled every epoch.

    SpeechBrain's sampler with its random samplers made here, each with a seed
    of its own: with one seed for all, datasets of equal length would always
    meet in the same pairs.

    Several processes draw the same batches, and each keeps its part of every
    share: what they hold together in a step is what one process would hold.

    Arguments
    ---------
    lengths : Sequence[int]
        Clips in each dataset, in the order of their concatenation.
    batch_sizes : Sequence[int]
        Clips of each dataset per batch, of all processes together.
    seed : int
        Together with the epoch it decides every draw.
    rank : int
        Which of the processes this is.
    world_size : int
        Number of processes; it divides every batch size.

    Raises
    ------
    ValueError
        If the processes cannot get equal parts.

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
        self,
        lengths: Sequence[int],
        batch_sizes: Sequence[int],
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        check_rank(rank, world_size)
        samplers = [
            ReproducibleRandomSampler(range(length), seed=1000003 * seed + i)
            for i, length in enumerate(lengths)
        ]
        super().__init__(samplers, list(batch_sizes))
        self.positions: list[int] = []
        first = 0
        for size in batch_sizes:
            part, rest = divmod(size, world_size)
            if rest:
                raise ValueError(
                    f"{size} clips of a batch cannot be shared equally by "
                    f"{world_size} processes"
                )
            start = first + rank * part
            self.positions += range(start, start + part)
            first += size

    def __iter__(self) -> Iterator[list[int]]:
        for batch in super().__iter__():
            yield [batch[position] for position in self.positions]


class OrderedBatchSampler(Sampler[list[int]]):
    """All clips in order, every ``world_size``-th batch for each process.

    Batches are the same for any number of processes, so that what is
    computed of each of them is, too. A process may have one batch less than
    another, or none. The clips ``alone`` make batches of their own.
    """

    def __init__(
        self,
        n_clips: int,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        alone: Collection[int] = (),
    ) -> None:
        check_rank(rank, world_size)
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: give 1 or more")
        self.batches: list[list[int]] = []
        has_room = False
        for clip in range(n_clips):
            if clip in alone or not has_room:
                self.batches.append([])
            self.batches[-1].append(clip)
            full = len(self.batches[-1]) == batch_size
            has_room = not full and clip not in alone
        self.batch_numbers = range(rank, len(self.batches), world_size)

    def __len__(self) -> int:
        return len(self.batch_numbers)

    def __iter__(self) -> Iterator[list[int]]:
        for number in self.batch_numbers:
            yield list(self.batches[number])


def check_rank(rank: int, world_size: int) -> None:
    """Raises an error unless a process can have this rank."""
    if not 0 <= rank < world_size:
        raise ValueError(
            f"rank is {rank} of world_size {world_size}: it counts the "
            "processes from 0"
        )

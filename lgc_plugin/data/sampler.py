"""Which clips meet in a batch, and which process gets them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import torch
from speechbrain.dataio.sampler import (
    ConcatDatasetBatchSampler,
    ReproducibleRandomSampler,
)
from torch.utils.data import Sampler


class MixedBatchSampler(ConcatDatasetBatchSampler):
    """Fixed shares of several datasets, each reshuffled every epoch.

    An epoch ends when a dataset has no full share left, or has as many batches
    as asked for: then each dataset is read again and again, reshuffled, even if
    it has fewer clips than its share.

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
    n_batches : int, optional
        Batches of an epoch; None: until a dataset has no full share left.
    groups : Sequence[Sequence[Sequence[int]] or None], optional
        For each dataset the clips of each class, which are then drawn equally
        often (:class:`BalancedSampler`); None draws all clips equally often.

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
        n_batches: int | None = None,
        groups: Sequence[Sequence[Sequence[int]] | None] | None = None,
    ) -> None:
        check_rank(rank, world_size)
        if n_batches is not None and n_batches < 1:
            raise ValueError(f"n_batches is {n_batches}: give 1 or more")
        self.n_batches = n_batches
        samplers: list[Sampler[int]] = []
        for i, length in enumerate(lengths):
            own_seed, of_dataset = 1000003 * seed + i, groups and groups[i]
            if of_dataset:
                samplers.append(BalancedSampler(length, of_dataset, own_seed))
            elif n_batches is not None:
                draws = batch_sizes[i], n_batches
                samplers.append(RepeatingSampler(length, *draws, own_seed))
            else:
                samplers.append(
                    ReproducibleRandomSampler(range(length), seed=own_seed)
                )
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

    def __len__(self) -> int:
        if self.n_batches is not None:
            return self.n_batches
        return int(super().__len__())

    def __iter__(self) -> Iterator[list[int]]:
        for batch in super().__iter__():
            yield [batch[position] for position in self.positions]


class _EpochSampler(Sampler[int]):
    """Draws clips without end; the epoch and the seed decide all of them."""

    def __init__(self, length: int, seed: int) -> None:
        self.length = length
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def set_epoch(self, epoch: int) -> None:
        """Which epoch is drawn next."""
        self.epoch = epoch


class RepeatingSampler(_EpochSampler):
    """One pass through the clips after the other, also across epochs.

    A share has no clip twice, unless there are fewer clips than that: then it
    has each of them equally often, and the rest as follows. Each pass is
    shuffled anew, and ends when no full share is left of it.

    >>> sampler = RepeatingSampler(5, share=2, n_shares=2, seed=0)
    >>> clips = list(sampler)
    >>> len(clips), len(set(clips))
    (4, 4)
    >>> sorted(RepeatingSampler(2, share=4, n_shares=1, seed=0))
    [0, 0, 1, 1]
    """

    def __init__(
        self, length: int, share: int, n_shares: int, seed: int
    ) -> None:
        super().__init__(length, seed)
        self.share = share
        self.n_shares = n_shares

    def __iter__(self) -> Iterator[int]:
        copies, rest = divmod(self.share, self.length)
        shares_of_pass = self.length // rest if rest else 1
        first, order, before = self.epoch * self.n_shares, [], -1
        for number in range(first, first + self.n_shares):
            yield from list(range(self.length)) * copies
            pass_number, part = divmod(number, shares_of_pass)
            if pass_number != before:
                order, before = self._shuffled(pass_number), pass_number
            yield from order[part * rest : (part + 1) * rest]

    def _shuffled(self, pass_number: int) -> list[int]:
        # Apart for each pass: the seeds of neighbors differ by 1.
        seed = (self.seed * 2654435761 + pass_number) % 2**63
        generator = torch.Generator().manual_seed(seed)
        return torch.randperm(self.length, generator=generator).tolist()


class BalancedSampler(_EpochSampler):
    """A clip of each class in turn, the classes in a new order every time.

    The clips of a class are reshuffled when all of them were drawn. A clip of
    several classes is drawn for each of them.

    Arguments
    ---------
    length : int
        Number of clips.
    groups : Sequence[Sequence[int]]
        The clips of each class; clips without any are a class, too.
    seed : int
        Together with the epoch it decides every draw.

    Example
    -------
    >>> from itertools import islice
    >>> sampler = BalancedSampler(100, [range(99), [99]], seed=0)
    >>> list(islice(sampler, 20)).count(99)
    10
    """

    def __init__(
        self, length: int, groups: Sequence[Sequence[int]], seed: int
    ) -> None:
        super().__init__(length, seed)
        self.groups = [list(group) for group in groups if group]

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)

        def shuffled(values: list[int]) -> list[int]:
            order = torch.randperm(len(values), generator=generator)
            return [values[i] for i in order.tolist()]

        left: list[list[int]] = [[] for _ in self.groups]
        while self.groups:
            for group in shuffled(list(range(len(self.groups)))):
                left[group] = left[group] or shuffled(self.groups[group])
                yield left[group].pop()


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

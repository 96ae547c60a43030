"""Frame embeddings of clips, computed once and kept for later trainings.

They are written to ``FOLDER/embeddings``, in files of up to 64 clips that
appear once they are whole: a process that is killed loses no more than one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from speechbrain.utils.distributed import (
    ddp_barrier,
    if_main_process,
    run_on_main,
    run_once_per_node,
)

from lgc_plugin.data.embedding_files import (
    NUMBER_BYTES,
    EmbeddingFiles,
    Embeddings,
    content_key,
)
from lgc_plugin.data.free_space import free_disk
from lgc_plugin.data.packed_clips import Clips
from lgc_plugin.models.encoders import FrameEncoder
from lgc_plugin.utils.distributed import get_rank, get_world_size
from lgc_plugin.utils.parallel import progress_bar

logger = logging.getLogger(__name__)

_SHARD_CLIPS = 64
# What goes through the encoder at once.
_BATCH_SECONDS = 80.0


class Clip(NamedTuple):
    """A clip of some set, by its number there."""

    key: str
    set_name: str
    number: int
    n_samples: int


Shard: TypeAlias = Sequence[Clip]
"""Clips whose embeddings are written to one file."""


@dataclass(frozen=True)
class EmbeddingPlan:
    """Which embeddings are wanted, and which of them are to be computed."""

    #: The key of each clip, by set
    keys: dict[str, list[str]]
    #: One clip of each key
    clips: list[Clip]
    #: What is missing
    shards: list[Shard]
    #: Its audio
    seconds: float
    #: Its size on disk
    n_bytes: int

    def __str__(self) -> str:
        missing = sum(map(len, self.shards))
        return (
            f"{len(self.clips) - missing} of {len(self.clips)} embeddings are "
            f"there; {missing}, of {self.seconds / 60:,.1f} min of audio, are "
            f"to be computed: {self.n_bytes / 1e9:.3f} GB"
        )


def cache_embeddings(
    clips: Mapping[str, Clips],
    encoder: FrameEncoder,
    folder: str | Path | None,
    *,
    n_samples: int | None = None,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> dict[str, Embeddings]:
    """Embeddings of the clips of some sets; what is missing is computed.

    Longer clips are cut to ``n_samples``. Of several processes each computes
    a share, on its device, and one of each further machine what that does not
    see on its disk.
    """
    if folder is None:
        raise ValueError(
            "embeddings are kept on disk, but there is no cache_folder: name "
            "one"
        )
    progress = progress and if_main_process()
    cache = EmbeddingCache(clips, encoder, folder, n_samples, device)
    plan = run_on_main(cache.plan, args=(progress,))
    start, rank, count = time.time(), get_rank(), get_world_size()
    cache.compute(plan.shards[rank::count], progress)
    if count > 1:
        ddp_barrier()
        run_once_per_node(cache.complete, args=(plan, progress))
    if plan.shards:
        speed = plan.seconds / max(time.time() - start, 1e-9)
        logger.info("embeddings: computed at %.0f times real time", speed)
    return cache.open(plan)


class EmbeddingCache:
    """The embeddings of some clips by one encoder."""

    def __init__(
        self,
        clips: Mapping[str, Clips],
        encoder: FrameEncoder,
        folder: str | Path,
        n_samples: int | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.clips = clips
        self.encoder = encoder.to(device)
        self.files = EmbeddingFiles(folder, encoder)
        self.n_samples = n_samples
        self.device = device

    def plan(self, progress: bool = True) -> EmbeddingPlan:
        """What is there and what is not; says how much that is.

        An OSError says that the disk has no room for it.
        """
        keys: dict[str, list[str]] = {}
        distinct: dict[str, Clip] = {}
        for name in self.clips:
            of_set = list(self._identify(name, progress))
            keys[name] = [clip.key for clip in of_set]
            for clip in of_set:
                distinct.setdefault(clip.key, clip)
        shards = self._missing(distinct.values())
        lengths = [clip.n_samples for shard in shards for clip in shard]
        plan = EmbeddingPlan(
            keys=keys,
            clips=list(distinct.values()),
            shards=shards,
            seconds=sum(lengths) / self.encoder.sample_rate,
            n_bytes=NUMBER_BYTES
            * self.encoder.size
            * sum(map(self.encoder.n_frames, lengths)),
        )
        logger.info("embeddings in %s: %s", self.files.folder, plan)
        self._check_disk(plan.n_bytes)
        return plan

    def compute(self, shards: Collection[Shard], progress: bool = True) -> None:
        """Writes the files of some clips."""
        with progress_bar(
            total=sum(map(len, shards)),
            desc="embeddings",
            unit="clip",
            shown=progress,
        ) as bar:
            for shard in shards:
                self.write(shard, bar.update)

    def write(
        self, shard: Shard, done: Callable[[int], object] = lambda _: None
    ) -> None:
        """Writes one file, unless another process has done so meanwhile.

        ``done`` is called with a number of clips.
        """
        keys = [clip.key for clip in shard]
        if self.files.holds(keys):
            done(len(shard))
        else:
            self.files.write(keys, self._embed(shard, done))

    def complete(self, plan: EmbeddingPlan, progress: bool = True) -> None:
        """Computes what is not seen on this machine, if anything."""
        self.compute(self._missing(plan.clips), progress)

    def open(self, plan: EmbeddingPlan) -> dict[str, Embeddings]:
        """The embeddings of all clips."""
        places = self.files.find((clip.key for clip in plan.clips), check=False)
        if len(places) < len(plan.clips):
            raise OSError(
                f"{self.files.folder}: files are gone, or not whole, although "
                "just written: does something else write to this folder?"
            )
        return {
            name: Embeddings(self.encoder.size, [places[key] for key in keys])
            for name, keys in plan.keys.items()
        }

    def _missing(self, clips: Iterable[Clip]) -> list[Shard]:
        """Clips without embeddings, in files to be written.

        They are sorted and cut into full files, so that what a killed process
        has not written makes the same files again, from the same batches.
        """
        by_key = {clip.key: clip for clip in clips}
        found = self.files.find(by_key, check=True)
        missing = [clip for clip in by_key.values() if clip.key not in found]
        missing.sort(key=lambda clip: clip.n_samples)  # for the batches
        return list(_pieces(missing, _SHARD_CLIPS))

    def _identify(self, name: str, progress: bool) -> Iterator[Clip]:
        """The clips of a set, with their keys."""
        numbers = range(len(self.clips[name]))

        def identify(number: int) -> Clip:
            samples = self._samples(name, number)
            return Clip(content_key(samples), name, number, len(samples))

        # Digests are computed, and files decoded, without Python's lock.
        with (
            ThreadPoolExecutor() as pool,
            progress_bar(
                pool.map(identify, numbers),
                total=len(numbers),
                desc=f"looking up {name}",
                unit="clip",
                shown=progress,
            ) as bar,
        ):
            yield from bar

    def _samples(self, name: str, number: int) -> np.ndarray:
        return self.clips[name][number][: self.n_samples]

    def _embed(
        self, shard: Shard, done: Callable[[int], object]
    ) -> Iterator[np.ndarray]:
        """Embeddings of clips, those of equal length in batches."""
        most = round(_BATCH_SECONDS * self.encoder.sample_rate)
        for length, clips in groupby(shard, lambda clip: clip.n_samples):
            for batch in _pieces(list(clips), max(1, most // max(1, length))):
                yield from self._embed_batch(batch, length)
                done(len(batch))

    def _embed_batch(self, batch: Shard, length: int) -> np.ndarray:
        wavs = np.zeros((len(batch), max(1, length)), np.int16)
        for row, clip in zip(wavs, batch, strict=True):
            samples = self._samples(clip.set_name, clip.number)
            if content_key(samples) != clip.key:
                raise OSError(
                    f"{_place(clip)} was changed while embeddings were "
                    "computed: start again"
                )
            row[:length] = samples
        embeddings = self.encoder.embed(
            torch.from_numpy(wavs).to(self.device), [length] * len(batch)
        )
        found = embeddings.cpu().numpy()
        for clip, numbers in zip(batch, found, strict=True):
            if np.isnan(numbers).any():
                raise ValueError(
                    f"{type(self.encoder).__name__} has no embeddings for "
                    f"{_place(clip)} (NaN): are its weights whole?"
                )
        return found

    def _check_disk(self, needed: int) -> None:
        free = free_disk(self.files.folder)
        if needed > free:
            raise OSError(
                f"embeddings need {needed / 1e9:.2f} GB in "
                f"{self.files.folder}, but {free / 1e9:.2f} GB is free there: "
                "set cache_folder to another disk, or make room"
            )


def _place(clip: Clip) -> str:
    return f"clip {clip.number + 1} of {clip.set_name}"


def _pieces(items: Sequence[Clip], size: int) -> Iterator[Shard]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

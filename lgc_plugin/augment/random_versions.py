"""Three versions of a batch: as it is, mixed, and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lgc_plugin.augment.hard_mixup import (
    HardMixupPlan,
    draw_hard_mixup,
    hard_mixup,
    join_members,
    mean_members,
)
from lgc_plugin.augment.samples import float_samples
from lgc_plugin.augment.wave_augment import (
    WAVE_CHANGES,
    WaveAugmentPlan,
    augment_embeddings,
    draw_wave_augment,
    wave_augment,
)
from lgc_plugin.augment.wave_roll import wave_roll
from lgc_plugin.types import SEDBatch


class VersionsPlan(NamedTuple):
    """How the clips of a batch are mixed, and how they are changed."""

    mixture: HardMixupPlan
    change: WaveAugmentPlan


class RandomVersions:
    """Adds two versions of each waveform to a batch.

    First their mixtures, in which sounds and labels add up, then the clips
    after one random change of the waveform for each kind of label
    (:mod:`lgc_plugin.augment.wave_augment`). Labels move along. The term that
    compares them is :class:`~lgc_plugin.losses.rct.RandomConsistency`.

    Embeddings that the batch brings along are those of output frames. Without
    their encoder, those of the versions are estimates: the mean over the
    clips of a mixture, shifted with a clip, 0 in holes, and unchanged by a
    pitch shift.

    Shao, Loweimi and Li, "RCT: Random Consistency Training for
    Semi-supervised Sound Event Detection", Interspeech 2022 (arXiv
    2110.11144).

    Arguments
    ---------
    active : float
        0: off. In a recipe, the weight of the term.
    sample_rate : int
        Samples per second.
    frame_samples : int
        Samples per output frame.
    max_partners : int
        Clips that are added to a clip, at most.
    changes : Sequence[str]
        Changes to draw from, of
        :data:`~lgc_plugin.augment.wave_augment.WAVE_CHANGES`.
    max_magnitude : int
        Largest magnitude of a change, from 1 to 9.
    excludes : Mapping[str, Any], optional
        Settings that must be 0 or false with it: another mixup, shift or mask
        would change the versions apart from each other.

    Raises
    ------
    ValueError
        If a setting is out of its range, or an excluded one is on.

    Example
    -------
    >>> batch = SEDBatch(
    ...     torch.tensor([2, 0]),
    ...     frame_labels=torch.zeros(2, 3, 4),
    ...     wavs=torch.zeros(2, 4096),
    ...     n_samples=torch.tensor([4096, 4096]),
    ...     kinds=(2, 0),
    ... )
    >>> versions = RandomVersions()(batch)
    >>> len(versions), versions.n_versions, len(versions.originals)
    (6, 3, 2)
    """

    def __init__(
        self,
        active: float = 1.0,
        sample_rate: int = 16000,
        frame_samples: int = 1024,
        max_partners: int = 2,
        changes: Sequence[str] = WAVE_CHANGES,
        max_magnitude: int = 5,
        excludes: Mapping[str, Any] | None = None,
    ) -> None:
        self.active = active
        self.sample_rate = sample_rate
        self.frame_samples = frame_samples
        self.max_partners = max_partners
        self.changes = tuple(changes)
        self.max_magnitude = max_magnitude
        on = {n: v for n, v in (excludes or {}).items() if v}
        if active and on:
            name, value = next(iter(on.items()))
            raise ValueError(
                f"rct_weight is {active} and {name} is {value}: random "
                "consistency has a mixup, a shift and a mask of its own, so "
                f"give --{name}={'false' if value is True else 0}"
            )
        # The draws' own checks, before a training begins; of no clip, so that
        # the random state stays.
        none = torch.zeros(0, dtype=torch.long)
        with torch.random.fork_rng(devices=[]):
            self._draw(SEDBatch(none, n_samples=none, kinds=()), 1)

    def __call__(self, batch: SEDBatch) -> SEDBatch:
        """The batch in three versions; nothing waits for the device."""
        if not self.active:
            return batch
        plan = self._draw(batch, batch.frame_labels.shape[-1])
        mixture, change = plan
        wavs = float_samples(batch.wavs)
        changed = wave_augment(
            *(wavs, change, batch.n_samples),
            *(self.sample_rate, self.frame_samples),
        )

        def joined(values: Tensor, changed: Tensor) -> Tensor:
            return torch.cat([values, join_members(values, mixture), changed])

        lengths = batch.wav_lengths
        if lengths is not None:  # only the device knows those of mixtures
            lengths = *lengths, *[wavs.shape[1]] * len(batch), *lengths
        embeddings = batch.embeddings
        if embeddings is not None:
            mixed = mean_members(embeddings, mixture)
            moved = augment_embeddings(embeddings, change, self.frame_samples)
            embeddings = torch.cat([embeddings, mixed, moved])
        frames, tags = batch.frame_labels, batch.clip_labels
        return replace(
            batch,
            wavs=torch.cat([wavs, hard_mixup(wavs, mixture), changed]),
            frame_labels=joined(frames, wave_roll(frames, change.roll)),
            clip_labels=None if tags is None else joined(tags, tags),
            # A mixture is as long as its longest member.
            n_samples=joined(batch.n_samples, batch.n_samples),
            wav_lengths=lengths,
            embeddings=embeddings,
            label_kind=batch.label_kind.repeat(3),
            n_versions=3,
            plan=plan,
        )

    def _draw(self, batch: SEDBatch, n_frames: int) -> VersionsPlan:
        change = draw_wave_augment(
            torch.tensor(batch.kinds, dtype=torch.long),
            batch.n_samples,
            self.frame_samples,
            n_frames,
            self.changes,
            self.max_magnitude,
        )
        mixture = draw_hard_mixup(batch.label_kind, self.max_partners)
        return VersionsPlan(mixture, change)

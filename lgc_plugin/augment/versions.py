"""Three versions of a batch: as it is, mixed, and changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lgc_plugin.augment.hard_mixup import (
    HardMixupPlan,
    draw_hard_mixup,
    hard_mixup,
    join_members,
)
from lgc_plugin.augment.samples import float_samples
from lgc_plugin.augment.wave_augment import (
    WAVE_CHANGES,
    WaveAugmentPlan,
    draw_wave_augment,
    wave_augment,
)
from lgc_plugin.augment.wave_roll import wave_roll


class Versions(NamedTuple):
    """How the clips of a batch are mixed, and how they are changed.

    Its methods make (3 B, ...) of (B, ...): the clips as they are, their
    mixtures, the changed clips.

    Arguments
    ---------
    mixture : HardMixupPlan
        Who is heard together.
    change : WaveAugmentPlan
        What happens to each clip.

    Example
    -------
    >>> kind = torch.tensor([2, 2])
    >>> n_samples = torch.tensor([4096, 4096])
    >>> plan = draw_versions(kind, kind, n_samples, 1024, 4, ["time_shift"])
    >>> labels = torch.tensor([[[1.0, 0, 0, 0]], [[0, 0, 0, 1.0]]])
    >>> frames = plan.frame_labels(labels)
    >>> tuple(frames.shape), frames[2].tolist()
    ((6, 1, 4), [[1.0, 0.0, 0.0, 1.0]])
    """

    mixture: HardMixupPlan
    change: WaveAugmentPlan

    @property
    def n_clips(self) -> int:
        """Clips of the batch as it was, B."""
        return self.mixture.members.shape[1]

    def wavs(
        self,
        wavs: Tensor,
        n_samples: Tensor,
        sample_rate: int,
        frame_samples: int,
    ) -> Tensor:
        """The sound of all versions.

        Arguments
        ---------
        wavs : Tensor
            (B, N) waveforms, silent on padding.
        n_samples : Tensor
            (B,) samples of each clip before padding.
        sample_rate : int
            Samples per second.
        frame_samples : int
            Samples per output frame.

        Returns
        -------
        Tensor
            (3 B, N), at least float32.
        """
        wavs = float_samples(wavs)
        changed = wave_augment(
            wavs, self.change, n_samples, sample_rate, frame_samples
        )
        return torch.cat([wavs, hard_mixup(wavs, self.mixture), changed])

    def frame_labels(self, labels: Tensor) -> Tensor:
        """Their frame labels: those of all members, those turned alike.

        Arguments
        ---------
        labels : Tensor
            (B, C, T').

        Returns
        -------
        Tensor
            (3 B, C, T')
        """
        turned = wave_roll(labels, self.change.roll)
        return torch.cat([labels, join_members(labels, self.mixture), turned])

    def joined(self, values: Tensor) -> Tensor:
        """Clip labels, or masks of valid frames, which no change moves.

        Arguments
        ---------
        values : Tensor
            (B, C) labels or (B, T') bool.

        Returns
        -------
        Tensor
            (3 B, ...)
        """
        return torch.cat([values, join_members(values, self.mixture), values])


def draw_versions(
    label_kind: Tensor,
    host_label_kind: Tensor,
    n_samples: Tensor,
    frame_samples: int,
    n_frames: int,
    changes: Sequence[str] = WAVE_CHANGES,
    max_magnitude: int = 5,
    max_partners: int = 2,
) -> Versions:
    """Draws both plans; nothing waits for the device.

    Arguments
    ---------
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`, on the device.
    host_label_kind : Tensor
        The same on the CPU, read before the batch moved.
    n_samples : Tensor
        (B,) samples of each clip before padding, on the device.
    frame_samples, n_frames, changes, max_magnitude
        See :func:`~lgc_plugin.augment.wave_augment.draw_wave_augment`.
    max_partners : int
        See :func:`~lgc_plugin.augment.hard_mixup.draw_hard_mixup`.

    Returns
    -------
    Versions

    Raises
    ------
    ValueError
        If a change is unknown or a number out of range.

    Example
    -------
    >>> kind, n_samples = torch.tensor([2, 1, 0]), torch.tensor([4096] * 3)
    >>> draw_versions(kind, kind, n_samples, 1024, 4).n_clips
    3
    """
    change = draw_wave_augment(
        host_label_kind,
        n_samples,
        frame_samples,
        n_frames,
        changes,
        max_magnitude,
    )
    return Versions(draw_hard_mixup(label_kind, max_partners), change)

"""RCT: mixed and changed clips have the events that they must have."""

from __future__ import annotations

from torch import Tensor

from lgc_plugin.augment.random_versions import VersionsPlan
from lgc_plugin.augment.wave_roll import wave_roll
from lgc_plugin.losses.self_consistency import self_consistency
from lgc_plugin.losses.term import Forward, check_weight, pool_count
from lgc_plugin.types import SEDBatch, SEDOutput


class RandomConsistency:
    """Random consistency training on a batch of three versions.

    It needs :class:`~lgc_plugin.augment.random_versions.RandomVersions` among
    the augmentations of waveforms. All three versions are learned from labels
    and from the teacher; this term is the student's agreement with itself
    across them, :func:`~lgc_plugin.losses.self_consistency.self_consistency`.

    Shao, Loweimi and Li, "RCT: Random Consistency Training for
    Semi-supervised Sound Event Detection", Interspeech 2022 (arXiv
    2110.11144).

    Arguments
    ---------
    weight : float
        Of the term, beside the ramp; 0 switches it off.
    thresholds : tuple[float, float]
        Scores above the first are present, below the second absent.

    Raises
    ------
    ValueError
        If a setting is out of its range; when called, if the batch has no
        versions.

    Example
    -------
    >>> RandomConsistency(weight=2.0).thresholds
    (0.95, 0.05)
    """

    def __init__(
        self,
        weight: float = 2.0,
        thresholds: tuple[float, float] = (0.95, 0.05),
    ) -> None:
        self.weight = check_weight(weight)
        high, low = thresholds
        self.thresholds = high, low
        if not 0 <= low <= high <= 1:
            raise ValueError(
                "thresholds must be the upper one, then the lower one, both "
                f"between 0 and 1, got {list(self.thresholds)}"
            )

    def __call__(
        self,
        student: SEDOutput,
        teacher: SEDOutput,
        batch: SEDBatch,
        forward: Forward,
    ) -> Tensor:
        """The term, unweighted."""
        if not isinstance(batch.plan, VersionsPlan):
            raise ValueError(
                "random consistency was given a batch without versions: put "
                "RandomVersions among the augmentations of waveforms"
            )
        mixture, change = batch.plan
        n_clips, clips = len(batch) // 3, batch.originals
        original, mixed, changed = (
            student.select(slice(first, first + n_clips))
            for first in (0, n_clips, 2 * n_clips)
        )
        return self_consistency(
            (original, mixed, changed),
            wave_roll(original.frame, change.roll),
            mixture,
            clips.label_kind,
            clips.valid,
            thresholds=self.thresholds,
            pool_count=pool_count(),
        ).loss

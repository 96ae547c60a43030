"""RCT: mixed and changed clips have the events that they must have."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lgc_plugin.augment.versions import Versions, draw_versions
from lgc_plugin.augment.wave_augment import WAVE_CHANGES
from lgc_plugin.augment.wave_roll import wave_roll
from lgc_plugin.losses.self_consistency import self_consistency
from lgc_plugin.losses.term import TermInputs, check_weight, pool_count


class RandomConsistency:
    """Random consistency training on a batch of three versions.

    Beside the clips, student and teacher hear their mixtures, in which
    sounds add up, and the clips after one random change of the waveform
    (:mod:`lgc_plugin.augment.versions`). All three are learnt from labels and
    from the teacher; this term is the student's agreement with itself across
    them, :func:`~lgc_plugin.losses.self_consistency.self_consistency`.

    CutMix, prototypes and the other terms take the clips as they are. Mixup
    and augmentations that move labels would make three unlike batches of the
    versions, and must be off: :meth:`check_alone`.

    Shao, Loweimi and Li, "RCT: Random Consistency Training for
    Semi-supervised Sound Event Detection", Interspeech 2022 (arXiv
    2110.11144).

    Arguments
    ---------
    weight : float
        Of the term, beside the ramp; 0 switches it off, versions included.
    max_partners : int
        Clips that are added to a clip, at most.
    changes : Sequence[str]
        Changes to draw from, of
        :data:`~lgc_plugin.augment.wave_augment.WAVE_CHANGES`.
    max_magnitude : int
        Largest magnitude of a change, from 1 to 9.
    thresholds : tuple[float, float]
        Scores above the first are present, below the second absent.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Example
    -------
    >>> term = RandomConsistency(weight=2.0)
    >>> kind, n_samples = torch.tensor([2, 1, 0]), torch.tensor([4096] * 3)
    >>> term.draw(kind, kind, n_samples, frame_samples=1024, n_frames=4).n_clips
    3
    """

    def __init__(
        self,
        weight: float = 2.0,
        max_partners: int = 2,
        changes: Sequence[str] = WAVE_CHANGES,
        max_magnitude: int = 5,
        thresholds: tuple[float, float] = (0.95, 0.05),
    ) -> None:
        self.weight = check_weight(weight)
        self.max_partners = max_partners
        self.changes = tuple(changes)
        self.max_magnitude = max_magnitude
        self.thresholds = tuple(thresholds)
        high, low = self.thresholds
        if not 0 <= low <= high <= 1:
            raise ValueError(
                "thresholds must be the upper one, then the lower one, both "
                f"between 0 and 1, got {list(self.thresholds)}"
            )
        # The draws' own checks, before a training begins; of no clip, so that
        # the random state stays.
        none = torch.zeros(0, dtype=torch.long)
        with torch.random.fork_rng(devices=[]):
            self.draw(none, none, none, 1, 1)

    def draw(
        self,
        label_kind: Tensor,
        host_label_kind: Tensor,
        n_samples: Tensor,
        frame_samples: int,
        n_frames: int,
    ) -> Versions:
        """The versions of one batch.

        Arguments
        ---------
        label_kind, host_label_kind, n_samples, frame_samples, n_frames
            See :func:`~lgc_plugin.augment.versions.draw_versions`.

        Returns
        -------
        Versions
        """
        return draw_versions(
            label_kind,
            host_label_kind,
            n_samples,
            frame_samples,
            n_frames,
            self.changes,
            self.max_magnitude,
            self.max_partners,
        )

    def check_alone(self, mixup_probability: float, moves_labels: bool) -> None:
        """Refuses what cannot be had together with the versions.

        Arguments
        ---------
        mixup_probability : float
            Of the mixup of the batch.
        moves_labels : bool
            Whether frame shift or time mask are on.

        Raises
        ------
        ValueError
            If something is on that must be off.
        """
        if self.weight > 0 and mixup_probability > 0:
            raise ValueError(
                f"rct_weight is {self.weight} and mixup_probability "
                f"{mixup_probability}: random consistency has a mixup of its "
                "own, so give --mixup_probability=0"
            )
        if self.weight > 0 and moves_labels:
            raise ValueError(
                f"rct_weight is {self.weight}: random consistency has a shift "
                "and a mask of its own, so leave frame_shift_std at 0 and "
                "time_mask at false"
            )

    def __call__(self, given: TermInputs) -> Tensor:
        """The term, unweighted.

        Arguments
        ---------
        given : TermInputs
            The batch, with its versions.

        Returns
        -------
        Tensor
            Scalar.

        Raises
        ------
        ValueError
            If the batch has no versions.
        """
        if given.heard is None:
            raise ValueError(
                "random consistency was given a batch without versions: draw "
                "them, give all three to the student, and hand them to LGC"
            )
        mixed, changed, plan = given.heard
        return self_consistency(
            (given.student, mixed, changed),
            wave_roll(given.student.frame, plan.change.roll),
            plan.mixture,
            given.label_kind,
            given.valid,
            thresholds=self.thresholds,
            pool_count=pool_count(),
        ).loss

"""SCT: a clip shifted in time has the same events, shifted."""

from __future__ import annotations

from torch import Tensor

from lgc_plugin.augment.frame_shift import draw_frame_shift, frame_shift
from lgc_plugin.losses.consistency import frame_consistency
from lgc_plugin.losses.term import Forward, check_weight, pool_count
from lgc_plugin.types import SEDBatch, SEDOutput


class ShiftConsistency:
    """Shift consistency training on all clips.

    Every clip is rolled in time by its own draw from N(0, std), in
    whole output frames; the student's frame scores of it should be the
    teacher's of the clip as it was, shifted alike: mean squared error. Clip
    scores have no part in it. Padding moves with its clip.

    After Koh, Chen, Liu and Bai, "Sound Event Detection by Consistency
    Training and Pseudo-Labeling with Feature-Pyramid Convolutional Recurrent
    Neural Networks", ICASSP 2021. The authors' code differs: its target is
    the student's own prediction for the clip (without gradient), shifts are
    uniform within 32 output frames of 4 mel frames, the weight is half that
    of the mean teacher, and clips shifted in time and in frequency are added
    to the supervised loss.

    Arguments
    ---------
    weight : float
        Of the term, beside the ramp; 0 switches it off.
    std : float
        Standard deviation of the shift, in mel frames.

    Raises
    ------
    ValueError
        If weight or standard deviation are negative.

    Example
    -------
    >>> ShiftConsistency(weight=2.0, std=90.0).std
    90.0
    """

    def __init__(self, weight: float = 2.0, std: float = 90.0) -> None:
        if std < 0:
            raise ValueError(f"std must be at least 0, got {std}")
        self.weight = check_weight(weight)
        self.std = std

    def __call__(
        self,
        student: SEDOutput,
        teacher: SEDOutput,
        batch: SEDBatch,
        forward: Forward,
    ) -> Tensor:
        """The term, unweighted."""
        batch = batch.originals
        plan = draw_frame_shift(
            len(batch),
            batch.time_pooling,
            self.std,
            whole_frames=True,  # scores cannot be shifted by less
            device=batch.label_kind.device,
        )
        shifted = batch.roll(plan.frames)
        target = frame_shift(teacher.frame[: len(batch)], plan)
        return frame_consistency(
            forward(shifted).frame, target, shifted.valid, pool_count()
        )

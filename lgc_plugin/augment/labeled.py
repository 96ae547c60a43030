"""Augmentations of a labeled batch, for student and teacher alike."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lgc_plugin.augment.frame_shift import (
    FrameShiftPlan,
    draw_frame_shift,
    frame_shift,
)
from lgc_plugin.augment.time_mask import (
    draw_time_mask,
    min_magnitude,
    time_mask,
)
from lgc_plugin.models.valid_frames import upsample_mask


class LabeledMels(NamedTuple):
    """Features with what changes along with them.

    Arguments
    ---------
    mels : Tensor
        (B, n_mels, T) magnitudes.
    frame_labels : Tensor
        (B, C, T').
    valid : Tensor or None
        (B, T') bool, False on padding; None when no clip is padded.
    """

    mels: Tensor
    frame_labels: Tensor
    valid: Tensor | None


def shift_with_mask(
    features: Tensor,
    plan: FrameShiftPlan,
    pooling: int,
    valid: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Shifts features, and the mask of valid frames along with them.

    The rest behind the circle of the shift counts as valid where the last
    frame does. In a clip that ended in padding it is silence, which would
    stretch the range of levels once sound has moved to the end: there it
    repeats the step before it.

    Arguments
    ---------
    features : Tensor
        (B, F, T).
    plan : FrameShiftPlan
        Of whole output frames, if there is a mask.
    pooling : int
        Steps of the features per output frame.
    valid : Tensor, optional
        (B, T') bool, False on padding.

    Returns
    -------
    tuple[Tensor, Tensor or None]
        Features and mask.

    Example
    -------
    >>> plan = FrameShiftPlan(torch.tensor([1]), torch.tensor([0]))
    >>> features = torch.tensor([[[1, 2, 3, 4, 0, 0, 0]]])
    >>> valid = torch.tensor([[True, True, False]])
    >>> features, valid = shift_with_mask(features, plan, 2, valid)
    >>> features.tolist(), valid.tolist()
    ([[[0, 0, 1, 2, 3, 4, 4]]], [[False, True, True]])
    """
    shifted = frame_shift(features, plan, pooling)
    if valid is None:
        return shifted, None
    time = torch.arange(features.shape[-1], device=features.device)
    circle = features.shape[-1] // pooling * pooling
    in_rest = (time >= circle) & ~valid[:, -1:]
    last = shifted[..., circle - 1 : circle]
    shifted = torch.where(in_rest.unsqueeze(1), last, shifted)
    return shifted, frame_shift(valid, plan)


class LabeledAugmentation:
    """Frame shift, then time mask, for student and teacher alike.

    Systems of DCASE (Nam et al., 2021) shift all clips first and mix them up
    afterwards, as here; their time mask comes after mixup, which keeps a
    masked stretch silent. Here it comes before, so that a partner of mixup may
    be heard there, with its labels.

    A batch without padding is shifted as published, by single mel frames; in
    one with padded clips, shifts are whole output frames, so that the mask of
    valid frames stays exact. Clip labels stay, also of a strong clip whose
    only event is masked: those of strong clips are not read.

    A masked stretch is as quiet as the quietest magnitude of its clip.
    Published systems set it to 0. A front end that scales levels per clip then
    presses every strong clip, and no other one, into the upper part of its
    range, and the detector of frames never hears levels as they are in a test:
    the louder the backgrounds of the recordings, the worse.

    What is off draws nothing.

    Arguments
    ---------
    frame_shift_std : float
        Standard deviation of the shift, in mel frames; 0: off.
    time_mask : bool
        Whether a stretch of each strong clip falls silent.
    time_mask_ratio : tuple[float, float]
        Shortest and longest stretch, as a share of the clip.
    time_mask_fill : str
        ``min``, or ``zero`` as published.

    Raises
    ------
    ValueError
        If a number cannot be right.

    Example
    -------
    >>> augment = LabeledAugmentation(frame_shift_std=90.0)
    >>> mels, labels = torch.rand(2, 8, 40), torch.zeros(2, 3, 10)
    >>> shifted = augment(mels, labels, torch.tensor([2, 0]), pooling=4)
    >>> tuple(shifted.mels.shape), shifted.valid
    ((2, 8, 40), None)
    """

    def __init__(
        self,
        frame_shift_std: float = 0.0,
        time_mask: bool = False,
        time_mask_ratio: tuple[float, float] = (0.05, 0.2),
        time_mask_fill: Literal["min", "zero"] = "min",
    ) -> None:
        if time_mask_fill not in ("min", "zero"):
            raise ValueError(
                f"time_mask_fill must be 'min' or 'zero', "
                f"got {time_mask_fill!r}"
            )
        self.frame_shift_std = frame_shift_std
        self.time_mask = time_mask
        self.time_mask_ratio = tuple(time_mask_ratio)
        self.time_mask_fill = time_mask_fill
        # Their own checks, before a training begins; this device draws
        # nothing.
        draw_frame_shift(1, 1, frame_shift_std, device="meta")
        kind = torch.empty(1, device="meta")
        draw_time_mask(kind, 1, self.time_mask_ratio)

    @property
    def moves_labels(self) -> bool:
        """Whether anything is on."""
        return self.frame_shift_std > 0 or self.time_mask

    def __call__(
        self,
        mels: Tensor,
        frame_labels: Tensor,
        label_kind: Tensor,
        pooling: int,
        valid: Tensor | None = None,
    ) -> LabeledMels:
        """One draw for a batch.

        Arguments
        ---------
        mels : Tensor
            (B, n_mels, T) magnitudes.
        frame_labels : Tensor
            (B, C, T').
        label_kind : Tensor
            (B,) values of :class:`~lgc_plugin.types.LabelKind`.
        pooling : int
            Mel frames per output frame.
        valid : Tensor, optional
            (B, T') bool, False on padding.

        Returns
        -------
        LabeledMels
            The same tensors where all is off.
        """
        if self.frame_shift_std > 0:
            shift = draw_frame_shift(
                len(mels),
                pooling,
                self.frame_shift_std,
                whole_frames=valid is not None,
                device=mels.device,
            )
            mels, valid = shift_with_mask(mels, shift, pooling, valid)
            frame_labels = frame_shift(frame_labels, shift)
        if self.time_mask:
            mask = draw_time_mask(
                label_kind, frame_labels.shape[-1], self.time_mask_ratio
            )
            fill = self._fill(mels, pooling, valid)
            mels = time_mask(mels, mask, pooling, fill)
            frame_labels = time_mask(frame_labels, mask)
        return LabeledMels(mels, frame_labels, valid)

    def _fill(
        self, mels: Tensor, pooling: int, valid: Tensor | None
    ) -> Tensor | None:
        if self.time_mask_fill == "zero":
            return None
        if valid is not None:
            valid = upsample_mask(valid, mels.shape[-1], pooling)
        return min_magnitude(mels, valid)

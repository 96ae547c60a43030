"""A batch on the device, ready for networks and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from lgc_plugin.augment.mixup import mixup
from lgc_plugin.models.valid_frames import count_valid, frame_mask
from lgc_plugin.types import LabelKind

if TYPE_CHECKING:
    from speechbrain.dataio.batch import PaddedBatch

    from lgc_plugin.augment.labeled import LabeledAugmentation
    from lgc_plugin.augment.mixup import MixupPlan
    from lgc_plugin.augment.versions import Versions
    from lgc_plugin.data.encoder import EventEncoder
    from lgc_plugin.losses.rct import RandomConsistency
    from lgc_plugin.models.features import LogMel


class Clips(NamedTuple):
    """A batch on the device, as networks and losses see it.

    Arguments
    ---------
    mels : Tensor
        (B, n_mels, T) magnitudes, mixed up in training.
    frame_labels : Tensor
        (B, C, T'), mixed alike.
    clip_labels : Tensor
        (B, C), mixed alike.
    label_kind : Tensor
        (B,) values of :class:`~lgc_plugin.types.LabelKind`.
    valid_frames : Tensor
        (B,) output frames that hold sound.
    valid : Tensor or None
        (B, T') bool, False on padding; None when no clip is padded.
    n_unlabeled : int
        Clips of kind ``NONE``.
    versions : Versions or None
        How a batch of three versions was made: B is three times the clips,
        of which ``valid_frames`` and ``n_unlabeled`` tell.
    """

    mels: Tensor
    frame_labels: Tensor
    clip_labels: Tensor
    label_kind: Tensor
    valid_frames: Tensor
    valid: Tensor | None
    n_unlabeled: int
    versions: Versions | None = None

    def augmented(self, augment: LabeledAugmentation, pooling: int) -> Clips:
        """The same, augmented: features, frame labels and mask alike.

        Arguments
        ---------
        augment : LabeledAugmentation
            What draws and applies.
        pooling : int
            Mel frames per output frame.

        Returns
        -------
        Clips
            ``valid_frames`` stays a number: where they are, ``valid`` tells.
        """
        changed = augment(
            self.mels, self.frame_labels, self.label_kind, pooling, self.valid
        )
        return self._replace(**changed._asdict())

    def mixed(self, plan: MixupPlan) -> Clips:
        """The same, mixed up: features and labels alike.

        Arguments
        ---------
        plan : MixupPlan
            From :func:`lgc_plugin.augment.mixup.draw_mixup`.

        Returns
        -------
        Clips
            A frame is valid where either clip holds sound.
        """
        valid = self.valid
        if valid is not None:
            mixed = (plan.weight < 1).unsqueeze(1)
            valid = valid | (mixed & valid[plan.permutation])
        return self._replace(
            mels=mixup(self.mels, plan),
            frame_labels=mixup(self.frame_labels, plan),
            clip_labels=mixup(self.clip_labels, plan),
            valid=valid,
        )


def clips_on_device(
    batch: PaddedBatch,
    device: torch.device | str,
    front_end: LogMel,
    encoder: EventEncoder,
    random: RandomConsistency | None = None,
) -> Clips:
    """Moves a batch to the device and makes its mels.

    Arguments
    ---------
    batch : PaddedBatch
        From :mod:`lgc_plugin.data.datasets`.
    device : torch.device or str
        Where to.
    front_end : LogMel
        On that device.
    encoder : EventEncoder
        Hop and pooling.
    random : RandomConsistency, optional
        Draws further versions of the clips.

    Returns
    -------
    Clips
    """
    # Read before the batch moves: afterwards it would cost a device sync.
    host_kind = batch.label_kind
    n_unlabeled = host_kind.tolist().count(LabelKind.NONE)
    padded = bool((batch.n_samples < batch.wav.data.shape[1]).any())
    batch = batch.to(device, non_blocking=True)
    wavs, kind = batch.wav.data, batch.label_kind
    frame_labels, clip_labels = batch.frame_labels.data, batch.clip_labels.data
    frame_samples = encoder.hop_length * encoder.pooling
    versions = None
    if random is not None:
        versions = random.draw(
            *(kind, host_kind, batch.n_samples),
            *(frame_samples, frame_labels.shape[-1]),
        )
        wavs = versions.wavs(
            wavs, batch.n_samples, encoder.sample_rate, frame_samples
        )
        frame_labels = versions.frame_labels(frame_labels)
        clip_labels = versions.joined(clip_labels)
        kind = kind.repeat(3)
    mels = front_end.mel(wavs)
    n_frames = mels.shape[-1] // encoder.pooling
    valid_frames = count_valid(batch.n_samples, frame_samples, n_frames)
    valid = frame_mask(valid_frames, n_frames) if padded else None
    if versions is not None and valid is not None:
        valid = versions.joined(valid)
    return Clips(
        *(mels, frame_labels, clip_labels, kind, valid_frames, valid),
        *(n_unlabeled, versions),
    )

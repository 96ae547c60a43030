"""A batch of clips, and what is done to it on the way to the losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lgc_plugin.types.batch_parts import BatchParts, SEDOutput
from lgc_plugin.types.labels import LabelKind
from lgc_plugin.utils.time_axis import roll

__all__ = ["SEDBatch", "SEDOutput", "mix_values"]


@dataclass(frozen=True)
class SEDBatch(BatchParts):
    """A batch of B clips, from the loader to the losses.

    Each operation treats features, embeddings, labels and mask alike, and
    gives a new batch. T' output frames are T // ``time_pooling`` of the
    features; embeddings have a rate of their own, over the same time. Where
    waveforms are kept beside the features, for an encoder in the loop, they
    are changed in the place of the embeddings, which are then computed anew.

    Arguments
    ---------
    label_kind : Tensor
        (B,) values of :class:`LabelKind`.
    features : Tensor, optional
        (B, F, T), before normalization.
    frame_labels : Tensor, optional
        (B, C, T'), read where the kind is strong; NaN where unknown.
    clip_labels : Tensor, optional
        (B, C), read where the kind is weak; NaN where unknown.
    valid : Tensor, optional
        (B, T') bool, False on padding; None when no clip is padded.
    embeddings : Tensor, optional
        (B, E, T_e) of a pretrained encoder.
    time_pooling : int, optional
        Feature frames per output frame; None until a network has run:
        see :meth:`with_frames`.
    output_frames : int, optional
        T', as that network has it; None: ``T // time_pooling``.
    lengths : Tensor, optional
        (B,) relative lengths, as SpeechBrain has them.
    wavs : Tensor, optional
        (B, N) waveforms, zero on padding, until there are features, or beside
        them if ``frame_samples`` is set.
    n_samples : Tensor, optional
        (B,) samples of each clip before padding.
    wav_lengths : tuple[int, ...], optional
        The same as the host knows it; None: N, or not known (mixed, rolled).
    frame_samples : int, optional
        Samples of an output frame; set while waveforms are kept beside the
        features.
    ids : tuple[str, ...]
        Names of the clips.
    kinds : tuple[int, ...], optional
        ``label_kind`` as the host knows it: to read the tensor would stop a
        training step.
    padded : bool
        Whether a clip may be shorter than the batch, as the host knows it.
    n_versions : int
        Versions of each clip that follow each other in the batch, the clips
        as they are first; an augmentation may add some.
    plan : Any
        How the versions were made: for the loss term that compares them.

    Raises
    ------
    ValueError
        If the tensors do not agree on the number of clips.

    Example
    -------
    >>> batch = SEDBatch(
    ...     torch.tensor([2, 0]),
    ...     torch.arange(8.0).view(2, 1, 4),
    ...     frame_labels=torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]]]),
    ...     time_pooling=2,
    ... )
    >>> rolled = batch.roll(torch.tensor([1, 0]))
    >>> rolled.features[0].tolist(), rolled.frame_labels[0].tolist()
    ([[2.0, 3.0, 0.0, 1.0]], [[0.0, 1.0]])
    """

    @classmethod
    def from_frames(
        cls,
        feats: Tensor,
        lengths: Tensor,
        labels: Tensor | None = None,
        known: Tensor | None = None,
    ) -> SEDBatch:
        """A batch of what a SpeechBrain recipe has at hand.

        Arguments
        ---------
        feats : Tensor
            (B, T, F) features.
        lengths : Tensor
            (B,) relative lengths, 1 for the longest clip.
        labels : Tensor, optional
            (B, T') or (B, T', C), read where they are known.
        known : Tensor, optional
            (B,) bool, whether a clip's labels are known; None: all are.

        Returns
        -------
        SEDBatch

        Raises
        ------
        ValueError
            If the shapes or types do not fit.

        Example
        -------
        >>> feats, labels = torch.rand(2, 10, 4), torch.zeros(2, 5)
        >>> known = torch.tensor([True, False])
        >>> SEDBatch.from_frames(feats, torch.ones(2), labels, known).label_kind
        tensor([2, 0])
        """
        if feats.ndim != 3:
            raise ValueError(
                f"feats must be (B, T, F), got {tuple(feats.shape)}"
            )
        kind = torch.full_like(lengths, int(LabelKind.STRONG), dtype=torch.long)
        frame_labels: Any = None
        if labels is None:
            kind = torch.zeros_like(kind)
        elif labels.ndim not in (2, 3):
            raise ValueError(
                f"labels must be (B, T') or (B, T', C), got "
                f"{tuple(labels.shape)}"
            )
        else:
            shape = (*labels.shape[:2], -1)
            frame_labels = labels.reshape(shape).transpose(1, 2)
        if known is not None:
            if known.dtype != torch.bool or known.shape != kind.shape:
                raise ValueError(
                    f"known must be one bool for each of {len(kind)} clips, "
                    f"got {known.dtype} of shape {tuple(known.shape)}"
                )
            kind = torch.where(known, kind, int(LabelKind.NONE))
        return cls(kind, feats.transpose(1, 2), frame_labels, lengths=lengths)

    def mix(self, permutation: Tensor, weight: Tensor) -> SEDBatch:
        """Mixes each clip with a partner: ``w * own + (1 - w) * partner's``.

        Arguments
        ---------
        permutation : Tensor
            (B,) partner of each clip.
        weight : Tensor
            (B,) share that a clip keeps of itself, in [0, 1].

        Returns
        -------
        SEDBatch
            Valid where either clip is; labels are known where both have them.
        """

        def mixed(values: Tensor) -> Tensor:
            return mix_values(values, permutation, weight)

        def mixed_labels(values: Tensor) -> Tensor:
            changed = is_mixed.view(-1, *[1] * (values.ndim - 1))
            return torch.where(changed, mixed(values), values)

        valid, lengths, is_mixed = self.valid, self.lengths, weight < 1
        if valid is not None:
            valid = valid | (is_mixed.unsqueeze(1) & valid[permutation])
        if lengths is not None:
            longest = torch.maximum(lengths, lengths[permutation])
            lengths = torch.where(is_mixed, longest, lengths)
        tags = self.clip_labels
        return self._changed(
            mixed,
            mixed,
            mixed_labels,
            valid=valid,
            lengths=lengths,
            wav_lengths=None,
            clip_labels=None if tags is None else mixed_labels(tags),
        )

    def cut(self, permutation: Tensor, span: Tensor) -> SEDBatch:
        """Takes a span of each clip from a partner.

        Arguments
        ---------
        permutation : Tensor
            (B,) the clip that each clip takes its span from.
        span : Tensor
            (B, T') bool, True on the output frames taken.

        Returns
        -------
        SEDBatch
            Without clip labels, which nobody knows.
        """

        def cut(values: Tensor) -> Tensor:
            spread = self._spread(span, values)
            return torch.where(spread, values[permutation], values)

        valid = None if self.valid is None else cut(self.valid)
        return self._changed(
            cut, cut, cut, valid=valid, wav_lengths=None, clip_labels=None
        )

    def mask(self, span: Tensor, fill: Tensor | None = None) -> SEDBatch:
        """Silences a span of each clip.

        Arguments
        ---------
        span : Tensor
            (B, T') bool, True on the output frames masked.
        fill : Tensor, optional
            (B,) what features become there; None: 0.

        Returns
        -------
        SEDBatch
            Waveforms, labels and embeddings are 0 there. The mask of valid
            frames stays: silence is not padding.
        """

        def masked(values: Tensor) -> Tensor:
            return values.masked_fill(self._spread(span, values), 0)

        def filled(values: Tensor) -> Tensor:
            if fill is None:
                return masked(values)
            level = fill.to(values.dtype).view(-1, 1, 1)
            return torch.where(self._spread(span, values), level, values)

        return self._changed(filled, masked, masked)

    def roll(self, frames: Tensor, rest: Tensor | None = None) -> SEDBatch:
        """Rolls clips in time; the padding of a short clip moves along.

        The first ``T' * time_pooling`` feature frames roll, as many as the
        labels stand for. The rest behind them stays, and counts as valid where
        the last frame does; in a clip that ended in padding it repeats the
        step before it, since silence there would stretch the range of levels.

        Arguments
        ---------
        frames : Tensor
            (B,) output frames by which sounds move later.
        rest : Tensor, optional
            (B,) feature frames on top of it, less than an output frame.

        Returns
        -------
        SEDBatch
        """
        n_steps, n_frames = self._features.shape[-1], self.n_frames
        circle = min(n_frames * self._pooling, n_steps)

        def moved(values: Tensor) -> Tensor:
            shift = frames * self._pooling
            shift = shift if rest is None else shift + rest
            values = roll(values, shift, circle)
            if self.valid is None or circle == n_steps:
                return values
            behind = torch.arange(n_steps, device=values.device) >= circle
            behind = (behind & ~self.valid[:, -1:]).unsqueeze(1)
            return torch.where(behind, values[..., circle - 1 : circle], values)

        def samples(values: Tensor) -> Tensor:
            per_frame = self.frame_samples or 0
            shift = frames * per_frame
            if rest is not None:
                shift = shift + rest * (per_frame // self._pooling)
            n_samples = values.shape[-1]
            return roll(values, shift, min(n_frames * per_frame, n_samples))

        def others(values: Tensor) -> Tensor:
            n_others = values.shape[-1]
            shift = frames * n_others
            shift = torch.div(shift, n_frames, rounding_mode="floor")
            return roll(values, shift, n_others)

        valid = None if self.valid is None else others(self.valid)
        return self._changed(
            moved, samples, others, valid=valid, lengths=None, wav_lengths=None
        )


def mix_values(values: Tensor, permutation: Tensor, weight: Tensor) -> Tensor:
    """``w * own + (1 - w) * partner's`` of (B, ...) values."""
    share = weight.view(-1, *[1] * (values.ndim - 1)).to(values.dtype)
    return share * values + (1.0 - share) * values[permutation]

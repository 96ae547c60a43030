"""A batch of clips, and what a network predicts for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lgc_plugin.types.labels import LabelKind
from lgc_plugin.utils.time_axis import (
    count_valid,
    frame_mask,
    roll,
    spread_spans,
    upsample_mask,
)

# Of fields that are None until a step fills them in, and that later steps may
# rely on.
_UNSET: Any = None


class SEDOutput(NamedTuple):
    """What a sound event detection network predicts for B clips.

    Arguments
    ---------
    frame : Tensor
        (B, C, T') probability of each class in each output frame.
    clip : Tensor
        (B, C) probability of each class anywhere in the clip.
    embedding : Tensor
        (B, T', D) one unit vector for each output frame.
    """

    frame: Tensor
    clip: Tensor
    embedding: Tensor

    def select(self, clips: slice | Tensor) -> SEDOutput:
        """The predictions for some of the clips."""
        return SEDOutput(*(part[clips] for part in self))


@dataclass(frozen=True)
class SEDBatch:
    """A batch of B clips, from the loader to the losses.

    Each operation treats features, embeddings, labels and mask alike, and
    gives a new batch. T' output frames are T // ``time_pooling`` of the
    features; embeddings have a rate of their own, over the same time.

    Arguments
    ---------
    label_kind : Tensor
        (B,) values of :class:`LabelKind`.
    features : Tensor, optional
        (B, F, T), before normalization.
    frame_labels : Tensor, optional
        (B, C, T'), read where the kind is strong.
    clip_labels : Tensor, optional
        (B, C), read where the kind is weak.
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
        (B, N) waveforms, zero on padding, until there are features.
    n_samples : Tensor, optional
        (B,) samples of each clip before padding.
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

    label_kind: Tensor
    features: Tensor = _UNSET
    frame_labels: Tensor = _UNSET
    clip_labels: Tensor = _UNSET
    valid: Tensor | None = None
    embeddings: Tensor | None = None
    time_pooling: int = _UNSET
    output_frames: int | None = None
    lengths: Tensor | None = None
    wavs: Tensor = _UNSET
    n_samples: Tensor = _UNSET
    ids: tuple[str, ...] = ()
    kinds: tuple[int, ...] | None = None
    padded: bool = True
    n_versions: int = 1
    plan: Any = None

    def __post_init__(self) -> None:
        for name, tensor in self._tensors().items():
            if len(tensor) != len(self.label_kind):
                raise ValueError(
                    f"label_kind has {len(self.label_kind)} clips, {name} has "
                    f"{len(tensor)}: {tuple(tensor.shape)}"
                )

    def __len__(self) -> int:
        return len(self.label_kind)

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
        frame_labels: Tensor = _UNSET
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

    @property
    def n_frames(self) -> int:
        """Output frames, T'."""
        if self.valid is not None:
            return self.valid.shape[1]
        if self.output_frames is not None:
            return self.output_frames
        return self._features.shape[-1] // self._pooling

    @property
    def n_unlabeled(self) -> int | None:
        """Clips of kind ``NONE``, if the host knows; versions not counted."""
        return None if self.kinds is None else self.kinds.count(LabelKind.NONE)

    @property
    def originals(self) -> SEDBatch:
        """The clips as they are, without the other versions of them."""
        if self.n_versions == 1:
            return self
        clips = self.select(slice(len(self) // self.n_versions))
        return replace(clips, n_versions=1, plan=None, kinds=self.kinds)

    @property
    def feature_mask(self) -> Tensor | None:
        """(B, T) ``valid`` at the rate of the features."""
        if self.valid is None:
            return None
        n_steps, pooling = self._features.shape[-1], self._pooling
        return upsample_mask(self.valid, n_steps, pooling)

    @property
    def relative_lengths(self) -> Tensor:
        """(B,) ``lengths``, or else up to the last valid frame."""
        if self.lengths is not None:
            return self.lengths
        if self.valid is None:
            return torch.ones(len(self), device=self.label_kind.device)
        n_frames = self.valid.shape[1]
        time = torch.arange(1, n_frames + 1, device=self.valid.device)
        return (time * self.valid).amax(dim=1) / n_frames

    def to(
        self, device: torch.device | str, non_blocking: bool = True
    ) -> SEDBatch:
        """The batch on another device."""
        return self._each(lambda t: t.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> SEDBatch:
        """The batch in pinned memory, as a ``DataLoader`` asks for it."""
        return self._each(lambda t: t.pin_memory())

    def select(self, clips: slice | Tensor) -> SEDBatch:
        """Some of the clips, by a slice or (n,) numbers."""
        changed = self._each(lambda t: t[clips])
        if not isinstance(clips, slice):
            return replace(changed, ids=(), kinds=None)
        kinds = None if self.kinds is None else self.kinds[clips]
        return replace(changed, ids=self.ids[clips], kinds=kinds)

    def with_features(
        self, features: Tensor, time_pooling: int, frame_samples: int
    ) -> SEDBatch:
        """Features in the place of waveforms; padding becomes a mask."""
        n_frames = features.shape[-1] // time_pooling
        valid = self.valid
        if self.padded and self.n_samples is not None:
            n_valid = count_valid(self.n_samples, frame_samples, n_frames)
            valid = frame_mask(n_valid, n_frames)
        return replace(
            self,
            features=features,
            time_pooling=time_pooling,
            valid=valid,
            wavs=_UNSET,
        )

    def with_frames(self, n_frames: int) -> SEDBatch:
        """The batch for a network with T' output frames; finds the pooling.

        Arguments
        ---------
        n_frames : int
            T'.

        Returns
        -------
        SEDBatch
            With ``time_pooling``, and ``valid`` if there are lengths.

        Raises
        ------
        ValueError
            If features or labels do not fit T'.

        Example
        -------
        >>> batch = SEDBatch(torch.zeros(1), torch.rand(1, 4, 11))
        >>> batch.with_frames(5).time_pooling
        2
        """
        n_steps, pooling = self._features.shape[-1], self.time_pooling
        # A network may drop the last, incomplete frame, or keep it.
        near = n_steps // n_frames
        tried = (near, near + 1) if pooling is None else (pooling,)
        fits = [p for p in tried if p and n_steps // p == n_frames]
        fits += [p for p in tried if p and -(-n_steps // p) == n_frames]
        if not fits:
            each = (
                "no pooling" if pooling is None else f"time_pooling {pooling}"
            )
            raise ValueError(
                f"{n_steps} feature frames became {n_frames} output frames, "
                f"which {each} explains: let the network pool time by a whole "
                "number, and keep the first frame at the start of the clip"
            )
        if (labels := self.frame_labels) is not None:
            if labels.shape[-1] != n_frames:
                raise ValueError(
                    f"labels have {labels.shape[-1]} frames, the network's "
                    f"output has {n_frames}: give one label per output frame"
                )
        valid = self.valid
        if valid is None and self.lengths is not None:
            valid = frame_mask((self.lengths * n_frames).ceil(), n_frames)
        return replace(
            self, time_pooling=fits[0], output_frames=n_frames, valid=valid
        )

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
            A frame is valid where it is in either clip.
        """

        def mixed(values: Tensor) -> Tensor:
            return mix_values(values, permutation, weight)

        valid, lengths, is_mixed = self.valid, self.lengths, weight < 1
        if valid is not None:
            valid = valid | (is_mixed.unsqueeze(1) & valid[permutation])
        if lengths is not None:
            longest = torch.maximum(lengths, lengths[permutation])
            lengths = torch.where(is_mixed, longest, lengths)
        tags = None if self.clip_labels is None else mixed(self.clip_labels)
        return self._changed(
            mixed, mixed, valid=valid, lengths=lengths, clip_labels=tags
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
        return self._changed(cut, cut, valid=valid, clip_labels=None)

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
            Labels and embeddings are 0 there. The mask of valid frames stays:
            silence is not padding.
        """

        def masked(values: Tensor) -> Tensor:
            return values.masked_fill(self._spread(span, values), 0)

        def filled(values: Tensor) -> Tensor:
            if fill is None:
                return masked(values)
            level = fill.to(values.dtype).view(-1, 1, 1)
            return torch.where(self._spread(span, values), level, values)

        return self._changed(filled, masked)

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

        def others(values: Tensor) -> Tensor:
            n_others = values.shape[-1]
            shift = frames * n_others
            shift = torch.div(shift, n_frames, rounding_mode="floor")
            return roll(values, shift, n_others)

        valid = None if self.valid is None else others(self.valid)
        return self._changed(moved, others, valid=valid, lengths=None)

    def _spread(self, span: Tensor, values: Tensor) -> Tensor:
        """A (B, T') span at the rate of the values."""
        n_steps, n_frames = values.shape[-1], span.shape[1]
        if values is self.features:
            return spread_spans(span, values, self._pooling)
        if n_steps == n_frames:
            return spread_spans(span, values, 1)
        time = torch.arange(n_steps, device=span.device) * n_frames // n_steps
        return span[:, time].unsqueeze(1)

    def _changed(
        self,
        features: Callable[[Tensor], Tensor],
        others: Callable[[Tensor], Tensor],
        **changes: Any,
    ) -> SEDBatch:
        """The batch after one function of features, one of all else in time."""
        for name in ("frame_labels", "embeddings"):
            if (values := getattr(self, name)) is not None:
                changes[name] = others(values)
        features_now = features(self._features)
        return replace(self, features=features_now, wavs=_UNSET, **changes)

    def _tensors(self) -> dict[str, Tensor]:
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {n: t for n, t in found.items() if isinstance(t, Tensor)}

    def _each(self, function: Callable[[Tensor], Tensor]) -> SEDBatch:
        changed: dict[str, Any] = {
            name: function(t) for name, t in self._tensors().items()
        }
        return replace(self, **changed)

    @property
    def _features(self) -> Tensor:
        if self.features is None:
            raise ValueError("the batch has no features yet: see with_features")
        return self.features

    @property
    def _pooling(self) -> int:
        if self.time_pooling is None:
            raise ValueError(
                "the batch has no time_pooling yet: see with_frames"
            )
        return self.time_pooling


def mix_values(values: Tensor, permutation: Tensor, weight: Tensor) -> Tensor:
    """``w * own + (1 - w) * partner's`` of (B, ...) values."""
    share = weight.view(-1, *[1] * (values.ndim - 1)).to(values.dtype)
    return share * values + (1.0 - share) * values[permutation]

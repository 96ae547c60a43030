"""What a batch of clips holds, and how its parts are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from lgc_plugin.types.labels import LabelKind
from lgc_plugin.utils.time_axis import (
    count_valid,
    frame_mask,
    spread_spans,
    upsample_mask,
)

# Of fields that are None until a step fills them in, and that later steps may
# rely on.
_UNSET: Any = None

Batch = TypeVar("Batch", bound="BatchParts")


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
class BatchParts:
    """What :class:`~lgc_plugin.types.SEDBatch` holds, explained there."""

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
    wav_lengths: tuple[int, ...] | None = None
    frame_samples: int | None = None
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
    def originals(self: Batch) -> Batch:
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
        self: Batch, device: torch.device | str, non_blocking: bool = True
    ) -> Batch:
        """The batch on another device."""
        return self._each(lambda t: t.to(device, non_blocking=non_blocking))

    def pin_memory(self: Batch) -> Batch:
        """The batch in pinned memory, as a ``DataLoader`` asks for it."""
        return self._each(lambda t: t.pin_memory())

    def select(self: Batch, clips: slice | Tensor) -> Batch:
        """Some of the clips, by a slice or (n,) numbers."""
        changed = self._each(lambda t: t[clips])
        if not isinstance(clips, slice):
            return replace(changed, ids=(), kinds=None, wav_lengths=None)
        kinds = None if self.kinds is None else self.kinds[clips]
        lengths = None if self.wav_lengths is None else self.wav_lengths[clips]
        return replace(
            changed, ids=self.ids[clips], kinds=kinds, wav_lengths=lengths
        )

    def with_features(
        self: Batch,
        features: Tensor,
        time_pooling: int,
        frame_samples: int,
        keep_wavs: bool = False,
    ) -> Batch:
        """Features in the place of waveforms, or beside them as floats.

        Padding becomes a mask.
        """
        n_frames = features.shape[-1] // time_pooling
        valid = self.valid
        if self.padded and self.n_samples is not None:
            n_valid = count_valid(self.n_samples, frame_samples, n_frames)
            valid = frame_mask(n_valid, n_frames)
        wavs = self.wavs
        if keep_wavs and wavs.dtype == torch.int16:
            wavs = wavs.float() / 32768.0
        return replace(
            self,
            features=features,
            time_pooling=time_pooling,
            valid=valid,
            wavs=wavs if keep_wavs else _UNSET,
            frame_samples=frame_samples if keep_wavs else None,
        )

    def with_frames(self: Batch, n_frames: int) -> Batch:
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
        >>> batch = BatchParts(torch.zeros(1), torch.rand(1, 4, 11))
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

    def _spread(self, span: Tensor, values: Tensor) -> Tensor:
        """A (B, T') span at the rate of the values."""
        n_steps, n_frames = values.shape[-1], span.shape[1]
        if values is self.features:
            return spread_spans(span, values, self._pooling)
        if values is self.wavs and self.frame_samples is not None:
            return spread_spans(span, values, self.frame_samples)
        if n_steps == n_frames:
            return spread_spans(span, values, 1)
        time = torch.arange(n_steps, device=span.device) * n_frames // n_steps
        return span[:, time].unsqueeze(1)

    def _changed(
        self: Batch,
        features: Callable[[Tensor], Tensor],
        wavs: Callable[[Tensor], Tensor],
        others: Callable[[Tensor], Tensor],
        **changes: Any,
    ) -> Batch:
        """The batch after functions of features, waveforms, and all else.

        With waveforms in the loop, embeddings are computed anew from them.
        """
        changes["features"] = features(self._features)
        changes["wavs"] = _UNSET
        if (values := self.frame_labels) is not None:
            changes["frame_labels"] = others(values)
        if self.frame_samples is not None:
            changes["wavs"] = wavs(self.wavs)
            changes["embeddings"] = None
        elif (embeddings := self.embeddings) is not None:
            changes["embeddings"] = others(embeddings)
        return replace(self, **changes)

    def _tensors(self) -> dict[str, Tensor]:
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {n: t for n, t in found.items() if isinstance(t, Tensor)}

    def _each(self: Batch, function: Callable[[Tensor], Tensor]) -> Batch:
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

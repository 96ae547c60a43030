"""Global consistency: prototypes of the teacher's frames, from start to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
from lgc_plugin.models.encoders import encoder_of
from lgc_plugin.models.frame_classes import frame_classes, labels_by_frame
from lgc_plugin.models.kmeans import FrameReservoir
from lgc_plugin.models.mean_teacher import MeanTeacher
from lgc_plugin.models.prototypes import FrameSums, PrototypeBank
from lgc_plugin.types import SEDBatch, SEDOutput
from lgc_plugin.utils.distributed import (
    broadcast_module,
    get_rank,
    get_world_size,
)

_UNSET: Any = None


class GlobalConsistency(nn.Module):
    """The prototypes of a teacher and the contrast with them: a part of LGC.

    The arguments are those of :class:`~lgc_plugin.lgc.LGC`.
    """

    def __init__(
        self,
        teacher: MeanTeacher,
        n_classes: int | None,
        embedding_dim: int | None,
        *,
        contrast_weight: float,
        contrast_start_epoch: int,
        n_prototypes: int,
        prototype_momentum: float,
        pos_threshold: float,
        neg_threshold: float,
        temperature: float,
        kmeans_max_frames: int,
        class_names: Sequence[str] | None,
        normalize: Callable[..., Tensor] | nn.Module | None,
        run: Callable[[nn.Module, SEDBatch], SEDOutput] | None,
    ) -> None:
        super().__init__()
        self.contrast_weight = contrast_weight
        self.contrast_start_epoch = contrast_start_epoch
        self.kmeans_max_frames = kmeans_max_frames
        self.teacher = teacher
        self._normalize = getattr(normalize, "normalize", normalize)
        self._run = run
        self._bank_options: dict[str, Any] = {
            "n_prototypes": n_prototypes,
            "momentum": prototype_momentum,
            "pos_threshold": pos_threshold,
            "class_names": class_names,
        }
        self._sizes = n_classes, embedding_dim
        # None until the sizes of the network are known.
        self.bank: PrototypeBank = _UNSET
        if n_classes is not None and embedding_dim is not None:
            self.bank = self._make_bank(n_classes, embedding_dim)
        self.contrast = PrototypeContrastLoss(
            temperature, pos_threshold, neg_threshold
        )
        self._pending: FrameSums | None = None
        self._restored = False  # from a checkpoint
        self._started = False

    def run(self, network: nn.Module, batch: SEDBatch) -> SEDOutput:
        """Runs student or teacher on a batch that is not normalized yet."""
        if self._run is not None:
            if isinstance(network, MeanTeacher):
                with torch.no_grad():
                    return self._run(network.network, batch)
            return self._run(network, batch)
        features, mask = batch.features, batch.feature_mask
        if self._normalize is not None:
            masks = () if mask is None else (mask,)
            features = self._normalize(features, *masks)
        further = () if batch.valid is None else (batch.valid,)
        embeddings = _embeddings(network, batch)
        if embeddings is not None:
            return network(features, *further, embeddings=embeddings)
        return network(features, *further)

    @property
    def contrasts(self) -> bool:
        """Whether the contrast term is at work: wanted, and initialized."""
        ready = self.bank is not None and self.bank.initialized
        return self.contrast_weight > 0 and ready

    def should_init_prototypes(self, epoch: int) -> bool:
        """Whether the prototypes should be initialized at the end of an epoch.

        Arguments
        ---------
        epoch : int
            Epoch that has just ended, from 1.

        Returns
        -------
        bool
        """
        wanted = self.contrast_weight > 0 and not self.contrasts
        return wanted and epoch >= self.contrast_start_epoch

    @torch.no_grad()
    def init_prototypes(
        self, batches: Iterable[SEDBatch], seed: int = 0
    ) -> None:
        """Prototypes from the teacher's embeddings of the training set.

        The teacher runs in evaluation mode, on the clips as they are. Frames
        of strong clips have the classes of their labels, all others those
        whose score is at least ``pos_threshold``; padding has none.

        Several processes each bring a share, and all get the prototypes that
        the main one finds. They are those of a single process when process r
        of N brings its batches r, r + N, r + 2 N ...

        Arguments
        ---------
        batches : Iterable[SEDBatch]
            The training set, un-mixed; of several processes, the share of
            this one.
        seed : int
            Of the sample of frames and the k-means starts.
        """
        reservoir = None
        with self.teacher.evaluating():
            for number, batch in enumerate(batches):
                output = self.run(self.teacher, batch)
                self._fit_sizes(output)
                batch = batch.with_frames(output.frame.shape[-1])
                labels = labels_by_frame(output.frame, batch)
                classes = frame_classes(labels, self.bank.pos_threshold)
                if batch.valid is not None:
                    classes &= batch.valid.flatten().unsqueeze(1)
                reservoir = reservoir or self._reservoir(seed)
                reservoir.add(
                    output.embedding.flatten(0, 1),
                    classes,
                    get_rank() + number * get_world_size(),
                )
        reservoir = reservoir or self._reservoir(seed)
        reservoir.gather()
        if get_rank() == 0:
            self.bank.fit_classes(reservoir.frames(), seed)
        broadcast_module(self.bank)
        self.bank.initialized = True

    def start(self, student: nn.Module) -> None:
        """Begins with a teacher that equals the student as it is now.

        For weights that were loaded after the copy was made, buffers among
        them; the first training batch does it, too. A teacher that has steps
        or is from a checkpoint stays.
        """
        if self.teacher.step == 0 and not self._restored:
            self.teacher.restart(student)
        self._started = True

    def _start_once(self, student: nn.Module) -> None:
        if self.training and not self._started:
            self.start(student)

    def train(self, mode: bool = True) -> GlobalConsistency:
        """As for any module; a step that was not finished is forgotten.

        SpeechBrain drops the gradients left over from the accumulation where
        an epoch starts, and calls this there.
        """
        self.skip_step()
        return super().train(mode)

    def skip_step(self) -> None:
        """Forgets the batches of an optimizer step that was skipped."""
        self._pending = None

    def _move_prototypes(self, step_taken: Tensor | None) -> None:
        """Follows a step with the frames of all processes since the last."""
        if self._pending is not None:
            self.bank.apply_sums(self._pending.over_processes(), step_taken)
        self.skip_step()

    def _remember(self, target: SEDOutput, batch: SEDBatch) -> None:
        """Keeps the frames that move the prototypes until the step."""
        valid = batch.valid
        sums = self.bank.assign(
            target.embedding.flatten(0, 1),
            labels_by_frame(target.frame, batch),
            None if valid is None else valid.flatten(),
        )
        if self._pending is not None:
            sums = self._pending.plus(sums)
        self._pending = sums

    def _reservoir(self, seed: int) -> FrameReservoir:
        n_classes = len(self.bank.class_names)
        return FrameReservoir(n_classes, self.kmeans_max_frames, seed)

    def _fit_sizes(self, output: SEDOutput) -> None:
        """Makes the prototypes for a network's sizes, or compares them."""
        found = output.frame.shape[1], output.embedding.shape[-1]
        sizes = self._sizes
        if self.bank is not None:
            sizes = len(self.bank.class_names) - 1, self.bank.dim
        if any(s not in (None, f) for s, f in zip(sizes, found, strict=True)):
            raise ValueError(
                f"the network has {found[0]} classes and embeddings of size "
                f"{found[1]}, but n_classes is {sizes[0]} and embedding_dim "
                f"{sizes[1]}: make them agree"
            )
        if self.bank is None:
            self.bank = self._make_bank(*found).to(output.frame.device)
        learns = self.training and output.frame.requires_grad
        wanted = self.contrast_weight > 0
        if learns and wanted and not output.embedding.requires_grad:
            raise ValueError(
                "the embeddings have no gradient, so the contrast would "
                "teach nothing: take them from a layer that learns, or "
                "set contrast_weight to 0"
            )

    def _make_bank(self, n_classes: int, dim: int) -> PrototypeBank:
        return PrototypeBank(n_classes, dim=dim, **self._bank_options)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *arguments: Any
    ) -> None:
        """Takes the sizes from a checkpoint if there was no batch yet."""
        self._restored = True
        prototypes = state_dict.get(f"{prefix}bank.prototypes")
        if self.bank is None and prototypes is not None:
            n_rows, _, dim = prototypes.shape
            self.bank = self._make_bank(n_rows - 1, dim)
            self.bank.to(self.teacher.steps.device)
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def _embeddings(network: nn.Module, batch: SEDBatch) -> Tensor | None:
    """Those of the batch, or of its waveforms by the network's encoder."""
    if batch.embeddings is not None or batch.frame_samples is None:
        return batch.embeddings
    of_teacher = isinstance(network, MeanTeacher)
    encoder = encoder_of(network.network if of_teacher else network)
    if encoder is None:
        raise ValueError(
            "the batch keeps its waveforms for an encoder in the loop, but "
            "the network has none: see put_in_loop"
        )
    with torch.set_grad_enabled(torch.is_grad_enabled() and not of_teacher):
        return encoder(batch)

"""Local and global consistency as one module for any recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lgc_plugin.augment.cutmix import cut_within, draw_cutmix
from lgc_plugin.losses.consistency import clip_consistency, frame_consistency
from lgc_plugin.losses.cut_batch import (
    cutmix_consistency,
    prototype_contrast,
    run_cut_batch,
)
from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
from lgc_plugin.losses.rampup import device_rampup, exp_rampup
from lgc_plugin.losses.term import (
    ConsistencyTerm,
    Forward,
    LGCTerms,
    pool_count,
)
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


class LGC(nn.Module):
    """Teacher, prototypes, ramp and both consistency terms.

    ``total = r (w_mt L_MT + w_clc L_CLC + ...) + w_pgc L_PGC``, where L_MT
    compares student and teacher on the batch, L_CLC on its CutMix, L_PGC
    contrasts the student's frames of the CutMix batch with the prototypes once
    these are initialized, ``...`` are further ``terms`` with their weights, and
    r is the ramp (:func:`~lgc_plugin.losses.rampup.exp_rampup`). A weight of 0
    skips the work of its term, forward pass included.

    The student is copied for the teacher and not kept: call the module with
    the student, and :meth:`update_teacher` after each optimizer step.

    Li et al., "Semi-supervised Sound Event Detection with Local and Global
    Consistency Regularization", ICASSP 2024 (arXiv 2309.08355).

    Arguments
    ---------
    student : nn.Module
        Maps features (B, F, T), ``valid`` (B, T') if there is padding, and
        ``embeddings=`` (B, E, T_e) if the batch has them, to an
        :class:`~lgc_plugin.types.SEDOutput`.
    n_classes : int, optional
        Number of classes, C; None: that of the first batch.
    normalize : Callable, optional
        Applied to the features before either network, after CutMix: called
        with features and an optional (B, T) mask. An ``nn.Module`` with a
        ``normalize`` method (such as ``LogMel``) is taken by that method.
    consistency_weight, cutmix_weight, contrast_weight : float
        w_mt, w_clc and w_pgc.
    rampup_steps : int
        Optimizer steps until r is 1.
    contrast_start_epoch : int
        The prototypes are initialized when this epoch ends.
    ema_decay : float
        Largest weight of the teacher's past.
    cutmix_ratio : tuple[float, float]
        Shortest and longest span, as a share of the clip.
    n_prototypes, embedding_dim : int
        Prototypes per class, size of an embedding (None: as ``n_classes``).
    prototype_momentum : float
        Weight of a prototype's past.
    pos_threshold, neg_threshold, temperature : float
        tau+, tau- and the temperature of the contrast.
    kmeans_max_frames : int
        Frames of each class that k-means sees at the initialization, at most.
    class_names : Sequence[str], optional
        For messages.
    augment : Iterable[Callable], optional
        Steps from batch to batch that keep events in their place, such as
        :class:`~lgc_plugin.augment.FilterAugment`. In training they are drawn
        anew for the teacher and for each pass of the student; for its pass on
        the batch itself, call :meth:`view`.
    terms : Mapping[str, ConsistencyTerm], optional
        Further terms by name, such as
        :class:`~lgc_plugin.losses.InterpolationConsistency`.
    run : Callable, optional
        How a network is run on a batch, in the place of ``normalize`` and the
        call above.

    Raises
    ------
    ValueError
        If a weight is negative, or a term has the name of one of LGC's own.

    Example
    -------
    >>> from lgc_plugin.models.crnn import CRNN
    >>> student = CRNN(2, 8, filters=(4, 4), pooling=((2, 2), (2, 4)))
    >>> lgc = LGC(student, n_classes=2)
    >>> batch = SEDBatch(torch.tensor([2, 1, 0, 0]), torch.rand(4, 8, 40))
    >>> terms = lgc(student, batch, student(batch.features))
    >>> terms.total.backward()
    >>> lgc.update_teacher(student)
    >>> lgc.step
    1
    """

    def __init__(
        self,
        student: nn.Module,
        n_classes: int | None = None,
        normalize: Callable[..., Tensor] | nn.Module | None = None,
        *,
        consistency_weight: float = 2.0,
        cutmix_weight: float = 2.0,
        contrast_weight: float = 0.1,
        rampup_steps: int = 5900,
        contrast_start_epoch: int = 100,
        ema_decay: float = 0.999,
        cutmix_ratio: tuple[float, float] = (0.2, 0.5),
        n_prototypes: int = 3,
        embedding_dim: int | None = 128,
        prototype_momentum: float = 0.996,
        pos_threshold: float = 0.9,
        neg_threshold: float = 0.5,
        temperature: float = 0.1,
        kmeans_max_frames: int = 20000,
        class_names: Sequence[str] | None = None,
        augment: Iterable[Callable[[SEDBatch], SEDBatch]] = (),
        terms: Mapping[str, ConsistencyTerm] | None = None,
        run: Callable[[nn.Module, SEDBatch], SEDOutput] | None = None,
    ) -> None:
        super().__init__()
        weights = (consistency_weight, cutmix_weight, contrast_weight)
        if min(weights) < 0:
            raise ValueError(f"weights must be at least 0, got {weights}")
        self.terms = dict(terms or {})
        if taken := self.terms.keys() & LGCTerms._fields:
            raise ValueError(f"terms: {min(taken)} is the name of another term")
        self.consistency_weight = consistency_weight
        self.cutmix_weight = cutmix_weight
        self.contrast_weight = contrast_weight
        self.rampup_steps = rampup_steps
        self.contrast_start_epoch = contrast_start_epoch
        low, high = cutmix_ratio
        self.cutmix_ratio = low, high
        self.kmeans_max_frames = kmeans_max_frames
        self._normalize = getattr(normalize, "normalize", normalize)
        self._augment = list(augment)
        self._run = run
        self.teacher = MeanTeacher(student, ema_decay)
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
        self.restored = False  # from a checkpoint

    @property
    def step(self) -> int:
        """Optimizer steps that the teacher has followed.

        Like the ramp and the weights below it waits for the device: it is for
        logs, training reads :attr:`device_ramp`.
        """
        return self.teacher.step

    @property
    def ramp(self) -> float:
        """R at the present step, between exp(-5) and 1."""
        return exp_rampup(self.step, self.rampup_steps)

    @property
    def device_ramp(self) -> Tensor:
        """The ramp as a scalar on the teacher's device, float64."""
        return device_rampup(self.teacher.steps, self.rampup_steps)

    @property
    def contrasts(self) -> bool:
        """Whether the contrast term is at work: wanted, and initialized."""
        ready = self.bank is not None and self.bank.initialized
        return self.contrast_weight > 0 and ready

    @property
    def effective_weights(self) -> dict[str, float]:
        """What each term is multiplied by at the present step, by name."""
        return {
            "mean_teacher": self.ramp * self.consistency_weight,
            "cutmix": self.ramp * self.cutmix_weight,
            "contrast": self.contrast_weight if self.contrasts else 0.0,
            **{n: self.ramp * t.weight for n, t in self._others().items()},
        }

    @property
    def trains_teacher(self) -> bool:
        """Whether any term needs the teacher's predictions during training."""
        own = self.consistency_weight, self.cutmix_weight, self.contrast_weight
        return max(own) > 0 or bool(self._others())

    def forward(
        self, student: nn.Module, batch: SEDBatch, predictions: SEDOutput
    ) -> LGCTerms:
        """The consistency terms of one training batch.

        Arguments
        ---------
        student : nn.Module
            The network that learns.
        batch : SEDBatch
            Features before ``augment`` and ``normalize``, label kinds, and
            what else there is: frame labels, a mask, embeddings.
        predictions : SEDOutput
            What the student predicts for them, or for a :meth:`view` of them.

        Returns
        -------
        LGCTerms

        Raises
        ------
        ValueError
            If labels, time pooling or the sizes of the network do not fit.
        """
        zero = predictions.frame.new_zeros(())
        untrained = zero
        if isinstance(student, DistributedDataParallel) and not self.contrasts:
            # It waits for a gradient of every parameter, and the projection
            # has none before the prototypes are initialized.
            untrained = 0.0 * predictions.embedding.sum()
        if not self.trains_teacher:
            return LGCTerms(untrained, zero, zero, zero, zero)
        batch = batch.with_frames(predictions.frame.shape[-1])
        self._fit_sizes(predictions)

        def forward(other: SEDBatch) -> SEDOutput:
            return self.run(student, self.view(other))

        target = self.run(self.teacher, self.view(batch))
        agreement = local = contrast = n_anchors = zero
        if self.consistency_weight > 0:
            agreement = frame_consistency(
                predictions.frame, target.frame, batch.valid, pool_count()
            ) + clip_consistency(predictions.clip, target.clip)
        clips = batch.originals
        of_clips = target.select(slice(len(clips)))
        if self.cutmix_weight > 0 or self.contrasts:
            local, contrast, n_anchors = self._cut_terms(
                of_clips, clips, forward
            )
        if self.contrasts:
            self._remember(of_clips, clips)
        consistency = (
            self.consistency_weight * agreement + self.cutmix_weight * local
        )
        others = {
            name: term(predictions, target, batch, forward)
            for name, term in self._others().items()
        }
        for name, value in others.items():
            consistency = consistency + self.terms[name].weight * value
        ramp = self.device_ramp.to(consistency.dtype)
        total = ramp * consistency + self.contrast_weight * contrast
        own = total + untrained, agreement, local, contrast, n_anchors
        return LGCTerms(*own, others=others)

    def view(self, batch: SEDBatch) -> SEDBatch:
        """A view of a batch, augmented anew in every call; in training only."""
        if self.training:
            for step in self._augment:
                batch = step(batch)
        return batch

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
        if batch.embeddings is not None:
            return network(features, *further, embeddings=batch.embeddings)
        return network(features, *further)

    def update_teacher(
        self, student: nn.Module, step_taken: Tensor | None = None
    ) -> None:
        """Follows one optimizer step.

        Moves the teacher, the ramp, and (once initialized) the prototypes by
        the frames that the batches of all processes have had since the last
        call.

        Arguments
        ---------
        student : nn.Module
            The network that the optimizer has just moved.
        step_taken : Tensor, optional
            Scalar bool on the teacher's device: whether the optimizer really
            moved it. If not, nothing moves, and the batches are forgotten.
            None means that it did.
        """
        self.teacher.update(
            student,
            step_taken=step_taken,
            copy_buffers=not self.trains_teacher,
        )
        if self._pending is not None:
            self.bank.apply_sums(self._pending.over_processes(), step_taken)
        self.skip_step()

    def skip_step(self) -> None:
        """Forgets the batches of an optimizer step that was skipped."""
        self._pending = None

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

    def _reservoir(self, seed: int) -> FrameReservoir:
        n_classes = len(self.bank.class_names)
        return FrameReservoir(n_classes, self.kmeans_max_frames, seed)

    def _others(self) -> dict[str, ConsistencyTerm]:
        """The further terms that are at work."""
        return {n: t for n, t in self.terms.items() if t.weight > 0}

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
        self.restored = True
        prototypes = state_dict.get(f"{prefix}bank.prototypes")
        if self.bank is None and prototypes is not None:
            n_rows, _, dim = prototypes.shape
            self.bank = self._make_bank(n_rows - 1, dim)
            self.bank.to(self.teacher.steps.device)
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def _cut_terms(
        self, target: SEDOutput, batch: SEDBatch, forward: Forward
    ) -> tuple[Tensor, Tensor, Tensor]:
        """L_CLC, L_PGC and the number of anchors on the CutMix batch."""
        n_clips, _, n_frames = target.frame.shape
        plan = draw_cutmix(
            n_clips, n_frames, self.cutmix_ratio, device=target.frame.device
        )
        plan = cut_within(plan, batch.valid)
        cut = run_cut_batch(target, batch, forward, plan)
        zero = target.frame.new_zeros(())
        local = cutmix_consistency(cut) if self.cutmix_weight > 0 else zero
        if not self.contrasts:
            return local, zero, zero
        return local, *prototype_contrast(cut, self.contrast, self.bank)

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

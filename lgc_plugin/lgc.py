"""Local and global consistency as one module for any recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lgc_plugin.losses.consistency import clip_consistency, frame_consistency
from lgc_plugin.losses.cut_batch import (
    cutmix_consistency,
    prototype_contrast,
    run_cut_batch,
)
from lgc_plugin.losses.global_consistency import GlobalConsistency
from lgc_plugin.losses.rampup import device_rampup, exp_rampup
from lgc_plugin.losses.term import (
    ConsistencyTerm,
    Forward,
    LGCTerms,
    pool_count,
)
from lgc_plugin.models.mean_teacher import MeanTeacher
from lgc_plugin.types import SEDBatch, SEDOutput

_UNSET: Any = None


class LGC(GlobalConsistency):
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
        ``embeddings=`` (B, E, T_e) if the batch, or an encoder in the loop
        (:func:`~lgc_plugin.models.encoders.put_in_loop`), gives them, to an
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
        anew for each pass; for the student's on the batch call :meth:`view`.
    terms : Mapping[str, ConsistencyTerm], optional
        Further terms by name, such as
        :class:`~lgc_plugin.losses.InterpolationConsistency`.
    run : Callable, optional
        How a network is run on a batch; None: as described above.

    Raises
    ------
    ValueError
        If a weight is negative, or a term has the name of one of LGC's own.

    Example
    -------
    >>> import torch
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
        weights = (consistency_weight, cutmix_weight, contrast_weight)
        if min(weights) < 0:
            raise ValueError(f"weights must be at least 0, got {weights}")
        super().__init__(
            MeanTeacher(student, ema_decay),
            n_classes,
            embedding_dim,
            contrast_weight=contrast_weight,
            contrast_start_epoch=contrast_start_epoch,
            n_prototypes=n_prototypes,
            prototype_momentum=prototype_momentum,
            pos_threshold=pos_threshold,
            neg_threshold=neg_threshold,
            temperature=temperature,
            kmeans_max_frames=kmeans_max_frames,
            class_names=class_names,
            normalize=normalize,
            run=run,
        )
        self.terms = dict(terms or {})
        if taken := self.terms.keys() & LGCTerms._fields:
            raise ValueError(f"terms: {min(taken)} is the name of another term")
        self.consistency_weight = consistency_weight
        self.cutmix_weight = cutmix_weight
        self.rampup_steps = rampup_steps
        self.cutmix_ratio = cutmix_ratio
        self._augment = list(augment)

    @property
    def step(self) -> int:
        """Steps the teacher has followed; waits for the device: for logs."""
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
        zero = untrained = predictions.frame.new_zeros(())
        if isinstance(student, DistributedDataParallel) and not self.contrasts:
            # It waits for a gradient of the projection, which has none yet.
            untrained = 0.0 * predictions.embedding.sum()
        if not self.trains_teacher:
            return LGCTerms(untrained, zero, zero, zero, zero)
        self._start_once(student)
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
        others = {}
        for name, term in self._others().items():
            others[name] = term(predictions, target, batch, forward)
            consistency = consistency + term.weight * others[name]
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
        self._start_once(student)
        copy = not self.trains_teacher
        self.teacher.update(student, step_taken=step_taken, copy_buffers=copy)
        self._move_prototypes(step_taken)

    def _others(self) -> dict[str, ConsistencyTerm]:
        """The further terms that are at work."""
        return {n: t for n, t in self.terms.items() if t.weight > 0}

    def _cut_terms(
        self, target: SEDOutput, batch: SEDBatch, forward: Forward
    ) -> tuple[Tensor, Tensor, Tensor]:
        """L_CLC, L_PGC and the number of anchors on the CutMix batch."""
        cut = run_cut_batch(target, batch, forward, self.cutmix_ratio)
        zero = target.frame.new_zeros(())
        local = cutmix_consistency(cut) if self.cutmix_weight > 0 else zero
        if not self.contrasts:
            return local, zero, zero
        return local, *prototype_contrast(cut, self.contrast, self.bank)

"""Local and global consistency as one module for any recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lgc_plugin.augment.cutmix import draw_cutmix
from lgc_plugin.augment.versions import Versions
from lgc_plugin.losses.consistency import clip_consistency, frame_consistency
from lgc_plugin.losses.cut_batch import (
    cutmix_consistency,
    prototype_contrast,
    run_cut_batch,
)
from lgc_plugin.losses.frames import labels_by_frame
from lgc_plugin.losses.lgc_terms import LGCTerms, TrainingClips
from lgc_plugin.losses.prototype_contrast import PrototypeContrastLoss
from lgc_plugin.losses.rampup import device_rampup, exp_rampup
from lgc_plugin.losses.reservoir import fill_reservoir
from lgc_plugin.losses.term import ConsistencyTerm, TermInputs, pool_count
from lgc_plugin.models.kmeans import FrameReservoir
from lgc_plugin.models.mean_teacher import MeanTeacher
from lgc_plugin.models.prototypes import FrameSums, PrototypeBank
from lgc_plugin.models.valid_frames import upsample_mask
from lgc_plugin.types import SEDOutput
from lgc_plugin.utils.distributed import broadcast_module, get_rank


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
        Maps features (B, F, T), and optionally ``valid`` (B, T'), to an
        :class:`~lgc_plugin.types.SEDOutput`. Its attribute ``time_pooling``
        tells how many feature frames make an output frame; without it, that
        is T // T', which is wrong when the rest of T makes another frame.
    n_classes : int
        Number of classes, C.
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
        Prototypes per class, size of an embedding.
    prototype_momentum : float
        Weight of a prototype's past.
    pos_threshold, neg_threshold, temperature : float
        tau+, tau- and the temperature of the contrast.
    kmeans_max_frames : int
        Frames of each class that k-means sees at the initialization, at most.
    class_names : Sequence[str], optional
        For messages.
    augment : Callable, optional
        Makes a view of (B, F, T) features, given a (B, T) mask or None, such
        as :class:`~lgc_plugin.augment.views.Views`. In training the teacher
        hears one, the student another in each of its passes; for its pass on
        the batch itself, call :meth:`view`.
    terms : Mapping[str, ConsistencyTerm], optional
        Further terms by name: :mod:`lgc_plugin.terms`.

    Raises
    ------
    ValueError
        If a weight is negative, or a term has the name of one of LGC's own.

    Example
    -------
    >>> from lgc_plugin.models.crnn import CRNN
    >>> student = CRNN(2, 8, filters=(4, 4), pooling=((2, 2), (2, 4)))
    >>> lgc = LGC(student, n_classes=2)
    >>> features, kind = torch.rand(4, 8, 40), torch.tensor([2, 1, 0, 0])
    >>> terms = lgc(student, features, student(features), kind)
    >>> terms.total.backward()
    >>> lgc.update_teacher(student)
    >>> lgc.step
    1
    """

    def __init__(
        self,
        student: nn.Module,
        n_classes: int,
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
        embedding_dim: int = 128,
        prototype_momentum: float = 0.996,
        pos_threshold: float = 0.9,
        neg_threshold: float = 0.5,
        temperature: float = 0.1,
        kmeans_max_frames: int = 20000,
        class_names: Sequence[str] | None = None,
        augment: Callable[[Tensor, Tensor | None], Tensor] | None = None,
        terms: Mapping[str, ConsistencyTerm] | None = None,
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
        self.cutmix_ratio = tuple(cutmix_ratio)
        self.kmeans_max_frames = kmeans_max_frames
        self._pooling = getattr(student, "time_pooling", None)
        self._normalize = getattr(normalize, "normalize", normalize)
        self._augment = augment
        self.teacher = MeanTeacher(student, ema_decay)
        self.bank = PrototypeBank(
            n_classes,
            n_prototypes,
            embedding_dim,
            prototype_momentum,
            pos_threshold,
            class_names,
        )
        self.contrast = PrototypeContrastLoss(
            temperature, pos_threshold, neg_threshold
        )
        self._pending: FrameSums | None = None

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
        return self.contrast_weight > 0 and self.bank.initialized

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
        """Whether any term needs the teacher's opinion during training."""
        own = self.consistency_weight, self.cutmix_weight, self.contrast_weight
        return max(own) > 0 or bool(self._others())

    def forward(
        self,
        student: nn.Module,
        features: Tensor,
        predictions: SEDOutput,
        label_kind: Tensor,
        frame_labels: Tensor | None = None,
        valid: Tensor | None = None,
        n_unlabeled: int | None = None,
        versions: Versions | None = None,
    ) -> LGCTerms:
        """The consistency terms of one training batch.

        Arguments
        ---------
        student : nn.Module
            The network that learns.
        features : Tensor
            (B, F, T) features before ``augment`` and ``normalize``.
        predictions : SEDOutput
            What the student said of them, or of a :meth:`view` of them.
        label_kind : Tensor
            (B,) values of :class:`~lgc_plugin.types.LabelKind`.
        frame_labels : Tensor, optional
            (B, C, T'), read where the kind is strong; without them the
            teacher's scores place all frames in their classes.
        valid : Tensor, optional
            (B, T') bool, False on padding.
        n_unlabeled : int, optional
            Clips of kind ``NONE``, if the host knows: spares terms work.
        versions : Versions, optional
            For a batch of three versions (B is three times the clips), such
            as :class:`~lgc_plugin.losses.rct.RandomConsistency` wants: all
            of them count for L_MT, the clips as they are for everything else;
            ``n_unlabeled`` counts these.

        Returns
        -------
        LGCTerms
        """
        zero = predictions.frame.new_zeros(())
        untrained = zero
        if isinstance(student, DistributedDataParallel) and not self.contrasts:
            # It waits for a gradient of every parameter, and the projection
            # has none before the prototypes are initialized.
            untrained = 0.0 * predictions.embedding.sum()
        if not self.trains_teacher:
            return LGCTerms(untrained, zero, zero, zero, zero)
        target = self.run(self.teacher, self.view(features, valid), valid)
        given = TermInputs(
            lambda heard, mask: self.run(student, self.view(heard, mask), mask),
            features,
            predictions,
            target,
            label_kind,
            valid,
            self._pooling or features.shape[-1] // target.frame.shape[-1],
            n_unlabeled,
        )
        agreement = local = contrast = n_anchors = zero
        if self.consistency_weight > 0:
            agreement = frame_consistency(
                predictions.frame, target.frame, valid, pool_count()
            ) + clip_consistency(predictions.clip, target.clip)
        if versions is not None:
            given = given.split(versions)
        if self.cutmix_weight > 0 or self.contrasts:
            local, contrast, n_anchors = self._cut_terms(given)
        if self.contrasts:
            self._remember(given, frame_labels)
        consistency = (
            self.consistency_weight * agreement + self.cutmix_weight * local
        )
        others = {name: term(given) for name, term in self._others().items()}
        for name, value in others.items():
            consistency = consistency + self.terms[name].weight * value
        ramp = self.device_ramp.to(consistency.dtype)
        total = ramp * consistency + self.contrast_weight * contrast
        own = total + untrained, agreement, local, contrast, n_anchors
        return LGCTerms(*own, others=others)

    def view(self, features: Tensor, valid: Tensor | None = None) -> Tensor:
        """A view of features, augmented anew in every call.

        Arguments
        ---------
        features : Tensor
            (B, F, T) features before ``normalize``.
        valid : Tensor, optional
            (B, T') bool, False on padding.

        Returns
        -------
        Tensor
            Of the same shape; the features themselves without ``augment``, and
            outside training.
        """
        if self._augment is None or not self.training:
            return features
        return self._augment(features, self._feature_mask(features, valid))

    def run(
        self, network: nn.Module, features: Tensor, valid: Tensor | None = None
    ) -> SEDOutput:
        """Runs a network on features that are not normalized yet.

        Arguments
        ---------
        network : nn.Module
            Student or teacher.
        features : Tensor
            (B, F, T) features before ``normalize``.
        valid : Tensor, optional
            (B, T') bool, False on padding.

        Returns
        -------
        SEDOutput
        """
        if self._normalize is not None:
            mask = self._feature_mask(features, valid)
            masks = () if mask is None else (mask,)
            features = self._normalize(features, *masks)
        return network(features) if valid is None else network(features, valid)

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
        wanted = self.contrast_weight > 0 and not self.bank.initialized
        return wanted and epoch >= self.contrast_start_epoch

    @torch.no_grad()
    def init_prototypes(
        self, clips: Iterable[TrainingClips], seed: int = 0
    ) -> None:
        """Prototypes from the teacher's embeddings of the training set.

        The teacher runs in evaluation mode, on the clips as they are. Frames
        of strong clips have the classes of their labels, all others those that
        the teacher is sure of.

        Several processes each bring a share, and all get the prototypes that
        the main one finds. They are those of a single process when process r
        of N brings its batches r, r + N, r + 2 N ...

        Arguments
        ---------
        clips : Iterable[TrainingClips]
            The training set in batches, un-mixed; of several processes, the
            share of this one.
        seed : int
            Of the sample of frames and the k-means starts.
        """
        reservoir = FrameReservoir(
            len(self.bank.class_names), self.kmeans_max_frames, seed
        )
        with self.teacher.evaluating():
            fill_reservoir(
                reservoir,
                clips,
                lambda c: self.run(self.teacher, c.features, c.valid),
                self.bank.pos_threshold,
            )
        if get_rank() == 0:
            self.bank.fit_classes(reservoir.frames(), seed)
        broadcast_module(self.bank)
        self.bank.initialized = True

    def _others(self) -> dict[str, ConsistencyTerm]:
        """The further terms that are at work."""
        return {n: t for n, t in self.terms.items() if t.weight > 0}

    def _feature_mask(
        self, features: Tensor, valid: Tensor | None
    ) -> Tensor | None:
        """(B, T) at the rate of the features, from (B, T')."""
        if valid is None:
            return None
        pooling = self._pooling or features.shape[-1] // valid.shape[-1]
        return upsample_mask(valid, features.shape[-1], pooling)

    def _cut_terms(self, given: TermInputs) -> tuple[Tensor, Tensor, Tensor]:
        """L_CLC, L_PGC and the number of anchors on the CutMix batch."""
        n_clips, _, n_frames = given.target.frame.shape
        plan = draw_cutmix(
            n_clips, n_frames, self.cutmix_ratio, device=given.features.device
        )
        cut = run_cut_batch(given, plan)
        zero = given.target.frame.new_zeros(())
        local = cutmix_consistency(cut) if self.cutmix_weight > 0 else zero
        if not self.contrasts:
            return local, zero, zero
        return local, *prototype_contrast(cut, self.contrast, self.bank)

    def _remember(self, given: TermInputs, frame_labels: Tensor | None) -> None:
        """Keeps what the batch says of the prototypes until the step."""
        target, valid = given.target, given.valid
        if frame_labels is not None:
            frame_labels = frame_labels[: len(given.label_kind)]
        sums = self.bank.assign(
            target.embedding.flatten(0, 1),
            labels_by_frame(target.frame, given.label_kind, frame_labels),
            None if valid is None else valid.flatten(),
        )
        if self._pending is not None:
            sums = self._pending.plus(sums)
        self._pending = sums

"""LGC in SpeechBrain's training loop; the mathematics is elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import speechbrain as sb
from speechbrain.dataio.batch import PaddedBatch
from speechbrain.utils.distributed import if_main_process
from torch import Tensor, nn

from lgc_plugin.augment.mixup import draw_mixup
from lgc_plugin.evaluation.ground_truth import clip_name
from lgc_plugin.evaluation.network_metrics import EvaluationMetrics
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.lgc import TrainingClips
from lgc_plugin.losses.rct import RandomConsistency
from lgc_plugin.losses.supervised import supervised_losses
from lgc_plugin.models.statistics import StatisticsGuard
from lgc_plugin.training.async_brain import AsyncBrain
from lgc_plugin.training.device_clips import Clips, clips_on_device
from lgc_plugin.training.device_values import MeanMeter
from lgc_plugin.training.epoch_log import log_epoch
from lgc_plugin.types import SEDOutput
from lgc_plugin.utils.distributed import (
    all_reduce_mean,
    average_statistics,
    broadcast_object,
    draw_apart,
    gather_object,
    get_world_size,
)
from lgc_plugin.utils.progress import progress_bar

logger = logging.getLogger(__name__)

SELECTION_METRICS = ("intersection_f1",)
SELECTION_KEY = "teacher_intersection_f1_macro"


class LGCBrain(AsyncBrain):
    """Trains a student with LGC, scores student and teacher.

    ``modules`` holds ``model`` (the student), ``front_end``
    (:class:`~lgc_plugin.models.features.LogMel`) and ``lgc``
    (:class:`~lgc_plugin.lgc.LGC`). ``hparams`` holds ``encoder``, ``lr``,
    ``mixup_alpha``, ``mixup_probability``, ``seed``, ``epoch_counter``,
    ``n_bootstrap``, ``train_logger``, ``tensorboard_logger`` and, if
    clips are augmented, ``augment_clips``, see :mod:`.augment.labeled`; for
    random consistency, ``rct``, see :mod:`.losses.rct`.

    Arguments
    ---------
    *arguments : Any
        See :class:`speechbrain.Brain`.
    prototype_loader : Iterable[PaddedBatch]
        The whole training set, from which the prototypes are initialized.
    **options : Any
        See :class:`speechbrain.Brain`.

    Attributes
    ----------
    metrics : dict[sb.Stage, EvaluationMetrics]
        What scores ``Stage.VALID`` and ``Stage.TEST``; set it before these.
    results : dict[str, SEDResult]
        Scores of the last test, by network.
    test_metrics : Collection[str] or None
        What a test computes, names of
        :data:`lgc_plugin.evaluation.metrics.ALL_METRICS`; None: all.
    tested_epoch : int or None
        Epoch of the checkpoint that was tested; None for the last weights.
    """

    def __init__(
        self,
        *arguments: Any,
        prototype_loader: Iterable[PaddedBatch] = (),
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.metrics: dict[sb.Stage, EvaluationMetrics] = {}
        self.prototype_loader = prototype_loader
        self.results: dict[str, SEDResult] = {}
        self.test_metrics: Collection[str] | None = None
        self.tested_epoch: int | None = None
        self._means = MeanMeter()
        self._train_stats: dict[str, float] = {}
        self._random = self._random_consistency()
        if self.debug:
            # Two epochs should reach every part of the method.
            self.modules.lgc.contrast_start_epoch = 1

    def compute_forward(
        self, batch: PaddedBatch, stage: sb.Stage
    ) -> dict[str, SEDOutput]:
        """What the student says of a batch; and, to be scored, the teacher."""
        self.clips = self.prepare(batch, mix=stage == sb.Stage.TRAIN)
        networks, lgc = {"student": self.modules.model}, self.modules.lgc
        if stage != sb.Stage.TRAIN:
            networks["teacher"] = lgc.teacher
        valid = self.clips.valid
        mels = lgc.view(self.clips.mels, valid)
        return {name: lgc.run(n, mels, valid) for name, n in networks.items()}

    def compute_objectives(
        self,
        predictions: dict[str, SEDOutput],
        batch: PaddedBatch,
        stage: sb.Stage,
    ) -> Tensor:
        """The loss; outside training, scores are handed to the metrics."""
        clips, student = self.clips, predictions["student"]
        # A clip longer than those of the training has labels for its start.
        n_frames = clips.frame_labels.shape[-1]
        frame_loss, clip_loss = supervised_losses(
            student.frame[..., :n_frames],
            student.clip,
            clips.frame_labels[..., : student.frame.shape[-1]],
            clips.clip_labels,
            clips.label_kind,
            None if clips.valid is None else clips.valid[:, :n_frames],
            all_reduce_mean if stage == sb.Stage.TRAIN else None,
        )
        loss = frame_loss + clip_loss
        if stage != sb.Stage.TRAIN:
            self._means.add(loss=loss)
            self.metrics[stage].append(
                [clip_name(clip_id) for clip_id in batch.id],
                predictions,
                clips.label_kind,
                clips.clip_labels,
                clips.valid_frames,
            )
            return loss
        terms = self.modules.lgc(
            self.modules.model,
            clips.mels,
            student,
            clips.label_kind,
            clips.frame_labels,
            clips.valid,
            clips.n_unlabeled,
            clips.versions,
        )
        loss = loss + terms.total
        scalars = terms.scalars()
        # The mean of the processes' means is the number in a whole step.
        scalars["n_anchors"] = terms.n_anchors * get_world_size()
        self._means.add(loss=loss, frame=frame_loss, clip=clip_loss, **scalars)
        return loss

    def prepare(self, batch: PaddedBatch, mix: bool) -> Clips:
        """Moves a batch to the device, makes its mels, changes them.

        Arguments
        ---------
        batch : PaddedBatch
            From :mod:`lgc_plugin.data.datasets`.
        mix : bool
            Whether augmentation and mixup may act.

        Returns
        -------
        Clips
        """
        random = self._random if mix else None
        clips = clips_on_device(
            *(batch, self.device, self.modules.front_end),
            *(self.hparams.encoder, random),
        )
        if not mix or random is not None:
            return clips
        # Recipes that do not augment may be without.
        augment = getattr(self.hparams, "augment_clips", None)
        if augment is not None:
            clips = clips.augmented(augment, self.hparams.encoder.pooling)
        plan = draw_mixup(
            clips.label_kind,
            self.hparams.mixup_alpha,
            self.hparams.mixup_probability,
        )
        return clips.mixed(plan)

    def _random_consistency(self) -> RandomConsistency | None:
        """What draws further versions of the clips, if that is wanted."""
        # A Brain that only loads weights may have no hparams at all.
        random = getattr(getattr(self, "hparams", None), "rct", None)
        if random is None or random.weight == 0:
            return None
        augment = getattr(self.hparams, "augment_clips", None)
        random.check_alone(
            self.hparams.mixup_probability,
            augment is not None and augment.moves_labels,
        )
        return random

    def networks_to_compile(self) -> Iterable[nn.Module]:
        """The teacher with the student: it costs a third of a step."""
        networks = list(super().networks_to_compile())
        if self.modules.model in networks:
            networks.append(self.modules.lgc.teacher.network)
        return networks

    def on_fit_start(self) -> None:
        """Guards the batch statistics that training begins with."""
        super().on_fit_start()
        self._guard = StatisticsGuard(
            self.modules.model, self.modules.lgc.teacher.network
        )

    def init_optimizers(self) -> None:
        """One optimizer, for what learns: not for the teacher."""
        learning = [p for p in self.modules.parameters() if p.requires_grad]
        self.optimizer = self.opt_class(learning)
        self.optimizers_dict = {"optimizer": self.optimizer}
        if self.checkpointer is not None:
            self.checkpointer.add_recoverable("optimizer", self.optimizer)

    def on_fit_batch_start(self, batch: PaddedBatch, should_step: bool) -> None:
        """The learning rate follows the ramp."""
        lr = self.hparams.lr * self.modules.lgc.device_ramp
        for group in self.optimizer.param_groups:
            # A fused optimizer reads it on the device, others on the host.
            group["lr"] = lr.float() if group.get("fused") else float(lr)

    def on_fit_batch_end(
        self,
        batch: PaddedBatch,
        outputs: dict[str, SEDOutput],
        loss: Tensor,
        should_step: bool,
    ) -> None:
        """Teacher and prototypes follow a step, if it happened."""
        if should_step:
            self.modules.lgc.update_teacher(self.modules.model, self.step_taken)
            self._guard.settle(self.step_taken)

    def on_stage_start(self, stage: sb.Stage, epoch: int | None = None) -> None:
        """Empties what the stage will fill."""
        self._means = MeanMeter()
        if stage == sb.Stage.TRAIN:
            draw_apart(self.hparams.seed, epoch)
        else:
            self.metrics[stage].clear()

    def on_stage_end(
        self, stage: sb.Stage, stage_loss: float, epoch: int | None = None
    ) -> None:
        """Initialization of the prototypes, scores, logs, checkpoint."""
        if stage == sb.Stage.TRAIN:
            self._train_stats = self._means.read()
            # Batches left over from the accumulation of gradients.
            self.modules.lgc.skip_step()
            average_statistics(self.modules.model)
            average_statistics(self.modules.lgc.teacher)
            if self.modules.lgc.should_init_prototypes(epoch):
                self.modules.lgc.init_prototypes(
                    self._prototype_clips(), self.hparams.seed
                )
        elif stage == sb.Stage.VALID:
            # The final test has all scores; this one selects the model.
            results = self._score(stage, metrics=SELECTION_METRICS)
            valid_stats = broadcast_object(
                {**self._means.read(), **_flat(results)}
            )
            log_epoch(
                self._schedule(epoch),
                self._train_stats,
                valid_stats,
                self.hparams.train_logger,
                self.hparams.tensorboard_logger,
            )
            self._save(epoch, valid_stats)
        else:
            logger.info("Scoring student and teacher")
            self.results = self._score(
                stage,
                metrics=self.test_metrics,
                resamples=self.hparams.n_bootstrap,
                seed=self.hparams.seed,
            )

    def on_evaluate_start(
        self, max_key: str | None = None, min_key: str | None = None
    ) -> None:
        """Loads the best checkpoint, and says so if there is none."""
        found = self.checkpointer.recover_if_possible(
            max_key=max_key, min_key=min_key
        )
        if found is not None:
            self.tested_epoch = found.meta["epoch"]
            logger.info("Testing the checkpoint of epoch %d", self.tested_epoch)
        elif self.test_only:
            raise FileNotFoundError(
                f"{self.checkpointer.checkpoints_dir}: no checkpoint to test; "
                "train first, or give the output_folder of a finished run"
            )
        else:
            logger.warning("No checkpoint found: testing the last weights")

    def _score(self, stage: sb.Stage, **options: Any) -> dict[str, SEDResult]:
        """Scores of all processes' clips, on the main one; {} elsewhere."""
        metrics = self.metrics[stage]
        parts = gather_object(metrics.collected())
        for others in (parts or [])[1:]:
            metrics.extend(others)
        return {} if parts is None else metrics.summarize(**options)

    def _prototype_clips(self) -> Iterator[TrainingClips]:
        """The training set without mixup, to initialize the prototypes from."""
        logger.info("Prototypes: gathering the frames of the training set")
        bar = progress_bar(
            self.prototype_loader,
            desc="prototypes",
            shown=not self.noprogressbar and if_main_process(),
        )
        for number, batch in enumerate(bar, start=1):
            clips = self.prepare(batch, mix=False)
            yield TrainingClips(
                clips.mels, clips.label_kind, clips.frame_labels, clips.valid
            )
            if self.debug and number == self.debug_batches:
                return

    def _schedule(self, epoch: int) -> dict[str, float]:
        """Where the training is; reads the device, so once an epoch."""
        lgc = self.modules.lgc
        return {
            "epoch": epoch,
            "step": lgc.step,
            "lr": float(self.optimizer.param_groups[0]["lr"]),
            "ramp": lgc.ramp,
            "active_prototypes": int(lgc.bank.active.sum()),
            **{f"{k}_weight": v for k, v in lgc.effective_weights.items()},
        }

    def _save(self, epoch: int, valid_stats: Mapping[str, float]) -> None:
        score = valid_stats[SELECTION_KEY]
        self.hparams.epoch_counter.update_metric(score)
        self.checkpointer.save_and_keep_only(
            meta={"epoch": epoch, SELECTION_KEY: score},
            max_keys=[SELECTION_KEY],
            # A fresh list: the default one grows with every call.
            importance_keys=[],
        )


def _flat(results: Mapping[str, SEDResult]) -> dict[str, float]:
    """``{"teacher_psds1": ...}`` from results by network."""
    return {
        f"{network}_{name}": number
        for network, result in results.items()
        for name, number in result.flat().items()
    }

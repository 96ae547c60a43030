"""LGC in SpeechBrain's training loop; the mathematics is elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import speechbrain as sb
from torch import Tensor, nn

from lgc_plugin.evaluation.ground_truth import clip_name
from lgc_plugin.evaluation.network_metrics import EvaluationMetrics
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.losses.supervised import supervised_losses
from lgc_plugin.models.encoders import encoder_of
from lgc_plugin.models.statistics import StatisticsGuard
from lgc_plugin.training.async_brain import AsyncBrain
from lgc_plugin.training.batch_steps import prepare_batch
from lgc_plugin.training.device_values import MeanMeter
from lgc_plugin.training.learning_rates import learning_rates
from lgc_plugin.training.lgc_mixin import LGCMixin
from lgc_plugin.training.long_clips import score_in_windows
from lgc_plugin.training.run_log import flat_scores, log_epoch
from lgc_plugin.training.selection import BY_EVENTS
from lgc_plugin.types import SEDBatch, SEDOutput
from lgc_plugin.utils.distributed import (
    all_reduce_mean,
    average_statistics,
    broadcast_object,
    draw_apart,
    gather_object,
)
from lgc_plugin.utils.time_axis import count_valid

logger = logging.getLogger(__name__)


class LGCBrain(LGCMixin, AsyncBrain):
    """Trains a student with LGC, scores student and teacher.

    It is :class:`~lgc_plugin.training.lgc_mixin.LGCMixin` on
    :class:`~lgc_plugin.training.async_brain.AsyncBrain`. ``modules`` holds
    ``model`` (the student), ``front_end``
    (:class:`~lgc_plugin.models.features.LogMel`) and ``lgc``
    (:class:`~lgc_plugin.lgc.LGC`). ``hparams`` holds ``encoder``, ``lr``,
    ``seed``, ``epoch_counter``, ``n_bootstrap``, ``train_logger``,
    ``tensorboard_logger`` and the steps of training batches:
    ``wav_augmentations`` before, ``augmentations`` behind the front end; and
    ``frame_encoder``, whose embeddings the network reads, None for none.

    Arguments
    ---------
    *arguments : Any
        See :class:`speechbrain.Brain`.
    prototype_loader : Iterable[SEDBatch]
        The whole training set, from which the prototypes are initialized.
    **options : Any
        See :class:`speechbrain.Brain`.

    Attributes
    ----------
    metrics : dict[sb.Stage, EvaluationMetrics]
        What scores ``Stage.VALID`` and ``Stage.TEST``; set it before these.
    selection : Selection
        By what the best epoch is found.
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
        prototype_loader: Iterable[SEDBatch] = (),
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.prototype_loader = prototype_loader
        self.metrics: dict[sb.Stage, EvaluationMetrics] = {}
        self.selection = BY_EVENTS
        self.results: dict[str, SEDResult] = {}
        self.test_metrics: Collection[str] | None = None
        # No module of the run: it is in no checkpoint, average or exchange.
        if frame_encoder := getattr(self.hparams, "frame_encoder", None):
            frame_encoder.to(self.device)
        self.tested_epoch: int | None = None
        self._means = MeanMeter()
        self._train_stats: dict[str, float] = {}
        if self.debug:
            # Two epochs should reach every part of the method.
            self.modules.lgc.contrast_start_epoch = 1

    def compute_forward(
        self, batch: SEDBatch, stage: sb.Stage
    ) -> dict[str, SEDOutput]:
        """Predictions of the student; and, to be scored, the teacher."""
        networks, lgc = {"student": self.modules.model}, self.modules.lgc
        if stage != sb.Stage.TRAIN:
            networks["teacher"] = lgc.teacher
            if batch.wavs.shape[1] > self.hparams.encoder.n_samples:
                self.batch, outputs = score_in_windows(
                    batch,
                    self.hparams.encoder,
                    networks,
                    lambda net, part: lgc.run(net, self.prepare(part)),
                )
                return outputs
        self.batch = self.prepare(batch, augment=stage == sb.Stage.TRAIN)
        view = lgc.view(self.batch)
        return {name: lgc.run(n, view) for name, n in networks.items()}

    def compute_objectives(
        self,
        predictions: dict[str, SEDOutput],
        batch: SEDBatch,
        stage: sb.Stage,
    ) -> Tensor:
        """The loss; outside training, scores are handed to the metrics."""
        clips, student = self.batch, predictions["student"]
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
                [clip_name(clip_id) for clip_id in batch.ids],
                predictions,
                clips.label_kind,
                clips.clip_labels,
                count_valid(
                    clips.n_samples,
                    self.hparams.encoder.frame_samples,
                    student.frame.shape[-1],
                ),
            )
            return loss
        loss = loss + self.lgc_loss(clips, student)
        self._means.add(loss=loss, frame=frame_loss, clip=clip_loss)
        return loss

    def prepare(self, batch: SEDBatch, augment: bool = False) -> SEDBatch:
        """Moves a batch to the device, makes its mels, and may augment it."""
        return prepare_batch(
            batch,
            self.hparams,
            self.modules.front_end,
            self.device,
            augment,
            encoder_of(self.modules.model),
        )

    def lgc_batch_of(self, batch: SEDBatch) -> SEDBatch:
        """A batch as the prototypes are initialized from it."""
        return self.prepare(batch)

    def _log_terms(self, epoch: int) -> None:
        """Nothing: they are in the log of the run."""

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
        self._rates = learning_rates(self.modules, self.hparams)
        self.optimizer = self._rates.optimizer(self.opt_class)
        self.optimizers_dict = {"optimizer": self.optimizer}
        if self.checkpointer is not None:
            self.checkpointer.add_recoverable("optimizer", self.optimizer)

    def on_fit_batch_start(self, batch: SEDBatch, should_step: bool) -> None:
        """The learning rates follow the ramp."""
        self._rates.follow(self.optimizer, self.modules.lgc.device_ramp)

    def optimizers_step(self) -> None:
        """Teacher, prototypes and batch statistics follow a step."""
        super().optimizers_step()
        self._guard.settle(self.step_taken)

    def on_stage_start(self, stage: sb.Stage, epoch: int = 0) -> None:
        """Empties what the stage will fill."""
        self._means = MeanMeter()
        if stage != sb.Stage.TRAIN:
            self.metrics[stage].clear()
        elif self.step == 0:  # an epoch that is continued goes on drawing
            draw_apart(self.hparams.seed, epoch)

    def on_stage_end(
        self, stage: sb.Stage, stage_loss: float, epoch: int = 0
    ) -> None:
        """Scores, logs, checkpoint."""
        if stage == sb.Stage.TRAIN:
            self._train_stats = {
                **self._means.read(),
                **self._lgc_means.read(),
            }
            average_statistics(self.modules.model)
            average_statistics(self.modules.lgc.teacher)
        elif stage == sb.Stage.VALID:
            # The final test has all scores; this one selects the model.
            results = self._score(stage, metrics=self.selection.metrics)
            valid_stats = broadcast_object(
                {**self._means.read(), **flat_scores(results)}
            )
            log_epoch(
                self._schedule(epoch),
                self._train_stats,
                valid_stats,
                self.hparams.train_logger,
                self.hparams.tensorboard_logger,
                self.selection,
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
        """Loads the best checkpoint; warns if there is none."""
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
        key = self.selection.key
        score = {"epoch": epoch, **valid_stats}[key]
        self.hparams.epoch_counter.update_metric(score)
        self.checkpointer.save_and_keep_only(
            meta={"epoch": epoch, key: score},
            max_keys=[key],
            # A fresh list: the default one grows with every call.
            importance_keys=[],
        )

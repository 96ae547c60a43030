"""LGC in SpeechBrain's training loop; the mathematics is elsewhere."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import speechbrain as sb
import torch
from speechbrain.dataio.batch import PaddedBatch
from speechbrain.utils.distributed import if_main_process
from torch import Tensor
from tqdm import tqdm

from lgc_plugin.augment.mixup import draw_mixup, mixup
from lgc_plugin.lgc import TrainingClips
from lgc_plugin.losses.supervised import supervised_losses
from lgc_plugin.metrics.evaluation import (
    EvaluationMetrics,
    NetworkResult,
    clip_name,
)
from lgc_plugin.nnet.valid_frames import count_valid, frame_mask
from lgc_plugin.types import SEDOutput

logger = logging.getLogger(__name__)

SELECTION_KEY = "teacher_intersection_f1_macro"


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
    """

    mels: Tensor
    frame_labels: Tensor
    clip_labels: Tensor
    label_kind: Tensor
    valid_frames: Tensor
    valid: Tensor | None


class LGCBrain(sb.Brain):
    """Trains a student with LGC, scores student and teacher.

    ``modules`` holds ``model`` (the student), ``front_end``
    (:class:`~lgc_plugin.nnet.features.LogMel`) and ``lgc``
    (:class:`~lgc_plugin.lgc.LGC`). ``hparams`` holds ``encoder``, ``lr``,
    ``mixup_alpha``, ``mixup_probability``, ``seed``, ``epoch_counter``,
    ``train_logger`` and ``tensorboard_logger``.

    Arguments
    ---------
    *arguments : Any
        See :class:`speechbrain.Brain`.
    birth_loader : Iterable[PaddedBatch]
        The whole training set, from which the prototypes are born.
    **options : Any
        See :class:`speechbrain.Brain`.

    Attributes
    ----------
    metrics : dict[sb.Stage, EvaluationMetrics]
        What scores ``Stage.VALID`` and ``Stage.TEST``; set it before these.
    results : dict[str, NetworkResult]
        Scores of the last test, by network.
    tested_epoch : int or None
        Epoch of the checkpoint that was tested; None for the last weights.
    """

    def __init__(
        self,
        *arguments: Any,
        birth_loader: Iterable[PaddedBatch] = (),
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.metrics: dict[sb.Stage, EvaluationMetrics] = {}
        self.birth_loader = birth_loader
        self.results: dict[str, NetworkResult] = {}
        self.tested_epoch: int | None = None
        self.stepped = False
        self._totals: dict[str, Tensor] = {}
        self._train_stats: dict[str, float] = {}
        if self.debug:
            # Two epochs should reach every part of the method.
            self.modules.lgc.birth_epoch = 1

    def compute_forward(
        self, batch: PaddedBatch, stage: sb.Stage
    ) -> dict[str, SEDOutput]:
        """What the student says of a batch; and, to be scored, the teacher."""
        self.clips = self.prepare(batch, mix=stage == sb.Stage.TRAIN)
        networks = {"student": self.modules.model}
        if stage != sb.Stage.TRAIN:
            networks["teacher"] = self.modules.lgc.teacher
        return {
            name: self.modules.lgc.run(
                network, self.clips.mels, self.clips.valid
            )
            for name, network in networks.items()
        }

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
        )
        loss = frame_loss + clip_loss
        if stage != sb.Stage.TRAIN:
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
        )
        self._record(frame=frame_loss, clip=clip_loss, **terms._asdict())
        return loss + terms.total

    def prepare(self, batch: PaddedBatch, mix: bool) -> Clips:
        """Moves a batch to the device, makes its mels, mixes it up.

        Arguments
        ---------
        batch : PaddedBatch
            From :mod:`lgc_plugin.data.datasets`.
        mix : bool
            Whether mixup may act.

        Returns
        -------
        Clips
        """
        encoder = self.hparams.encoder
        wavs = batch.wav.data
        # Read before the batch moves: afterwards it would cost a device sync.
        padded = bool((batch.n_samples < wavs.shape[1]).any())
        batch = batch.to(self.device)
        mels = self.modules.front_end.mel(batch.wav.data)
        n_frames = mels.shape[-1] // encoder.pooling
        valid_frames = count_valid(
            batch.n_samples, encoder.hop_length * encoder.pooling, n_frames
        )
        valid = frame_mask(valid_frames, n_frames) if padded else None
        frame_labels, clip_labels = (
            batch.frame_labels.data,
            batch.clip_labels.data,
        )
        if mix:
            plan = draw_mixup(
                batch.label_kind,
                self.hparams.mixup_alpha,
                self.hparams.mixup_probability,
            )
            mels = mixup(mels, plan)
            frame_labels = mixup(frame_labels, plan)
            clip_labels = mixup(clip_labels, plan)
            if valid is not None:
                mixed = (plan.weight < 1).unsqueeze(1)
                valid = valid | (mixed & valid[plan.permutation])
        return Clips(
            mels,
            frame_labels,
            clip_labels,
            batch.label_kind,
            valid_frames,
            valid,
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
        for group in self.optimizer.param_groups:
            group["lr"] = self.hparams.lr * self.modules.lgc.ramp

    def check_loss_isfinite(self, loss: Tensor) -> None:
        """Leaves it to the gradients, which a bad loss spoils as well.

        Under fp16 they may be infinite while the scaler looks for its scale,
        so that there the loss is what counts.
        """
        if self.scaler.is_enabled():
            super().check_loss_isfinite(loss)

    def optimizers_step(self) -> None:
        """Clips, then steps unless a gradient is infinite or NaN."""
        self.scaler.unscale_(self.optimizer)
        parameters = self.optimizer.param_groups[0]["params"]
        limit = self.max_grad_norm if self.max_grad_norm > 0 else float("inf")
        norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
        self.stepped = bool(torch.isfinite(norm))
        if self.stepped or self.scaler.is_enabled():
            self.scaler.step(self.optimizer)
        else:
            self._count_nonfinite()
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.optimizer_step += self.stepped

    def on_fit_batch_end(
        self,
        batch: PaddedBatch,
        outputs: dict[str, SEDOutput],
        loss: Tensor,
        should_step: bool,
    ) -> None:
        """Teacher and prototypes follow a step that happened."""
        if not should_step:
            return
        if self.stepped:
            self.modules.lgc.update_teacher(self.modules.model)
        else:
            self.modules.lgc.skip_step()

    def on_stage_start(self, stage: sb.Stage, epoch: int | None = None) -> None:
        """Empties what the stage will fill."""
        if stage == sb.Stage.TRAIN:
            self._totals = defaultdict(
                lambda: torch.zeros((), device=self.device)
            )
        else:
            self.metrics[stage].clear()

    def on_stage_end(
        self, stage: sb.Stage, stage_loss: float, epoch: int | None = None
    ) -> None:
        """Birth of the prototypes, scores, logs, checkpoint."""
        if stage == sb.Stage.TRAIN:
            self._train_stats = self._summarize_training(stage_loss)
            if self.modules.lgc.birth_is_due(epoch):
                self.modules.lgc.give_birth(
                    self._birth_clips(), self.hparams.seed
                )
        elif stage == sb.Stage.VALID:
            # The final test has all scores; these select the model.
            results = self.metrics[stage].summarize(psds=False, sed_eval=False)
            valid_stats = {"loss": stage_loss, **_flat(results)}
            self._log(epoch, valid_stats)
            self._save(epoch, valid_stats)
        else:
            logger.info("Scoring: all thresholds, student and teacher")
            self.results = self.metrics[stage].summarize()

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

    def _record(self, **values: Tensor) -> None:
        """Adds up scalars on the device; they are read once an epoch."""
        for name, value in values.items():
            self._totals[name] += value.detach()
        self._totals["batches"] += 1

    def _summarize_training(self, stage_loss: float) -> dict[str, float]:
        batches = max(float(self._totals.pop("batches")), 1.0)
        means = {k: float(v) / batches for k, v in self._totals.items()}
        return {"loss": float(stage_loss), **means}

    def _birth_clips(self) -> Iterator[TrainingClips]:
        """The training set, un-mixed, as the prototypes' birth wants it."""
        logger.info("Prototypes: gathering the frames of the training set")
        bar = tqdm(
            self.birth_loader,
            desc="prototypes",
            dynamic_ncols=True,
            disable=self.noprogressbar or not if_main_process(),
        )
        for number, batch in enumerate(bar, start=1):
            clips = self.prepare(batch, mix=False)
            yield TrainingClips(
                clips.mels, clips.label_kind, clips.frame_labels, clips.valid
            )
            if self.debug and number == self.debug_batches:
                return

    def _log(self, epoch: int, valid_stats: Mapping[str, float]) -> None:
        lgc = self.modules.lgc
        meta = {
            "epoch": epoch,
            "step": lgc.step,
            "lr": self.optimizer.param_groups[0]["lr"],
            "ramp": lgc.ramp,
            "active_prototypes": int(lgc.bank.active.sum()),
            **{f"{k}_weight": v for k, v in lgc.effective_weights.items()},
        }
        self.hparams.train_logger.log_stats(
            meta, self._train_stats, valid_stats=valid_stats, verbose=False
        )
        logger.info(
            "Epoch %d: training loss %.3f, intersection F1 on validation: "
            "student %.3f, teacher %.3f",
            epoch,
            self._train_stats["loss"],
            valid_stats["student_intersection_f1_macro"],
            valid_stats[SELECTION_KEY],
        )
        writer = self.hparams.tensorboard_logger.writer
        if writer is None:
            return
        tables = {
            "schedule": meta,
            "train": self._train_stats,
            "valid": valid_stats,
        }
        for table, numbers in tables.items():
            for name, number in numbers.items():
                writer.add_scalar(f"{table}/{name}", number, epoch)
        writer.flush()

    def _save(self, epoch: int, valid_stats: Mapping[str, float]) -> None:
        score = valid_stats[SELECTION_KEY]
        self.hparams.epoch_counter.update_metric(score)
        self.checkpointer.save_and_keep_only(
            meta={"epoch": epoch, SELECTION_KEY: score},
            max_keys=[SELECTION_KEY],
            # A fresh list: the default one grows with every call.
            importance_keys=[],
        )

    def _count_nonfinite(self) -> None:
        self.nonfinite_count += 1
        logger.warning(
            "Gradient infinite or NaN: step skipped (%d of %d this epoch)",
            self.nonfinite_count,
            self.nonfinite_patience,
        )
        if self.nonfinite_count > self.nonfinite_patience:
            raise ValueError(
                f"gradients were infinite or NaN {self.nonfinite_count} times "
                "in one epoch: lower lr, or set max_grad_norm; the last "
                "checkpoint is intact"
            )


def _flat(results: Mapping[str, NetworkResult]) -> dict[str, float]:
    """``{"teacher_psds1": ...}`` from results by network."""
    return {
        f"{network}_{name}": number
        for network, result in results.items()
        for name, number in result.flat().items()
    }

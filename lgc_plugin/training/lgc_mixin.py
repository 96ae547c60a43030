"""LGC for the Brain of any SpeechBrain recipe."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import speechbrain as sb
import torch
from speechbrain.utils.distributed import if_main_process
from torch import Tensor, nn

from lgc_plugin.lgc import LGC
from lgc_plugin.losses.term import LGCTerms
from lgc_plugin.training.device_values import MeanMeter
from lgc_plugin.training.process_state import RandomState
from lgc_plugin.training.recipe_modules import (
    NetworkModules,
    sed_output,
    student_of,
    unmixed_batches,
)
from lgc_plugin.types import SEDBatch, SEDOutput
from lgc_plugin.utils.distributed import get_world_size
from lgc_plugin.utils.files import atomic_file
from lgc_plugin.utils.parallel import progress_bar

logger = logging.getLogger(__name__)


class LGCMixin(sb.Brain):
    """Adds teacher, CutMix and prototypes to a Brain: ``(LGCMixin, sb.Brain)``.

    The recipe's own forward becomes :meth:`network`, which LGC also runs with
    the teacher's modules; ``compute_forward`` calls :meth:`lgc_forward`, and
    ``compute_objectives`` adds :meth:`lgc_loss` in training. The rest happens
    by itself: the teacher follows each optimizer step that really happened,
    prototypes are initialized when epoch ``contrast_start_epoch`` ends, and
    both are in the checkpoints, with the random state.

    ``hparams.lgc`` holds the settings of :class:`~lgc_plugin.lgc.LGC`, all but
    ``student`` and ``run``, and ``networks``, the modules that the teacher has
    copies of: by default those that learn; an unknown one is a ValueError. All
    others, such as a frozen encoder, student and teacher share.

    Attributes
    ----------
    lgc : LGC
        Teacher and prototypes.
    lgc_terms : LGCTerms or None
        The terms of the last training batch.
    lgc_stats : dict[str, float]
        Their means over the last epoch and all processes, for logs.
    prototype_loader : Iterable or None
        The whole training set in batches, for the initialization of the
        prototypes; None: made of what ``fit`` is given.

    Example
    -------
    >>> class MyBrain(LGCMixin, sb.Brain):
    ...     def network(self, modules, feats, lens):
    ...         hidden = modules.encoder(feats).relu()
    ...         return hidden, modules.output(hidden)
    ...     def compute_forward(self, batch, stage):
    ...         feats, labels = batch
    ...         return self.lgc_forward(feats, torch.ones(len(feats)), labels)
    ...     def compute_objectives(self, predictions, batch, stage):
    ...         loss = predictions[1].square().mean()
    ...         if stage == sb.Stage.TRAIN:
    ...             loss = loss + self.lgc_loss()
    ...         return loss
    >>> brain = MyBrain(
    ...     {"encoder": nn.Linear(8, 4), "output": nn.Linear(4, 1)},
    ...     lambda p: torch.optim.SGD(p, 0.1),
    ...     {"lgc": {"rampup_steps": 4, "contrast_start_epoch": 1}},
    ...     {"device": "cpu", "noprogressbar": True},
    ... )
    >>> data = [(torch.rand(2, 20, 8), torch.zeros(2, 20))]
    >>> brain.fit(range(1, 2), torch.utils.data.DataLoader(data, None))
    >>> brain.lgc.step, sorted(brain.lgc_stats)[:3]
    (1, ['contrast', 'cutmix', 'mean_teacher'])
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lgc_terms: LGCTerms | None = None
        self.prototype_loader: Iterable[Any] | None = None
        self._lgc_batch: SEDBatch | None = None
        self._lgc_predictions: SEDOutput | None = None
        self._lgc_uses_teacher = False
        self.lgc_stats: dict[str, float] = {}
        self._lgc_means = MeanMeter()
        self._stepped = False
        if "lgc" in self.modules:
            self._student, self.lgc = self.modules["model"], self.modules["lgc"]
        else:
            self.lgc = self._make_lgc()

    def network(self, modules: Any, feats: Tensor, lens: Tensor) -> Any:
        """The recipe's forward, with the student's or the teacher's modules.

        Arguments
        ---------
        modules : Any
            To use in the place of ``self.modules``.
        feats, lens : Tensor
            (B, T, F) features and (B,) relative lengths.

        Returns
        -------
        tuple[Tensor, Tensor] or tuple[Tensor, Tensor, Tensor] or SEDOutput
            Embeddings (B, T', D) and logits (B, T', C) or (B, T'); and, if
            there are any, logits of the clips (B, C). Without these the score
            of a clip is that of its largest frame.
        """
        raise NotImplementedError("give your Brain a method network()")

    def lgc_forward(
        self,
        feats: Tensor,
        lens: Tensor,
        labels: Tensor | None = None,
        known: Tensor | None = None,
    ) -> Any:
        """Runs :meth:`network`, and keeps the batch for :meth:`lgc_loss`.

        The arguments are those of
        :meth:`lgc_plugin.types.SEDBatch.from_frames`. Returns what
        :meth:`network` does; of the teacher within :meth:`use_teacher`.
        """
        batch = SEDBatch.from_frames(feats, lens, labels, known)
        modules = self.modules
        if self._lgc_uses_teacher:
            modules = NetworkModules(self.lgc.teacher.network, self.modules)
        outputs = self.network(modules, feats, lens)
        self._lgc_batch = batch
        self._lgc_predictions = sed_output(outputs, batch)
        return outputs

    def lgc_loss(
        self,
        batch: SEDBatch | None = None,
        predictions: SEDOutput | None = None,
    ) -> Tensor:
        """What to add to the loss of a training batch; 0 outside training.

        ``batch`` and ``predictions`` are those of the last
        :meth:`lgc_forward`, unless they are given.
        """
        predictions = predictions or self._lgc_predictions
        batch = self._lgc_batch if batch is None else batch
        if batch is None or predictions is None:
            raise ValueError("call lgc_forward before lgc_loss")
        if not self.lgc.training:
            return predictions.frame.new_zeros(())
        terms = self.lgc(self._student, batch, predictions)
        # Their graphs would keep the memory of a batch until the next.
        self.lgc_terms, self._lgc_predictions = terms.detach(), None
        scalars = self.lgc_terms.scalars()
        # The mean of the processes' means is the number in a whole step.
        scalars["n_anchors"] = scalars["n_anchors"] * get_world_size()
        self._lgc_means.add(**scalars)
        return terms.total

    @contextmanager
    def use_teacher(self) -> Iterator[None]:
        """Runs the teacher in the student's place, to evaluate it.

        ``with brain.use_teacher(): brain.evaluate(test_set, min_key="loss")``
        """
        before, self._lgc_uses_teacher = self._lgc_uses_teacher, True
        try:
            yield
        finally:
            self._lgc_uses_teacher = before

    def save_teacher(self, folder: str | Path) -> None:
        """Writes the teacher's modules as ``NAME.ckpt``, for a Pretrainer."""
        if not if_main_process():
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, module in self.lgc.teacher.network.named_children():
            with atomic_file(Path(folder) / f"{name}.ckpt") as file:
                torch.save(module.state_dict(), file)

    def fit(
        self, epoch_counter: Any, train_set: Any, *rest: Any, **options: Any
    ) -> None:
        """Trains; see :meth:`speechbrain.Brain.fit`."""
        loading = options.get("train_loader_kwargs") or {}
        self._train_source = train_set, dict(loading)
        super().fit(epoch_counter, train_set, *rest, **options)

    def on_fit_start(self) -> None:
        """Prepares for training; a new teacher begins as the student is now."""
        self.lgc.start(self._student)
        super().on_fit_start()
        # Perhaps from a checkpoint of a run without LGC.
        self.lgc.start(self._student)
        sync = nn.SyncBatchNorm
        if any(isinstance(m, sync) for m in self._student.modules()):
            teacher = self.lgc.teacher
            teacher.network = sync.convert_sync_batchnorm(teacher.network)
        optimizers = self.optimizers_dict or {"optimizer": self.optimizer}
        for optimizer in optimizers.values():
            optimizer.register_step_post_hook(self._note_step)

    def _note_step(self, *_: Any) -> None:
        self._stepped = True

    def optimizers_step(self) -> None:
        """The teacher follows a step, if it happened."""
        if hasattr(self, "step_taken"):  # an AsyncBrain, which never waits
            super().optimizers_step()
            taken: Tensor = self.step_taken
            self.lgc.update_teacher(self._student, taken)
            return
        self._stepped, scale = False, self.scaler.get_scale()
        super().optimizers_step()
        # The scale drops when gradients were infinite.
        if self._stepped and self.scaler.get_scale() >= scale:
            self.lgc.update_teacher(self._student)
        else:
            self.lgc.skip_step()

    def _fit_train(self, train_set: Any, epoch: int, enable: bool) -> None:
        """An epoch, after which the prototypes may be initialized."""
        self._lgc_means = MeanMeter()
        self.lgc.train()
        super()._fit_train(train_set, epoch, enable)
        self.lgc.eval()
        self.lgc_stats = self._lgc_means.read()
        self._log_terms(epoch)
        if self.lgc_stats.get("n_anchors") == 0 and self.lgc.contrasts:
            logger.warning(
                "LGC: no frame was sure enough for the contrast in epoch %d: "
                "lower pos_threshold, or start the contrast later",
                epoch,
            )
        if self.lgc.should_init_prototypes(epoch):
            seed = getattr(self.hparams, "seed", 0)
            self.modules.eval()
            self.lgc.init_prototypes(self._prototype_batches(), seed)

    def _log_terms(self, epoch: int) -> None:
        """The terms of an epoch, which the recipe's own log may lack."""
        terms = ", ".join(f"{k} {v:.3g}" for k, v in self.lgc_stats.items())
        logger.info("LGC, epoch %d: %s", epoch, terms or "no batch")

    def lgc_batch_of(self, batch: Any) -> SEDBatch:
        """A batch of the loader as the prototypes are initialized from it."""
        with torch.no_grad(), self.use_teacher():
            self.compute_forward(batch, sb.Stage.VALID)
        if self._lgc_batch is None:
            raise ValueError("compute_forward did not call lgc_forward")
        return self._lgc_batch

    def _prototype_batches(self) -> Iterator[SEDBatch]:
        """The training set, un-mixed; of several processes, a share."""
        logger.info("Prototypes: gathering the frames of the training set")
        source = self.prototype_loader
        if source is None:
            source = unmixed_batches(self, *self._train_source)
        bar = progress_bar(
            source,
            desc="prototypes",
            shown=not self.noprogressbar and if_main_process(),
        )
        for number, batch in enumerate(bar, start=1):
            yield self.lgc_batch_of(batch)
            if self.debug and number == self.debug_batches:
                return

    def _make_lgc(self) -> LGC:
        """LGC of the settings; saved with the rest.

        Not as one of the Brain's modules, which an optimizer trains.
        """
        settings = dict(getattr(self.hparams, "lgc", None) or {})
        self._student = student_of(self.modules, settings.pop("networks", None))
        settings = {"n_classes": None, "embedding_dim": None, **settings}
        lgc = LGC(self._student, run=self._run_network, **settings)
        lgc.to(self.device).eval()
        if self.checkpointer is not None:
            self.checkpointer.add_recoverable("lgc", lgc)
            if "random_state" not in self.checkpointer.recoverables:
                self.checkpointer.add_recoverable("random_state", RandomState())
        return lgc

    def _run_network(self, networks: nn.Module, batch: SEDBatch) -> SEDOutput:
        """Student or teacher on a batch, by the recipe's own forward."""
        outputs = self.network(
            NetworkModules(networks, self.modules),
            batch.features.transpose(1, 2),
            batch.relative_lengths,
        )
        return sed_output(outputs, batch)

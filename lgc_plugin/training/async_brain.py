"""SpeechBrain's training loop for any number of devices, never waiting."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import speechbrain as sb
import torch
from speechbrain.utils.distributed import is_distributed_initialized
from torch import Tensor, nn

from lgc_plugin.training.allocator import keep_freed_memory
from lgc_plugin.training.device_values import AsyncScalar
from lgc_plugin.training.process_state import BatchStatistics
from lgc_plugin.utils.distributed import (
    average_gradients,
    broadcast_module,
    broadcast_object,
)
from lgc_plugin.utils.parallel import is_terminal

logger = logging.getLogger(__name__)


class AsyncBrain(sb.Brain):
    """A Brain whose training step never waits for its device.

    SpeechBrain reads the loss of every batch, which keeps a GPU idle while
    the host prepares the next one. Here losses, and whether an optimizer step
    happened, stay on the device; the host reads them some steps later.

    Whether a step happens is decided by its gradients: one that is infinite
    or NaN skips it. More than ``nonfinite_patience`` such steps in an epoch
    end the training. With a fused optimizer (``fused: true``) the device
    skips by itself; with any other the host has to wait and see.

    Attributes
    ----------
    step_taken : Tensor
        Scalar bool on the device: whether the last optimizer step happened.
    """

    noprogressbar: bool
    train_sampler: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.noprogressbar = self.noprogressbar or not is_terminal()
        self.step_taken = torch.zeros((), dtype=torch.bool, device=self.device)
        self._skips = _Counter(self.device)
        self._failures = _Counter(self.device)
        self._losses = torch.zeros(2, device=self.device)
        self._known_loss = AsyncScalar()
        if self.checkpointer is not None:
            self.checkpointer.add_recoverable(
                "batch_statistics", BatchStatistics(self.modules)
            )
        if self.debug and self.checkpointer is not None:
            # Each process has made a temporary folder of its own.
            self.checkpointer.checkpoints_dir = broadcast_object(
                self.checkpointer.checkpoints_dir
            )

    def fit(
        self,
        epoch_counter: Iterable[int],
        train_set: Any,
        *arguments: Any,
        **options: Any,
    ) -> None:
        """Trains; sets every epoch on the loader's sampler.

        SpeechBrain does so only for samplers that it has made itself; a loader
        with another one has the same batches in every epoch.

        Arguments
        ---------
        epoch_counter : Iterable[int]
            Gives the epochs.
        train_set : Dataset or DataLoader
            What to train on.
        *arguments, **options : Any
            See :meth:`speechbrain.Brain.fit`.
        """
        sampler = getattr(train_set, "batch_sampler", None)
        if self.train_sampler is None and hasattr(sampler, "set_epoch"):
            self.train_sampler = sampler
        super().fit(epoch_counter, train_set, *arguments, **options)

    def on_fit_start(self) -> None:
        """Compiles, wraps, recovers; on a CPU, sets up its memory first."""
        if self.device_type == "cpu":
            keep_freed_memory()
        super().on_fit_start()

    def networks_to_compile(self) -> Iterable[nn.Module]:
        """What ``--compile`` compiles: modules that learn, unless named."""
        if self.compile_module_keys is not None:
            for name in self.compile_module_keys:
                if name not in self.modules:
                    raise ValueError(
                        f"compile_module_keys: there is no module {name!r}; "
                        f"there are {', '.join(self.modules)}"
                    )
            return [self.modules[name] for name in self.compile_module_keys]
        return [m for m in self.modules.values() if _learns(m)]

    def _compile(self) -> None:
        """Compiles in place: names in checkpoints stay what they are."""
        if self.compile or self.compile_module_keys is not None:
            for network in self.networks_to_compile():
                network.compile(
                    mode=self.compile_mode,
                    fullgraph=self.compile_using_fullgraph,
                    dynamic=self.compile_using_dynamic_shape_tracing,
                )

    def _wrap_distributed(self) -> None:
        """All processes begin alike; on GPUs they share batch statistics.

        Nothing is wrapped in a ``DistributedDataParallel``: it wants a
        gradient for every parameter at every step, even a zero, of which an
        optimizer like Adam keeps an average. With one process, a head without
        a loss has no gradient at all, and N processes should learn the same.
        """
        if not is_distributed_initialized():
            super()._wrap_distributed()
            return
        for name, module in self.modules.items():
            if self.device_type == "cuda":  # SyncBatchNorm needs CUDA
                module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
                self.modules[name] = module
            broadcast_module(module)

    def fit_batch(self, batch: Any) -> Tensor:
        """One training batch; the loss stays on the device.

        Arguments
        ---------
        batch : Any
            What ``compute_forward`` expects.

        Returns
        -------
        Tensor
            The detached loss.
        """
        should_step = self.step % self.grad_accumulation_factor == 0
        self.on_fit_batch_start(batch, should_step)
        with self.no_sync(not should_step):
            with self.training_ctx:
                outputs = self.compute_forward(batch, sb.Stage.TRAIN)
                loss = self.compute_objectives(outputs, batch, sb.Stage.TRAIN)
            self.scaler.scale(loss / self.grad_accumulation_factor).backward()
        if should_step:
            self.optimizers_step()
            self._watch(loss.detach())
        self.on_fit_batch_end(batch, outputs, loss, should_step)
        return loss.detach()

    def optimizers_step(self) -> None:
        """Clips, then steps unless a gradient is infinite or NaN."""
        parameters = [
            p for group in self.optimizer.param_groups for p in group["params"]
        ]
        average_gradients(parameters)
        self.scaler.unscale_(self.optimizer)
        limit = self.max_grad_norm if self.max_grad_norm > 0 else float("inf")
        norm = nn.utils.clip_grad_norm_(parameters, limit)
        self.step_taken = torch.isfinite(norm)
        if getattr(self.optimizer, "_step_supports_amp_scaling", False):
            # What a GradScaler sets on a fused optimizer, which then leaves
            # parameters and moments alone.
            self.optimizer.found_inf = (~self.step_taken).float()
            self.optimizer.grad_scale = None
            self.optimizer.step()
        elif bool(self.step_taken):
            self.optimizer.step()
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.optimizer_step += 1

    def update_average(self, loss: Tensor, avg_loss: float) -> float:
        """The mean loss so far, as last copied to the host."""
        if loss.device.type == "cpu":
            return super().update_average(loss, avg_loss)
        if self.step == 1:
            self._losses.zero_()
        finite = loss.isfinite()
        self._losses += torch.stack([loss.where(finite, 0.0), finite.float()])
        return self._known_loss.offer(
            self._losses[0] / self._losses[1].clamp_min(1.0)
        )

    def _watch(self, loss: Tensor) -> None:
        """Counts steps gone wrong; ends a training with too many of them."""
        self.optimizer_step -= self._skips.add(~self.step_taken)
        failed = ~self.step_taken
        if self.scaler.is_enabled():
            # While fp16 looks for its scale, infinite gradients are normal,
            # an infinite loss is not.
            failed = ~loss.isfinite()
        failures = self._failures.add(failed)
        if failures == 0:
            return
        self.nonfinite_count += failures
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


class _Counter:
    """Counts on the device; the host reads the count later."""

    def __init__(self, device: str) -> None:
        self._count = torch.zeros((), device=device)
        self._known = AsyncScalar()

    def add(self, event: Tensor) -> int:
        """Counts an event, or not; how many are new on the host."""
        self._count += event
        before = self._known.value
        return int(self._known.offer(self._count) - before)


def _learns(module: nn.Module) -> bool:
    return any(p.requires_grad for p in module.parameters())

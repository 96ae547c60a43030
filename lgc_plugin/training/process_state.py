"""What each process has of its own, as parts of checkpoints."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from speechbrain.utils.checkpoints import (
    mark_as_loader,
    mark_as_saver,
    register_checkpoint_hooks,
)
from speechbrain.utils.distributed import if_main_process
from torch import nn

from lgc_plugin.utils.distributed import (
    gather_object,
    get_rank,
    get_world_size,
)


@register_checkpoint_hooks
class ProcessState:
    """A recoverable that is another one in each process.

    :class:`~lgc_plugin.training.checkpoints.AtomicCheckpointer` calls
    :meth:`gather` on all processes before the main one saves.
    """

    def __init__(self) -> None:
        self._gathered: list[Any] | None = None

    def gather(self) -> None:
        """Collects the states of all processes on the main one."""
        self._gathered = gather_object(self.state())

    def state(self) -> Any:
        """What this process has."""
        raise NotImplementedError

    def restore(self, states: list[Any]) -> None:
        """Takes the state of this process out of those of all."""
        raise NotImplementedError

    @mark_as_saver
    def save(self, path: str | Path) -> None:
        """Writes the states; only the main process does.

        Arguments
        ---------
        path : str or Path
            The file.
        """
        if if_main_process():
            # Another checkpointer collects nothing.
            torch.save(self._gathered or [self.state()], path)
            self._gathered = None

    @mark_as_loader
    def load(self, path: str | Path, end_of_epoch: bool) -> None:
        """Reads the states back.

        Arguments
        ---------
        path : str or Path
            The file.
        end_of_epoch : bool
            Not needed; part of the interface.
        """
        del end_of_epoch
        self.restore(torch.load(path, weights_only=True))


class RandomState(ProcessState):
    """The random state of Python, NumPy and PyTorch, as a recoverable.

    With it, a run that was stopped draws the same numbers as one that was not.
    If more processes go on than there were, those that are new draw numbers
    that follow from the main one's.

    Example
    -------
    >>> file = getfixture("tmp_path") / "random.ckpt"
    >>> state = RandomState()
    >>> state.save(file)
    >>> before = (random.random(), np.random.rand(), torch.rand(1).item())
    >>> state.load(file, end_of_epoch=True)
    >>> (random.random(), np.random.rand(), torch.rand(1).item()) == before
    True
    """

    def state(self) -> dict[str, Any]:
        """The states of all generators."""
        legacy: Any = np.random.get_state()
        kind, keys, *rest = legacy
        return {
            "python": random.getstate(),
            "numpy": (kind, torch.from_numpy(keys.astype(np.int64)), *rest),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all(),
        }

    def restore(self, states: list[dict[str, Any]]) -> None:
        """Sets all generators."""
        rank = get_rank()
        state = states[rank if rank < len(states) else 0]
        random.setstate(state["python"])
        kind, keys, *rest = state["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
        torch.set_rng_state(state["torch"])
        if len(state["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(state["cuda"])
        if rank >= len(states):
            torch.manual_seed(int(torch.randint(2**62, ())) + rank)


class BatchStatistics(ProcessState):
    """The batch statistics of modules, as a recoverable.

    At the end of an epoch all processes have the same, within it each has its
    own; a single process has them with its modules.
    """

    def __init__(self, modules: nn.Module) -> None:
        super().__init__()
        self.modules = modules

    def state(self) -> dict[str, torch.Tensor]:
        """The floating-point buffers, by name."""
        if get_world_size() == 1:
            return {}
        return {
            name: buffer.detach().cpu().clone()
            for name, buffer in self.modules.named_buffers()
            if buffer.is_floating_point()
        }

    def restore(self, states: list[dict[str, torch.Tensor]]) -> None:
        """Fills the buffers; of another number of processes, with none."""
        if len(states) == get_world_size():
            mine = states[get_rank()]
            for name, buffer in self.modules.named_buffers():
                if name in mine:
                    buffer.copy_(mine[name])

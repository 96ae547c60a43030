"""The random state, as a part of checkpoints."""

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


@register_checkpoint_hooks
class RandomState:
    """The random state of Python, NumPy and PyTorch, as a recoverable.

    With it, a run that was stopped after an epoch draws the same numbers as
    one that was not.

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

    @mark_as_saver
    def save(self, path: str | Path) -> None:
        """Writes the state; only the main process does.

        Arguments
        ---------
        path : str or Path
            The file.
        """
        if not if_main_process():
            return
        legacy: Any = np.random.get_state()
        kind, keys, *rest = legacy
        state = {
            "python": random.getstate(),
            "numpy": (kind, torch.from_numpy(keys.astype(np.int64)), *rest),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all(),
        }
        torch.save(state, path)

    @mark_as_loader
    def load(self, path: str | Path, end_of_epoch: bool) -> None:
        """Reads the state back.

        Arguments
        ---------
        path : str or Path
            The file.
        end_of_epoch : bool
            Not needed; part of the interface.
        """
        del end_of_epoch
        state = torch.load(path, weights_only=True)
        random.setstate(state["python"])
        kind, keys, *rest = state["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
        torch.set_rng_state(state["torch"])
        if len(state["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(state["cuda"])

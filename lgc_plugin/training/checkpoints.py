"""Checkpoints that are whole, and that hold the random state too."""

from __future__ import annotations

import logging
import math
import os
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from speechbrain.utils.checkpoints import (
    Checkpoint,
    Checkpointer,
    mark_as_loader,
    mark_as_saver,
    register_checkpoint_hooks,
)
from speechbrain.utils.distributed import ddp_barrier, if_main_process

_UNFINISHED = "unfinished-"


class AtomicCheckpointer(Checkpointer):
    """SpeechBrain's checkpointer, but a checkpoint is whole or not there.

    The original writes the file that makes a folder count as a checkpoint
    first, so that a run killed while saving recovers from half a checkpoint.
    Here a folder is written under another name, flushed to disk, and renamed.

    Arguments
    ---------
    checkpoints_dir : str
        Folder of the checkpoints; made if missing.
    **options : Any
        See :class:`speechbrain.utils.checkpoints.Checkpointer`.

    Example
    -------
    >>> layer = torch.nn.Linear(1, 1)
    >>> folder = getfixture("tmp_path")
    >>> checkpointer = AtomicCheckpointer(folder, recoverables={"l": layer})
    >>> _ = checkpointer.save_checkpoint(meta={"f1": np.float32(0.5)})
    >>> checkpointer.find_checkpoint(max_key="f1").meta["f1"]
    0.5
    """

    def __init__(self, checkpoints_dir: str | Path, **options: Any) -> None:
        super().__init__(checkpoints_dir, **options)
        if if_main_process():
            for folder in self.checkpoints_dir.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(folder, ignore_errors=True)

    def save_checkpoint(
        self,
        meta: Mapping[str, Any] | None = None,
        end_of_epoch: bool = True,
        name: str | None = None,
        verbosity: int = logging.INFO,
    ) -> Checkpoint | None:
        """Saves all recoverables; call it on all processes.

        Arguments
        ---------
        meta : Mapping, optional
            Numbers to choose checkpoints by. NaN becomes minus infinity,
            since NaN cannot be ranked.
        end_of_epoch : bool
            Whether an epoch is complete.
        name : str, optional
            Instead of the time.
        verbosity : int
            Level of the log line.

        Returns
        -------
        Checkpoint or None
            None on all but the main process.
        """
        plain = {key: _plain(value) for key, value in (meta or {}).items()}
        saved = super().save_checkpoint(
            plain, end_of_epoch, name, logging.DEBUG
        )
        ddp_barrier()
        if saved is not None:
            saved = _publish(saved)
            logging.getLogger(__name__).log(
                verbosity, "Saved a checkpoint in %s", saved.path
            )
        ddp_barrier()
        return saved

    def _new_checkpoint_dirpath(self) -> Path:
        return _unfinished(super()._new_checkpoint_dirpath())

    def _custom_checkpoint_dirpath(self, name: str) -> Path:
        return _unfinished(super()._custom_checkpoint_dirpath(name))


def _plain(value: Any) -> Any:
    """A value that YAML can write, and that can be ranked."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return -math.inf
    return value


def _unfinished(path: Path) -> Path:
    return path.with_name(_UNFINISHED + path.name)


def _publish(saved: Checkpoint) -> Checkpoint:
    """Flushes a finished folder to disk and gives it its real name."""
    for file in saved.path.iterdir():
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    final = saved.path.with_name(saved.path.name.removeprefix(_UNFINISHED))
    replaced = None
    if final.exists():
        replaced = final.with_name(f"{_UNFINISHED}replaced-{final.name}")
        os.replace(final, replaced)
    os.replace(saved.path, final)
    if replaced is not None:
        shutil.rmtree(replaced)
    files = {key: final / path.name for key, path in saved.paramfiles.items()}
    return Checkpoint(final, saved.meta, files)


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

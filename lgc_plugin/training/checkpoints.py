"""Checkpoints that are whole, or are not taken for checkpoints."""

from __future__ import annotations

import logging
import math
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from speechbrain.utils.checkpoints import (
    CKPT_PREFIX,
    METAFNAME,
    PARAMFILE_EXT,
    Checkpoint,
    Checkpointer,
    ckpt_recency,
)
from speechbrain.utils.distributed import ddp_barrier, if_main_process

from lgc_plugin.training.process_state import ProcessState
from lgc_plugin.utils.checksums import (
    SUMS,
    ChangedFileError,
    read_listed,
    read_sums,
    write_sums,
)
from lgc_plugin.utils.files import explain_full_disk
from lgc_plugin.utils.locks import lock_file
from lgc_plugin.utils.yaml_files import parse_yaml

logger = logging.getLogger(__name__)

_UNFINISHED = "unfinished-"


class AtomicCheckpointer(Checkpointer):
    """SpeechBrain's checkpointer, but a checkpoint is whole or not there.

    The original writes the file that makes a folder count as a checkpoint
    first, so that a run killed while saving recovers from half a checkpoint.
    Here a folder is written under another name, flushed to disk, and renamed.
    The digests of its files are in ``SHA256SUMS`` and are compared before a
    checkpoint is loaded. If the newest is damaged, it is renamed, and training
    goes on from the one before it, with a warning. Any other damaged one might
    be the best of the run, so that its absence would change the result:
    :meth:`set_aside_damaged` refuses to go on. One process at a time writes
    checkpoints to a folder.

    Arguments
    ---------
    checkpoints_dir : str
        Folder of the checkpoints; made if missing.
    **options : Any
        See :class:`speechbrain.utils.checkpoints.Checkpointer`.

    Example
    -------
    >>> from torch import nn
    >>> folder = getfixture("tmp_path")
    >>> parts = {"layer": nn.Linear(1, 1)}
    >>> checkpointer = AtomicCheckpointer(folder, recoverables=parts)
    >>> _ = checkpointer.save_checkpoint(meta={"f1": 0.5})
    >>> checkpointer.find_checkpoint(max_key="f1").meta["f1"]
    0.5
    """

    def __init__(self, checkpoints_dir: str | Path, **options: Any) -> None:
        super().__init__(checkpoints_dir, **options)
        # What is wrong with a checkpoint, found out once for each.
        self._faults: dict[Path, str] = {}

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
        folder = self.checkpoints_dir
        for part in self.recoverables.values():
            if isinstance(part, ProcessState):
                part.gather()
        with ExitStack() as held:
            if if_main_process():
                held.enter_context(lock_file(folder / ".lock", str(folder)))
                self._remove_unfinished()
                # Nothing is left of one that could not be written.
                held.callback(self._remove_unfinished)
            with explain_full_disk(folder / "a checkpoint"):
                saved = super().save_checkpoint(
                    plain, end_of_epoch, name, logging.DEBUG
                )
                ddp_barrier()
                if saved is not None:
                    saved = _publish(saved)
                    self._faults[saved.path] = ""
                    logger.log(
                        verbosity, "Saved a checkpoint in %s", saved.path
                    )
        ddp_barrier()
        return saved

    def recover_if_possible(
        self,
        importance_key: Any = None,
        max_key: str | None = None,
        min_key: str | None = None,
        ckpt_predicate: Any = None,
    ) -> Checkpoint | None:
        """Loads a checkpoint that is whole: see :meth:`set_aside_damaged`."""
        self.set_aside_damaged(testing=bool(max_key or min_key))
        return super().recover_if_possible(
            importance_key, max_key, min_key, ckpt_predicate
        )

    def set_aside_damaged(self, testing: bool = False) -> None:
        """Renames checkpoints that are damaged, if the run can do without.

        Call it on all processes.

        Arguments
        ---------
        testing : bool
            Whether the best is wanted, so that none can be done without.

        Raises
        ------
        ValueError
            If one is damaged that is not newer than all the others, or if
            there is no other; the message names the file.
        """
        folders = self._checkpoint_folders()
        damaged = {f: fault for f in folders if (fault := self._fault(f))}
        whole = [c.meta["unixtime"] for c in self.list_checkpoints()]
        for folder, fault in damaged.items():
            if not whole:
                raise ValueError(
                    f"{fault}: no checkpoint of the run is whole; restore it, "
                    f"or delete {self.checkpoints_dir} to begin anew"
                )
            if testing or _time_of(folder) <= max(whole):
                raise ValueError(
                    f"{fault}: this checkpoint may be the best of the run; "
                    f"restore it, or delete {folder} to do without it"
                )
        ddp_barrier()
        for folder, fault in damaged.items():
            new = folder.with_name(f"damaged-{folder.name}")
            logger.warning(
                "%s: damaged, kept as %s; going on from the checkpoint before",
                fault,
                new.name,
            )
            if if_main_process():
                os.replace(folder, new)
        ddp_barrier()

    def delete_checkpoints(
        self,
        *,
        num_to_keep: int = 1,
        min_keys: Iterable[str] | None = None,
        max_keys: Iterable[str] | None = None,
        importance_keys: Iterable[Any] = (ckpt_recency,),
        ckpt_predicate: Any = None,
        verbosity: int = logging.INFO,
    ) -> None:
        """Deletes all but the best of each key: a kill leaves no half of one.

        See :meth:`speechbrain.utils.checkpoints.Checkpointer`.
        """
        if num_to_keep < 1:
            raise ValueError(f"num_to_keep is {num_to_keep}: give 1 or more")
        keys = [
            *({"min_key": key} for key in min_keys or ()),
            *({"max_key": key} for key in max_keys or ()),
            *({"importance_key": key} for key in importance_keys),
        ]
        find = partial(self.find_checkpoints, ckpt_predicate=ckpt_predicate)
        ranked = [[found.path for found in find(**key)] for key in keys]
        kept = {path for paths in ranked for path in paths[:num_to_keep]}
        ddp_barrier()
        for path in sorted({p for paths in ranked for p in paths} - kept):
            if if_main_process():
                os.replace(path, _unfinished(path))
                shutil.rmtree(_unfinished(path))
                logger.log(verbosity, "Deleted the checkpoint %s", path)
        ddp_barrier()

    def _checkpoint_folders(self) -> list[Path]:
        """All that were finished once, damaged or not."""
        found = self.checkpoints_dir.glob(f"{CKPT_PREFIX}*")
        return sorted(folder for folder in found if folder.is_dir())

    def _list_checkpoint_dirs(self) -> list[Path]:
        return [f for f in self._checkpoint_folders() if not self._fault(f)]

    def _fault(self, folder: Path) -> str:
        """What is wrong with a checkpoint, if anything."""
        if folder not in self._faults:
            self._faults[folder] = _find_fault(folder)
        return self._faults[folder]

    def _remove_unfinished(self) -> None:
        for folder in self.checkpoints_dir.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _new_checkpoint_dirpath(self) -> Path:
        return _unfinished(super()._new_checkpoint_dirpath())

    def _custom_checkpoint_dirpath(self, name: str) -> Path:
        return _unfinished(super()._custom_checkpoint_dirpath(name))


def _find_fault(folder: Path) -> str:
    """Compares the files of a checkpoint with their digests."""
    name = SUMS
    try:
        sums = read_sums(folder)
        if sums is None:
            return f"{folder / SUMS}: is missing"
        files = {f.name for f in folder.iterdir() if f.suffix == PARAMFILE_EXT}
        for name in sorted({METAFNAME, *sums, *files}):
            read_listed(folder / name, sums)
    except FileNotFoundError as error:
        return f"{error.filename}: is missing"
    except ChangedFileError:
        return f"{folder / name}: is damaged (its digest is not that in {SUMS})"
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _time_of(folder: Path) -> float:
    """When a damaged checkpoint was saved; 0 if nobody knows."""
    try:
        text = read_listed(folder / METAFNAME, read_sums(folder) or {})
        return float(parse_yaml(text.decode(), folder)["unixtime"])
    except (OSError, ValueError):
        return 0.0


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
    write_sums(saved.path)
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

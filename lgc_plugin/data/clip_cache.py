"""Decoded clips, kept on disk or in memory, so that training never decodes.

- ``none``: clips are decoded from their files each time.
- ``disk``: one packed file of 16-bit samples per manifest, decoded once and
  kept for later runs. Each process maps it into memory, so that the clips
  stay in memory as far as there is any free, once for all processes.
- ``memory``: the same samples in memory, decoded at every start. The workers
  of a process share them, but several processes that train together hold a
  copy each.

The three give the same samples.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from speechbrain.utils.distributed import (
    ddp_barrier,
    if_main_process,
    run_on_main,
    run_once_per_node,
)

from lgc_plugin.data.free_space import free_disk, free_memory
from lgc_plugin.data.packed_clips import (
    SAMPLE_BYTES,
    ClipFiles,
    Clips,
    PackedMemory,
    packed_path,
    remove_earlier,
)
from lgc_plugin.data.packed_file import open_packed, write_packed
from lgc_plugin.utils.parallel import available_cores, progress_bar

logger = logging.getLogger(__name__)

CACHES = ("none", "disk", "memory")

# The rest is for the network and its batches.
_MEMORY_SHARE = 0.9

# Clips that are decoded ahead of the one being stored.
_AHEAD = 256


def cache_clips(
    files: Mapping[str, ClipFiles],
    cache: str,
    folder: str | Path | None = None,
    *,
    copies: int = 1,
    progress: bool = True,
) -> dict[str, Clips]:
    """Decodes clips once.

    Of several processes, only the main one writes to disk (and one of each
    further machine, if it does not see the same disk); the others wait.
    """
    if cache not in CACHES:
        raise ValueError(
            f"data_cache is {cache!r}: use one of {', '.join(CACHES)}"
        )
    if cache == "none":
        return dict(files)
    progress = progress and if_main_process()
    if cache == "memory":
        return _load(files, copies, progress)
    if folder is None:
        raise ValueError(
            "data_cache is 'disk', but there is no cache_folder: name one, or "
            "set data_cache to memory or none"
        )
    return _open(files, Path(folder), progress)


def _load(
    files: Mapping[str, ClipFiles], copies: int, progress: bool
) -> dict[str, Clips]:
    """Decodes all clips into memory."""
    sizes = {name: clips.total() for name, clips in files.items()}
    needed = SAMPLE_BYTES * sum(sizes.values()) * copies
    free = _MEMORY_SHARE * free_memory()
    if needed > free:
        several = (
            "" if copies == 1 else f" (a copy for each of {copies} processes)"
        )
        raise OSError(
            f"data_cache memory needs {_gigabytes(needed)} for "
            f"{', '.join(files)}{several}, but {_gigabytes(free)} of memory "
            "can be had: set data_cache to disk, or to none"
        )
    ddp_barrier()  # all have read the free space before one uses it
    threads = max(1, available_cores() // copies)
    caches: dict[str, Clips] = {}
    for name, clips in files.items():
        samples = torch.empty(sizes[name], dtype=torch.int16)
        lengths, end = [], 0
        for clip in _decoded(name, clips, threads, progress):
            if end + len(clip) > len(samples):  # longer than when prepared
                more = torch.empty(len(samples) + len(clip), dtype=torch.int16)
                samples = torch.cat([samples[:end], more])
            samples[end : end + len(clip)] = torch.from_numpy(clip)
            lengths.append(len(clip))
            end += len(clip)
        caches[name] = PackedMemory(samples, lengths)
        logger.info(
            "%s: %d clips in memory, %s",
            name,
            len(clips),
            _gigabytes(SAMPLE_BYTES * end),
        )
    return caches


def _open(
    files: Mapping[str, ClipFiles], folder: Path, progress: bool
) -> dict[str, Clips]:
    """Packed files of all clips; those that are missing are written."""
    paths = {
        name: packed_path(name, clips, folder) for name, clips in files.items()
    }
    run_on_main(_write_missing, args=(files, paths, progress))
    # Other machines write theirs, unless they see what was just written.
    run_once_per_node(_write_missing, args=(files, paths, progress))
    caches: dict[str, Clips] = {}
    for name, path in paths.items():
        packed = open_packed(path)
        if packed is None:
            raise OSError(
                f"{path}: gone, or not whole, although just written: does "
                "something else write to this folder, or to the audio?"
            )
        logger.info("%s: %d decoded clips in %s", name, len(packed), path)
        caches[name] = packed
    return caches


def _write_missing(
    files: Mapping[str, ClipFiles], paths: Mapping[str, Path], progress: bool
) -> None:
    missing = {
        name: clips
        for name, clips in files.items()
        if open_packed(paths[name], check=True) is None
    }
    for name in missing:
        if paths[name].exists():
            logger.warning("%s is damaged: it is written anew", paths[name])
    sizes = {name: clips.total() for name, clips in missing.items()}
    for name, clips in missing.items():
        _check_disk(sizes, paths[name].parent)
        decoded = _decoded(name, clips, available_cores(), progress)
        remove_earlier(paths[name])
        write_packed(paths[name], decoded)
        del sizes[name]


def _check_disk(sizes: Mapping[str, int], folder: Path) -> None:
    """Raises an error unless all that is still to be written has room."""
    needed, free = SAMPLE_BYTES * sum(sizes.values()), free_disk(folder)
    if needed > free:
        raise OSError(
            f"data_cache disk needs {_gigabytes(needed)} in {folder} for "
            f"{', '.join(sizes)}, but {_gigabytes(free)} is free there: set "
            "cache_folder to another disk, or data_cache to memory or none"
        )


def _decoded(
    name: str, files: ClipFiles, threads: int, progress: bool
) -> Iterator[np.ndarray]:
    """All clips, in order; libsndfile decodes without Python's lock."""
    with (
        ThreadPoolExecutor(threads) as pool,
        progress_bar(
            total=len(files),
            desc=f"decoding {name}",
            unit="clip",
            shown=progress,
        ) as bar,
    ):
        for first in range(0, len(files), _AHEAD):
            end = min(first + _AHEAD, len(files))
            for clip in pool.map(files.__getitem__, range(first, end)):
                bar.update()
                yield clip


def _gigabytes(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:.2f} GB"

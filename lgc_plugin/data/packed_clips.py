"""Many clips in one array of samples, in memory or in a packed file.

The name of the file ends in two digests: which clips they are, and in which
state their files were.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from lgc_plugin.data.audio_files import read_clip
from lgc_plugin.data.audio_stream import unreadable
from lgc_plugin.data.packed_file import starts_of

SAMPLE_BYTES = 2

# To be raised when decoding changes, so that old files are written anew.
_VERSION = 2

# Asking for the state of a file on a network disk is waiting, not computing.
_READERS = 16


class Clips(Protocol):
    """Clips by number, wherever their samples are kept."""

    def __len__(self) -> int:
        """Number of clips."""

    def __getitem__(self, index: int) -> np.ndarray:
        """Samples (N,) int16 of a clip; a view that must not be written to."""


@dataclass(frozen=True)
class ClipFiles:
    """Clips that are decoded from their files each time."""

    #: The audio files.
    paths: tuple[str, ...]
    #: Seconds of each, as the preparation counted them.
    seconds: tuple[float, ...]
    #: What their rate must be.
    sample_rate: int
    #: Longer clips are cut to this; None reads all.
    n_samples: int | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return read_clip(self.paths[index], self.sample_rate, self.n_samples)

    def total(self) -> int:
        """Samples of all clips."""
        frames = [round(s * self.sample_rate) for s in self.seconds]
        if self.n_samples is not None:
            frames = [min(n, self.n_samples) for n in frames]
        return sum(frames)


class PackedMemory:
    """Clips in one tensor.

    Worker processes share it: forked ones inherit it, and others are handed
    it in PyTorch's shared memory, which is what it is a tensor for.
    """

    def __init__(self, samples: Tensor, lengths: Sequence[int]) -> None:
        self.samples = samples
        self.starts = starts_of(lengths)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        start, end = self.starts[index], self.starts[index + 1]
        return self.samples[start:end].numpy()

    def __deepcopy__(self, memo: dict[int, Any]) -> PackedMemory:
        # SpeechBrain copies a data set to filter it: not gigabytes of samples.
        return self


def packed_path(name: str, files: ClipFiles, folder: str | Path) -> Path:
    """The file that holds some clips as their files are now."""
    paths = [os.path.abspath(path) for path in files.paths]
    which = _digest([_VERSION, files.sample_rate, files.n_samples, paths])
    with ThreadPoolExecutor(_READERS) as pool:
        state = _digest(list(pool.map(_state, paths)))
    return Path(folder) / f"{name}-{which}-{state}.int16"


def remove_earlier(path: Path) -> None:
    """Removes files of the same clips in an earlier state."""
    for stale in _earlier(path):
        stale.unlink(missing_ok=True)


def _earlier(path: Path) -> Iterator[Path]:
    which, _, state = path.stem.rpartition("-")
    for other in path.parent.glob(f"{which}-{'?' * len(state)}.*"):
        if other.stem != path.stem:
            yield other


def _state(path: str) -> tuple[int, int]:
    """What changes when a file is replaced."""
    try:
        stat = os.stat(path)
    except OSError as error:
        raise unreadable(path, error.strerror) from error
    return stat.st_size, stat.st_mtime_ns


def _digest(content: Any) -> str:
    # 64 bits: two lists will not meet by chance.
    text = json.dumps(content).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:16]

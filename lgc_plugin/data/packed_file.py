"""Many arrays of numbers in one file.

``NAME.TYPE`` holds the numbers of all arrays one after the other,
little-endian; TYPE is what NumPy calls them, such as int16. Beside it lies
``NAME.json``, written last, with the length and a checksum of each array.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from lgc_plugin.utils.files import (
    atomic_file,
    read_checked_json,
    write_checked_json,
)


class PackedFile:
    """Arrays of one file, mapped into memory by each process that reads it."""

    def __init__(self, path: Path, facts: Mapping[str, Any]) -> None:
        self.path = path
        #: Lengths, checksums, and whatever else was written down about them.
        self.facts = facts
        self.starts = starts_of(facts["lengths"])
        self._numbers: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        if self._numbers is None:
            self._numbers = self._map()
        start, end = self.starts[index], self.starts[index + 1]
        return self._numbers[start:end]

    def __getstate__(self) -> dict[str, Any]:
        # Pickled, a map would become a copy: the other process opens its own.
        return {**self.__dict__, "_numbers": None}

    def _map(self) -> np.ndarray:
        if not self.starts[-1]:  # nothing cannot be mapped
            return np.empty(0, _type_of(self.path))
        mapped = np.memmap(self.path, _type_of(self.path), mode="r")
        # Slices of a plain array cost less than slices of a memmap.
        return mapped.view(np.ndarray)

    def has_whole_size(self) -> bool:
        """Whether the file is as large as all arrays are."""
        size = _type_of(self.path).itemsize * self.starts[-1]
        return self.path.is_file() and self.path.stat().st_size == size

    def is_unchanged(self) -> bool:
        """Whether every array has its checksum: 1 to 2 GB a second."""
        # The checksum is computed without Python's lock.
        with ThreadPoolExecutor() as pool:
            found = pool.map(
                lambda i: zlib.crc32(self[i].data), range(len(self))
            )
            return list(found) == self.facts["checksums"]


def open_packed(path: Path, *, check: bool = False) -> PackedFile | None:
    """The arrays of a file; None if it is not whole.

    The lengths are checked against a digest, and with ``check`` every array
    against its checksum.
    """
    facts = read_checked_json(path.with_suffix(".json"))
    if facts is None or "lengths" not in facts:
        return None
    packed = PackedFile(path, facts)
    if not packed.has_whole_size() or (check and not packed.is_unchanged()):
        return None
    return packed


def write_packed(
    path: Path, arrays: Iterable[np.ndarray], **facts: Any
) -> None:
    """Writes arrays to one file, whole or not at all, and facts about them."""
    lengths, checksums = [], []
    with atomic_file(path) as temporary, open(temporary, "wb") as file:
        for array in arrays:
            numbers = np.ascontiguousarray(array, _type_of(path)).reshape(-1)
            file.write(numbers.data)
            lengths.append(len(numbers))
            checksums.append(zlib.crc32(numbers.data))
        # A full network disk may raise only now.
        file.flush()
        os.fsync(file.fileno())
    written = {"lengths": lengths, "checksums": checksums, **facts}
    write_checked_json(path.with_suffix(".json"), written)


def starts_of(lengths: Sequence[int]) -> np.ndarray:
    """Where each array begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _type_of(path: Path) -> np.dtype:
    return np.dtype(path.suffix[1:]).newbyteorder("<")

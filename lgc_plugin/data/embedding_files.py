"""Files of frame embeddings, found again by what the clips sound like.

A folder belongs to one encoder with its settings. It holds packed files of
some clips each, which several trainings share; an embedding is found by the
key of its clip, a digest of the samples, in whichever file it is.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from lgc_plugin.data.packed_file import PackedFile, open_packed, write_packed
from lgc_plugin.models.encoders import FrameEncoder

logger = logging.getLogger(__name__)

NUMBER_BYTES = 2
_SUFFIX = ".float16"
_FILES = f"{'[0-9a-f]' * 16}.json"

Place: TypeAlias = tuple[PackedFile, int]
"""A packed file, and which of its arrays."""


class Embeddings:
    """Embeddings by number of clip, mapped by each process that reads them."""

    def __init__(self, size: int, places: Sequence[Place]) -> None:
        self.size = size
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> np.ndarray:
        """(E, T_e) float16; a view that must not be written to."""
        file, number = self.places[index]
        return file[number].reshape(self.size, -1)


class EmbeddingFiles:
    """The files of one encoder, in a folder of its own."""

    def __init__(self, folder: str | Path, encoder: FrameEncoder) -> None:
        self.fingerprint = encoder.fingerprint
        self.folder = Path(folder) / "embeddings" / self.fingerprint[:16]

    def find(self, keys: Iterable[str], *, check: bool) -> dict[str, Place]:
        """Where the embeddings of some clips are, as far as they are there.

        With ``check``, files that hold other than what was written are
        removed.
        """
        keys = set(keys)
        found: dict[str, Place] = {}
        for index in sorted(self.folder.glob(_FILES)):
            path = index.with_suffix(_SUFFIX)
            file = self._open(path)
            if file is not None:
                here = _places(file, keys - found.keys())
                if not (here and check) or file.is_unchanged():
                    found.update(here)
                    continue
            if check:
                logger.warning(
                    "%s is damaged, or of another encoder: it is removed, and "
                    "what is missing is computed anew",
                    path,
                )
                index.unlink(missing_ok=True)
                path.unlink(missing_ok=True)
        return found

    def holds(self, keys: Sequence[str]) -> bool:
        """Whether the file that :meth:`write` would write is there."""
        return self._open(self._path(keys), check=True) is not None

    def write(
        self, keys: Sequence[str], embeddings: Iterable[np.ndarray]
    ) -> None:
        """Writes the embeddings of some clips to one file."""
        write_packed(
            self._path(keys),
            embeddings,
            keys=list(keys),
            fingerprint=self.fingerprint,
        )

    def _path(self, keys: Sequence[str]) -> Path:
        text = json.dumps([self.fingerprint, *keys])
        digest = hashlib.sha256(text.encode()).hexdigest()
        return self.folder / f"{digest[:16]}{_SUFFIX}"

    def _open(self, path: Path, *, check: bool = False) -> PackedFile | None:
        file = open_packed(path, check=check)
        if file is None:
            return None
        own = file.facts.get("fingerprint") == self.fingerprint
        return file if own else None


def content_key(samples: np.ndarray) -> str:
    """The name of a clip by its content: a digest of its 16-bit samples."""
    numbers = np.ascontiguousarray(samples, "<i2")
    return hashlib.sha256(numbers.data).hexdigest()[:32]


def _places(file: PackedFile, keys: Collection[str]) -> dict[str, Place]:
    """Those of some clips that a file holds."""
    held = enumerate(file.facts["keys"])
    return {key: (file, number) for number, key in held if key in keys}

"""Recordings with the same content, whatever their names and formats."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from lgc_plugin.data.audio_files import decode_blocks, measure_files
from lgc_plugin.data.own.sources import Source


def find_copies(sources: Sequence[Source]) -> list[list[Source]]:
    """Recordings whose samples are the same, together.

    Only those of the same length and the same begin are decoded to the end.
    """
    sizes = [(x.n_samples, x.sample_rate, x.channels) for x in sources]
    copies = _alike(sources, sizes)
    for digest in (_first_second, _all_samples):
        paths = [source.path for group in copies for source in group]
        # What cannot be decoded is known by its path, so that it is no copy.
        found = measure_files(paths, digest, progress=False)
        known = dict(zip(paths, found, strict=True))
        copies = [
            same
            for group in copies
            for same in _alike(group, [known[x.path] for x in group])
        ]
    return copies


def _alike(sources: Sequence[Source], keys: Sequence) -> list[list[Source]]:
    groups: dict[object, list[Source]] = {}
    for source, key in zip(sources, keys, strict=True):
        groups.setdefault(key, []).append(source)
    return [group for group in groups.values() if len(group) > 1]


def _first_second(path: Path) -> str:
    return hashlib.sha256(
        next(decode_blocks(path, 1.0))[1].tobytes()
    ).hexdigest()


def _all_samples(path: Path) -> str:
    digest = hashlib.sha256()
    for _, samples in decode_blocks(path):
        digest.update(samples.tobytes())
    return digest.hexdigest()

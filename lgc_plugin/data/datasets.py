"""Manifests to datasets of labeled clips."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from speechbrain.dataio.dataset import DynamicItemDataset
from torch import Tensor

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.manifest import ClipRow, check_known, read_manifest
from lgc_plugin.data.packed_clips import ClipFiles, Clips

logger = logging.getLogger(__name__)

OUTPUT_KEYS = (
    "id",
    "wav",
    "n_samples",
    "frame_labels",
    "clip_labels",
    "label_kind",
)


_UNKNOWN = 255  # a label, as a byte


class StoredEmbeddings(Protocol):
    """Embeddings by number of clip, wherever they are kept."""

    def __len__(self) -> int:
        """Number of clips."""

    def __getitem__(self, index: int) -> np.ndarray:
        """(E, T_e) float16; a view that must not be written to."""


def make_dataset(
    manifest: str | Path,
    encoder: EventEncoder,
    data_root: str | Path,
    *,
    crop: bool,
    clips: Clips | None = None,
    embeddings: StoredEmbeddings | None = None,
) -> DynamicItemDataset:
    """A SpeechBrain dataset of the clips of one manifest.

    Each item has ``id``, ``wav`` (N,) int16 padded to the clip length,
    ``n_samples`` before padding, ``frame_labels`` (C, T'), ``clip_labels``
    (C,) and ``label_kind``; with embeddings, ``embeddings`` (E, T_e), as they
    are given. Labels of unknown classes are NaN. Samples divided by
    :data:`~lgc_plugin.data.audio_files.FULL_SCALE` lie in [-1, 1); that is
    left to the device.

    Arguments
    ---------
    manifest : str or Path
        CSV file of the data preparation.
    encoder : EventEncoder
        Labels, clip length and rates.
    data_root : str or Path
        What ``$data_root`` in the manifest stands for.
    crop : bool
        Whether longer clips are cut to the clip length (training) or kept
        whole (evaluation).
    clips : Clips, optional
        The clips of :func:`clip_files`, from
        :func:`lgc_plugin.data.clip_cache.cache_clips`; None decodes them
        from their files each time.
    embeddings : StoredEmbeddings, optional
        Those of each clip, such as
        :func:`lgc_plugin.data.embedding_cache.cache_embeddings` gives.

    Returns
    -------
    DynamicItemDataset

    Raises
    ------
    ValueError
        If the manifest cannot be used: no clips, a label that is not in the
        list, unknown classes in a set that is evaluated; or if the embeddings
        are of another number of clips.
    """
    rows = _read_rows(manifest, data_root)
    if not crop:
        check_known(rows, manifest)
    longest = max(row.duration for row in rows)
    if crop and longest > encoder.clip_seconds + encoder.frame_seconds:
        logger.warning(
            "%s: clips are up to %.1f s long, of which training uses the "
            "first %.1f s (clip_seconds)",
            manifest,
            longest,
            encoder.clip_seconds,
        )
    if not crop and longest > encoder.n_samples / encoder.sample_rate:
        logger.info(
            "%s: clips are up to %.1f s long; those above %.1f s "
            "(clip_seconds) are scored in windows",
            manifest,
            longest,
            encoder.clip_seconds,
        )
    if clips is None:
        clips = _files_of(rows, encoder, crop)
    labels = _encode(rows, encoder, manifest)
    if embeddings is not None and len(embeddings) != len(rows):
        raise ValueError(
            f"{manifest}: {len(rows)} clips, but embeddings of "
            f"{len(embeddings)}: compute them of these clips"
        )
    steps = _ClipSteps(clips, encoder.n_samples, *labels, embeddings)
    outputs = {key: key for key in OUTPUT_KEYS}
    made: list[tuple[Callable[[int], Any], list[str]]] = [
        (steps.samples, ["samples", "n_samples"]),
        (steps.labels, ["frame_labels", "clip_labels", "label_kind"]),
    ]
    if embeddings is not None:
        outputs["embeddings"] = "embeddings"
        made.append((steps.embedded, ["embeddings"]))
    items = [
        {"func": function, "takes": ["row"], "provides": provides}
        for function, provides in made
    ]
    data = {
        row.id: {
            "row": number,
            "wav": row.wav,
            "duration": row.duration,
            "classes": row.classes,
        }
        for number, row in enumerate(rows)
    }
    return DynamicItemDataset(data, items, {**outputs, "wav": "samples"})


def clips_of_classes(
    datasets: Sequence[DynamicItemDataset],
) -> list[list[int]]:
    """The clips of each class, and those without any, by their number in all
    datasets together.
    """
    groups: dict[str, list[int]] = {}
    clips = (d.data[clip]["classes"] for d in datasets for clip in d.data_ids)
    for number, classes in enumerate(clips):
        for label in classes or [""]:
            groups.setdefault(label, []).append(number)
    return [groups[label] for label in sorted(groups)]


def clip_files(
    manifest: str | Path,
    encoder: EventEncoder,
    data_root: str | Path,
    *,
    crop: bool,
) -> ClipFiles:
    """The audio of one manifest, to be cached."""
    return _files_of(_read_rows(manifest, data_root), encoder, crop)


def _read_rows(manifest: str | Path, data_root: str | Path) -> list[ClipRow]:
    rows = read_manifest(manifest, data_root)
    if not rows:
        raise ValueError(
            f"{manifest}: no clips: prepare the data again, or see why none "
            "of this set was found"
        )
    return rows


def _files_of(
    rows: Sequence[ClipRow], encoder: EventEncoder, crop: bool
) -> ClipFiles:
    paths = tuple(row.wav for row in rows)
    seconds = tuple(row.duration for row in rows)
    n_samples = encoder.n_samples if crop else None
    return ClipFiles(paths, seconds, encoder.sample_rate, n_samples)


def _encode(
    rows: Sequence[ClipRow], encoder: EventEncoder, manifest: str | Path
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Labels of all clips: by frame, by clip, and how much is known."""
    n_classes = len(encoder.labels)
    # As bytes, a quarter of float32, and forked workers share them.
    frames = np.zeros((len(rows), n_classes, encoder.n_frames), np.uint8)
    clips = np.zeros((len(rows), n_classes), np.uint8)
    for number, row in enumerate(rows):
        if not row.classes and not row.unknown:
            continue
        try:
            frames[number] = encoder.encode(row.events)
            clips[number] = encoder.encode_clip(row.classes)
            for label in row.unknown:
                frames[number, encoder.index(label)] = _UNKNOWN
                clips[number, encoder.index(label)] = _UNKNOWN
        except ValueError as error:
            raise ValueError(
                f"{manifest}, clip {row.id!r}: {error}; correct it, or add "
                "the label to labels"
            ) from None
    return frames, clips, [int(row.label_kind) for row in rows]


@dataclass(frozen=True)
class _ClipSteps:
    """From the number of a row to tensors; picklable for the workers."""

    clips: Clips
    n_samples: int
    frame_labels: np.ndarray
    clip_labels: np.ndarray
    label_kinds: list[int]
    embeddings: StoredEmbeddings | None = None

    def samples(self, row: int) -> tuple[Tensor, int]:
        """A copy, so that nobody writes to the cache, padded with zeros."""
        clip = self.clips[row]
        length = len(clip)
        padded = np.empty(max(length, self.n_samples), np.int16)
        padded[:length] = clip
        padded[length:] = 0
        return torch.from_numpy(padded), length

    def labels(self, row: int) -> tuple[Tensor, Tensor, int]:
        frames, tags = self.frame_labels[row], self.clip_labels[row]
        return _label_tensor(frames), _label_tensor(tags), self.label_kinds[row]

    def embedded(self, row: int) -> Tensor:
        assert self.embeddings is not None
        return torch.from_numpy(np.array(self.embeddings[row]))


def _label_tensor(labels: np.ndarray) -> Tensor:
    """Labels of bytes as floats, NaN where they are unknown."""
    values = torch.from_numpy(labels).float()
    return values.masked_fill(values == _UNKNOWN, torch.nan)

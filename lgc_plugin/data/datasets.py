"""Manifests to batches."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from speechbrain.dataio.batch import PaddedBatch
from speechbrain.dataio.dataloader import SaveableDataLoader
from speechbrain.dataio.dataset import DynamicItemDataset
from torch import Tensor
from torch.utils.data import ConcatDataset

from lgc_plugin.data.labels import EventEncoder
from lgc_plugin.data.manifest import parse_events, parse_tags, read_manifest
from lgc_plugin.data.sampler import MixedBatchSampler
from lgc_plugin.types import LabelKind

logger = logging.getLogger(__name__)

OUTPUT_KEYS = (
    "id",
    "wav",
    "n_samples",
    "frame_labels",
    "clip_labels",
    "label_kind",
)


def read_clip(
    path: str | Path, sample_rate: int, n_samples: int | None
) -> Tensor:
    """Samples of a mono clip, from its start.

    Arguments
    ---------
    path : str or Path
        The audio file.
    sample_rate : int
        What its rate must be; the data preparation resamples.
    n_samples : int, optional
        Longer clips are cut to this; None reads all.

    Returns
    -------
    Tensor
        (N,) float32 in [-1, 1].

    Raises
    ------
    ValueError
        If the rate is another one.
    """
    samples, rate = soundfile.read(
        path, frames=-1 if n_samples is None else n_samples, dtype="float32"
    )
    if rate != sample_rate:
        raise ValueError(
            f"{path}: sampled at {rate} Hz, expected {sample_rate} Hz; run the "
            "data preparation, or set sample_rate"
        )
    if samples.ndim > 1:
        samples = samples.mean(axis=1)
    return torch.from_numpy(np.ascontiguousarray(samples))


def pad_to(wav: Tensor, n_samples: int) -> Tensor:
    """Zeros behind a clip that is too short.

    Arguments
    ---------
    wav : Tensor
        (N,) samples.
    n_samples : int
        Length wanted.

    Returns
    -------
    Tensor
        (max(N, n_samples),)

    Example
    -------
    >>> pad_to(torch.ones(2), 3)
    tensor([1., 1., 0.])
    """
    missing = max(0, n_samples - wav.shape[0])
    return torch.nn.functional.pad(wav, (0, missing))


def make_dataset(
    manifest: str | Path,
    encoder: EventEncoder,
    data_root: str | Path,
    *,
    crop: bool,
) -> DynamicItemDataset:
    """A SpeechBrain dataset of the clips of one manifest.

    Each item has ``id``, ``wav`` (N,) padded to the clip length, ``n_samples``
    before padding, ``frame_labels`` (C, T'), ``clip_labels`` (C,) and
    ``label_kind``.

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

    Returns
    -------
    DynamicItemDataset
    """
    rows = read_manifest(manifest, data_root)
    longest = max(row.duration for row in rows)
    if crop and longest > encoder.clip_seconds + encoder.frame_seconds:
        logger.warning(
            "%s: clips are up to %.1f s long, of which training hears the "
            "first %.1f s (clip_seconds)",
            manifest,
            longest,
            encoder.clip_seconds,
        )
    steps = _ClipSteps(encoder, encoder.n_samples if crop else None)
    items = [
        {"func": function, "takes": takes, "provides": provides}
        for function, takes, provides in (
            (steps.read, ["wav"], "samples"),
            (len, ["samples"], "n_samples"),
            (steps.pad, ["samples"], "padded"),
            (steps.frame_labels, ["events"], "frame_labels"),
            (steps.clip_labels, ["tags", "events"], "clip_labels"),
            (steps.kind, ["label_kind"], "kind"),
        )
    ]
    dataset = DynamicItemDataset.from_csv(
        str(manifest), {"data_root": str(data_root)}, items
    )
    outputs = {key: key for key in OUTPUT_KEYS}
    dataset.set_output_keys({**outputs, "wav": "padded", "label_kind": "kind"})
    return dataset


@dataclass(frozen=True)
class _ClipSteps:
    """From the text of a manifest to tensors; picklable for the workers."""

    encoder: EventEncoder
    n_samples: int | None

    def read(self, wav: str) -> Tensor:
        return read_clip(wav, self.encoder.sample_rate, self.n_samples)

    def pad(self, samples: Tensor) -> Tensor:
        return pad_to(samples, self.encoder.n_samples)

    def frame_labels(self, events: str) -> Tensor:
        return self.encoder.encode(parse_events(events))

    def clip_labels(self, tags: str, events: str) -> Tensor:
        named = parse_tags(tags) or [e.label for e in parse_events(events)]
        return self.encoder.encode_clip(named)

    def kind(self, label_kind: str) -> int:
        return int(LabelKind.parse(label_kind))


def make_train_loader(
    subsets: Mapping[str, Sequence[DynamicItemDataset]],
    batch_sizes: Mapping[str, int],
    seed: int,
    **loader_options: Any,
) -> SaveableDataLoader:
    """Batches with a fixed number of clips from each subset.

    The clips of a subset are shuffled anew every epoch, and the epoch ends
    when the first subset has no full share left.

    Arguments
    ---------
    subsets : Mapping[str, Sequence[DynamicItemDataset]]
        Datasets of each subset (strong, weak, unlabelled, in this order).
    batch_sizes : Mapping[str, int]
        Clips of each subset in a batch; 0 leaves a subset out.
    seed : int
        Of the shuffles.
    **loader_options : Any
        See :class:`torch.utils.data.DataLoader`.

    Returns
    -------
    SaveableDataLoader
        Its ``batch_sampler`` has ``set_epoch``.

    Raises
    ------
    ValueError
        If a subset has fewer clips than its share of a batch.
    """
    used = [name for name in subsets if batch_sizes[name] > 0]
    datasets = [ConcatDataset(subsets[name]) for name in used]
    for name, dataset in zip(used, datasets, strict=True):
        if len(dataset) < batch_sizes[name]:
            raise ValueError(
                f"the {name} training set has {len(dataset)} clips, fewer "
                f"than the {batch_sizes[name]} of a batch: lower its share "
                f"in batch_sizes (0 leaves it out) or add clips"
            )
    sampler = MixedBatchSampler(
        [len(dataset) for dataset in datasets],
        [batch_sizes[name] for name in used],
        seed,
    )
    return SaveableDataLoader(
        ConcatDataset(datasets),
        batch_sampler=sampler,
        collate_fn=PaddedBatch,
        # Its own generator: the seed of the workers must not be drawn from
        # the random state that training resumes with.
        generator=torch.Generator().manual_seed(seed),
        **loader_options,
    )


def make_eval_loader(
    datasets: Sequence[DynamicItemDataset],
    batch_size: int,
    **loader_options: Any,
) -> SaveableDataLoader:
    """All clips of some datasets, in order.

    Arguments
    ---------
    datasets : Sequence[DynamicItemDataset]
        One after the other.
    batch_size : int
        Clips per batch.
    **loader_options : Any
        See :class:`torch.utils.data.DataLoader`.

    Returns
    -------
    SaveableDataLoader
    """
    return SaveableDataLoader(
        ConcatDataset(datasets),
        batch_size=batch_size,
        collate_fn=PaddedBatch,
        generator=torch.Generator().manual_seed(0),
        **loader_options,
    )

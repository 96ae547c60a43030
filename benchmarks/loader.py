#!/usr/bin/env python3
"""How many clips per second the loaders give, by cache and workers.

    python benchmarks/loader.py --output=loader.json

Loaders run alone: no network, no GPU. The audio is random, and read before
the clock starts, so that this measures decoding, copying and collating, and
no disk. ``naive`` is what this replaced: samples as floats and labels from
text, for every clip anew, in SpeechBrain's own batches.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile
import torch
from harness import describe_machine, make_parser, write_results
from speechbrain.dataio.batch import PaddedBatch
from speechbrain.dataio.dataloader import SaveableDataLoader
from speechbrain.dataio.dataset import DynamicItemDataset
from torch import Tensor
from torch.utils.data import ConcatDataset

from lgc_plugin.data.batch_loaders import make_train_loader
from lgc_plugin.data.clip_cache import CACHES, cache_clips
from lgc_plugin.data.datasets import clip_files, make_dataset
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.manifest import (
    ClipRow,
    parse_events,
    parse_tags,
    write_manifest,
)
from lgc_plugin.data.sampler import MixedBatchSampler
from lgc_plugin.training.allocator import keep_freed_memory
from lgc_plugin.types import Event, LabelKind
from lgc_plugin.utils.parallel import available_cores

RATE = 16000
LABELS = [f"class{i}" for i in range(10)]
SHARES = {"strong": 12, "weak": 12, "unlabeled": 24}
BATCHES_PER_EPOCH = 120  # about as many as DESED gives
NAIVE = "naive"


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("--clips", type=int, default=960, help="files to generate")
    add("--clip-seconds", type=float, default=10.0)
    add("--workers", type=int, nargs="+", default=[0, 1, 2, 4])
    add("--time", type=float, default=5.0, help="seconds per measurement")
    add("--steps-per-second", type=float, default=40.0, help="the need")
    add("--pin-memory", action="store_true", help="as training on a GPU does")
    add("--folder", help="where the audio is written for the time being")
    add("--output", help="a JSON file for the results")
    add("--quick", action="store_true", help="few files, one second each")
    args = parser.parse_args(words)
    if args.quick:
        args.clips, args.time = 96, 1.0
    # More workers than cores only wait for each other.
    args.workers = sorted({min(n, available_cores()) for n in args.workers})
    return args


def write_audio(folder: Path, n_clips: int, seconds: float) -> dict[str, Path]:
    """Random clips with labels; returns a manifest for each subset."""
    rng = np.random.default_rng(0)
    total = sum(SHARES.values())
    manifests = {}
    for subset, share in SHARES.items():
        rows = []
        for number in range(max(share, n_clips * share // total)):
            path = folder / f"{subset}{number}.wav"
            samples = rng.integers(-3000, 3000, round(seconds * RATE), np.int16)
            soundfile.write(path, samples, RATE)
            rows.append(_row(path, seconds, subset, rng))
        manifests[subset] = folder / f"{subset}.csv"
        write_manifest(rows, manifests[subset])
    return manifests


def _row(
    path: Path, seconds: float, subset: str, rng: np.random.Generator
) -> ClipRow:
    kind = {"strong": LabelKind.STRONG, "weak": LabelKind.WEAK}.get(
        subset, LabelKind.NONE
    )
    events, tags = (), ()
    if kind is LabelKind.STRONG:
        onsets = rng.uniform(0, 0.8 * seconds, 4).round(3)
        events = tuple(
            Event(float(onset), float(onset) + 0.1 * seconds, LABELS[i])
            for i, onset in enumerate(onsets)
        )
    elif kind is LabelKind.WEAK:
        tags = tuple(LABELS[:2])
    return ClipRow(path.stem, seconds, str(path), kind, events, tags)


def cached_datasets(
    manifests: dict[str, Path], encoder: EventEncoder, cache: str, folder: Path
) -> dict[str, DynamicItemDataset]:
    """The datasets of training, by subset."""
    options = {"encoder": encoder, "data_root": folder, "crop": True}
    files = {name: clip_files(m, **options) for name, m in manifests.items()}
    clips = cache_clips(files, cache, folder / "cache", progress=False)
    return {
        name: make_dataset(manifest, clips=clips[name], **options)
        for name, manifest in manifests.items()
    }


def naive_dataset(manifest: Path, encoder: EventEncoder) -> DynamicItemDataset:
    """A dataset that decodes and parses all there is to every clip."""

    def read(wav: str) -> Tensor:
        samples, _ = soundfile.read(wav, dtype="float32")
        return torch.from_numpy(samples)

    def frame_labels(events: str) -> Tensor:
        return encoder.encode(parse_events(events))

    def clip_labels(tags: str, events: str) -> Tensor:
        named = parse_tags(tags) or [e.label for e in parse_events(events)]
        return encoder.encode_clip(named)

    items = [
        {"func": read, "takes": ["wav"], "provides": "samples"},
        {"func": len, "takes": ["samples"], "provides": "n_samples"},
        {
            "func": frame_labels,
            "takes": ["events"],
            "provides": "frame_labels",
        },
        {
            "func": clip_labels,
            "takes": ["tags", "events"],
            "provides": "clip_labels",
        },
        {
            "func": lambda kind: int(LabelKind.parse(kind)),
            "takes": ["label_kind"],
            "provides": "kind",
        },
    ]
    dataset = DynamicItemDataset.from_csv(str(manifest), dynamic_items=items)
    same = ("id", "n_samples", "frame_labels", "clip_labels")
    outputs = {key: key for key in same}
    dataset.set_output_keys({**outputs, "wav": "samples", "label_kind": "kind"})
    return dataset


def repeated(
    datasets: dict[str, DynamicItemDataset],
) -> dict[str, list[DynamicItemDataset]]:
    """Each dataset as often as an epoch needs it."""
    return {
        name: [dataset] * -(-BATCHES_PER_EPOCH * SHARES[name] // len(dataset))
        for name, dataset in datasets.items()
    }


def naive_loader(
    datasets: dict[str, DynamicItemDataset], **options: Any
) -> SaveableDataLoader:
    """The same batches, in SpeechBrain's plain way."""
    parts = [ConcatDataset(each) for each in repeated(datasets).values()]
    sampler = MixedBatchSampler(
        [len(part) for part in parts], list(SHARES.values()), seed=0
    )
    return SaveableDataLoader(
        ConcatDataset(parts),
        batch_sampler=sampler,
        collate_fn=PaddedBatch,
        persistent_workers=options["num_workers"] > 0,
        **options,
    )


def endless(loader: SaveableDataLoader) -> Iterator[PaddedBatch]:
    """Epoch after epoch."""
    epoch = 0
    while True:
        loader.batch_sampler.set_epoch(epoch)
        yield from loader
        epoch += 1


def clips_per_second(loader: SaveableDataLoader, seconds: float) -> float:
    """Reads every file once, then against the clock."""
    batches = endless(loader)
    for _ in range(len(loader)):
        next(batches)
    clips = 0
    start = time.perf_counter()
    while time.perf_counter() < start + seconds:
        clips += len(next(batches))
    return clips / (time.perf_counter() - start)


def measure(args: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """All measurements, one after the other."""
    encoder = EventEncoder(LABELS, args.clip_seconds, RATE)
    manifests = write_audio(folder, args.clips, args.clip_seconds)
    need = args.steps_per_second * sum(SHARES.values())
    results = []
    print(f"{'cache':<8}{'workers':>8}{'clips/s':>10}{'batches/s':>11}", end="")
    print(f"  times the {need:.0f} clips/s needed")
    for cache in (NAIVE, *CACHES):
        for workers in args.workers:
            options = {"num_workers": workers, "pin_memory": args.pin_memory}
            if cache == NAIVE:
                datasets = {
                    name: naive_dataset(manifest, encoder)
                    for name, manifest in manifests.items()
                }
                loader = naive_loader(datasets, **options)
            else:
                datasets = cached_datasets(manifests, encoder, cache, folder)
                loader = make_train_loader(
                    repeated(datasets), SHARES, 0, **options
                )
            rate = clips_per_second(loader, args.time)
            steps = rate / sum(SHARES.values())
            print(f"{cache:<8}{workers:>8}{rate:>10.0f}{steps:>11.1f}", end="")
            print(f"{rate / need:>8.2f}", flush=True)
            results.append(
                {
                    "cache": cache,
                    "num_workers": workers,
                    "clips_per_second": round(rate, 1),
                    "batches_per_second": round(steps, 2),
                    "times_needed": round(rate / need, 3),
                }
            )
            del loader, datasets
    return results


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    facts = describe_machine()
    kept = {name: facts[name] for name in ("processor", "cores", "python")}
    return {**kept, "torch": torch.__version__}


def main(words: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit status."""
    args = parse(words)
    torch.set_num_threads(1)
    if not args.pin_memory:
        keep_freed_memory()  # as training on a CPU does
    print(", ".join(f"{key}: {value}" for key, value in machine().items()))
    with TemporaryDirectory(dir=args.folder) as folder:
        results = measure(args, Path(folder))
    if args.output:
        content = {
            "machine": machine(),
            "clips": args.clips,
            "clip_seconds": args.clip_seconds,
            "batch": SHARES,
            "steps_per_second_needed": args.steps_per_second,
            "pin_memory": args.pin_memory,
            "results": results,
        }
        write_results(args.output, content)
    return 0


if __name__ == "__main__":
    sys.exit(main())

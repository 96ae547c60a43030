"""All loaders of an experiment, from its manifests and for its machine."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from speechbrain.dataio.dataloader import SaveableDataLoader
from speechbrain.dataio.dataset import DynamicItemDataset
from speechbrain.utils.distributed import infer_device
from speechbrain.utils.run_opts import RunOptions

from lgc_plugin.data.batch_loaders import (
    check_shares,
    make_eval_loader,
    make_train_loader,
)
from lgc_plugin.data.clip_cache import cache_clips
from lgc_plugin.data.clip_sets import TRAIN_SETS, unused_sets
from lgc_plugin.data.datasets import clip_files, clips_of_classes, make_dataset
from lgc_plugin.data.embedding_cache import cache_embeddings
from lgc_plugin.data.embedding_files import Embeddings
from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.data.packed_clips import ClipFiles
from lgc_plugin.data.preparation import Preparation
from lgc_plugin.models.encoders import FrameEncoder
from lgc_plugin.utils.distributed import get_rank, get_world_size
from lgc_plugin.utils.parallel import available_cores

_TRAIN_SETS = tuple(name for names in TRAIN_SETS.values() for name in names)
_VALID = ("valid_strong", "valid_weak")
TEST_SETS = ("test", "eval_public")


def make_loaders(
    data: Preparation,
    encoder: EventEncoder,
    *,
    batch_sizes: Mapping[str, int],
    eval_batch_size: int,
    seed: int,
    rank: int = 0,
    world_size: int = 1,
    data_cache: str = "none",
    cache_folder: str | Path | None = None,
    frame_encoder: FrameEncoder | None = None,
    encoder_in_loop: bool = False,
    device: str | torch.device = "cpu",
    progress: bool = True,
    num_workers: int = 0,
    n_batches: int | None = None,
    balance_classes: bool = False,
    **loader_options: Any,
) -> dict[str, SaveableDataLoader]:
    """Loaders for training, initial prototypes, validation and test.

    What is read again and again is cached: the training sets in use and the
    validation sets. Test sets are not. So are the embeddings of a pretrained
    encoder, on disk, unless nothing else is cached.

    Arguments
    ---------
    data : Preparation
        The prepared data set.
    encoder : EventEncoder
        Labels, clip length and rates.
    batch_sizes : Mapping[str, int]
        Clips of the ``strong``, ``weak`` and ``unlabeled`` training sets in
        an optimizer step of all processes; 0 leaves a set out.
    eval_batch_size : int
        Clips per batch outside training.
    seed : int
        Of the shuffles.
    rank : int
        Which of the processes that train together this is.
    world_size : int
        Number of these processes.
    data_cache : str
        ``none``, ``disk`` or ``memory``: where decoded clips are kept, see
        :mod:`lgc_plugin.data.clip_cache`.
    cache_folder : str or Path, optional
        Folder of the decoded clips, which ``disk`` needs, and of embeddings.
    frame_encoder : FrameEncoder, optional
        Whose embeddings the network reads.
    encoder_in_loop : bool
        Whether it runs in each step, so that its embeddings are not kept.
    device : str or torch.device
        Where it runs.
    progress : bool
        Whether decoding shows progress bars.
    num_workers : int
        Loading processes of each loader; at most one per core is used.
    n_batches : int, optional
        Batches of a training epoch, for which clips are drawn again as often
        as needed; None: until a set has no full share left.
    balance_classes : bool
        Whether the strong and the weak clips are drawn so that each class has
        as many of them, and clips without any class count as one.
    **loader_options : Any
        See :class:`torch.utils.data.DataLoader` (``prefetch_factor``,
        ``pin_memory``).

    Returns
    -------
    dict[str, SaveableDataLoader]
        ``train``; ``prototypes``, the training set once through; ``valid``,
        strong and weak clips, if there are any; and the test sets, each with
        the held-out weak clips behind it, unless these alone are validated.
        The ``batch_sampler`` of the training needs ``set_epoch`` before every
        epoch; that of the others has the ``batch_numbers`` of this process.
    """
    manifests = _used_manifests(data, batch_sizes)
    files = files_to_cache(data, encoder, batch_sizes)
    # Before they are decoded, which may take minutes.
    check_shares(
        {
            subset: sum(len(files[name]) for name in names if name in files)
            for subset, names in TRAIN_SETS.items()
        },
        batch_sizes,
        world_size,
        n_batches is not None,
    )
    clips = cache_clips(
        files,
        data_cache,
        cache_folder,
        copies=int(os.environ.get("LOCAL_WORLD_SIZE", world_size)),
        progress=progress,
    )
    embeddings: Mapping[str, Embeddings] = {}
    if frame_encoder and not encoder_in_loop and data_cache != "none":
        embeddings = cache_embeddings(
            clips,
            frame_encoder,
            cache_folder,
            n_samples=encoder.n_samples,
            device=device,
            progress=progress,
        )
    datasets = {
        name: make_dataset(
            manifest,
            encoder,
            data.data_root,
            crop=name in _TRAIN_SETS,
            clips=clips.get(name),
            embeddings=embeddings.get(name),
        )
        for name, manifest in manifests.items()
    }
    options = {
        "rank": rank,
        "world_size": world_size,
        "num_workers": workers_within_cores(num_workers),
        **loader_options,
    }
    subsets = {
        subset: [datasets[name] for name in names if name in datasets]
        for subset, names in TRAIN_SETS.items()
    }
    groups = {
        subset: clips_of_classes(subsets[subset])
        for subset in ("strong", "weak")
        if balance_classes
    }
    loaders = {
        "train": make_train_loader(
            *(subsets, batch_sizes, seed),
            **{"n_batches": n_batches, "groups": groups, **options},
        )
    }
    for loader, names in _read_in_order(datasets).items():
        parts = [datasets[name] for name in names if name in datasets]
        if not parts:  # there are no validation clips
            continue
        # Those of the prototypes are cut to the clip length.
        long = set() if loader == "prototypes" else _longer(parts, encoder)
        # Workers of what is read once should not stay.
        stay = {} if loader == "valid" else {"persistent_workers": False}
        loaders[loader] = make_eval_loader(
            parts, eval_batch_size, alone=long, **{**options, **stay}
        )
    return loaders


def files_to_cache(
    data: Preparation, encoder: EventEncoder, batch_sizes: Mapping[str, int]
) -> dict[str, ClipFiles]:
    """The audio of the sets that a training reads again and again."""
    manifests = _used_manifests(data, batch_sizes)
    return {
        name: clip_files(
            manifests[name], encoder, data.data_root, crop=name in _TRAIN_SETS
        )
        for name in (*_VALID, *_TRAIN_SETS)
        if name in manifests
    }


def _used_manifests(
    data: Preparation, batch_sizes: Mapping[str, int]
) -> dict[str, Path]:
    """Those of the sets that are not left out."""
    unused = unused_sets(batch_sizes)
    if _VALID[0] not in data.manifests:
        unused.discard(_VALID[1])  # the only clips to choose an epoch by
    return {k: v for k, v in data.manifests.items() if k not in unused}


def _longer(
    datasets: Sequence[DynamicItemDataset], encoder: EventEncoder
) -> set[int]:
    """Clips that are longer than those of the training."""
    seconds = [d.data[x]["duration"] for d in datasets for x in d.data_ids]
    longest = encoder.n_samples / encoder.sample_rate
    return {clip for clip, length in enumerate(seconds) if length > longest}


def _read_in_order(available: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The loaders that do not shuffle, and the sets that each reads."""
    # Tags of held-out clips are tested too, unless they chose the epoch.
    chosen_by_events = _VALID[0] in available
    held_out = _VALID[1:] if chosen_by_events else ()
    return {
        "valid": _VALID,
        "prototypes": tuple(sorted(_TRAIN_SETS)),
        **{name: (name, *held_out) for name in TEST_SETS if name in available},
    }


def loader_options(
    run_options: RunOptions, steps_per_epoch: int | None = None
) -> dict[str, Any]:
    """What a run decides of :func:`make_loaders`."""
    on_cpu = (run_options.device or "").startswith("cpu")
    options: dict[str, Any] = {
        "rank": get_rank(),
        "world_size": get_world_size(),
        "pin_memory": torch.cuda.is_available() and not on_cpu,
        "progress": not run_options.noprogressbar,
        "device": run_options.device or infer_device(),
    }
    if steps_per_epoch is not None:
        factor = run_options.grad_accumulation_factor
        options["n_batches"] = steps_per_epoch * factor
    if run_options.test_only:  # what is read once is not worth keeping
        options["data_cache"] = "none"
    return options


def workers_within_cores(wanted: int) -> int:
    """Loading processes, at most one per core that this process can have.

    Processes that train on one machine share its cores.
    """
    neighbours = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return min(wanted, max(1, available_cores() // neighbours))

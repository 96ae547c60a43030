"""All loaders of an experiment, from its manifests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from speechbrain.dataio.dataloader import SaveableDataLoader

from lgc_plugin.data.datasets import (
    make_dataset,
    make_eval_loader,
    make_train_loader,
)
from lgc_plugin.data.labels import EventEncoder
from lgc_plugin.data.preparation import Preparation

# Which manifests feed which share of a training batch.
_TRAIN = {
    "strong": ("train_strong", "train_strong_real"),
    "weak": ("train_weak",),
    "unlabelled": ("train_unlabelled",),
}
_VALID = ("valid_strong", "valid_weak")
TEST_SETS = ("test", "eval_public")


def make_loaders(
    data: Preparation,
    encoder: EventEncoder,
    *,
    batch_sizes: Mapping[str, int],
    eval_batch_size: int,
    seed: int,
    **loader_options: Any,
) -> dict[str, SaveableDataLoader]:
    """Loaders for training, birth of the prototypes, validation and test.

    Arguments
    ---------
    data : Preparation
        The prepared data set.
    encoder : EventEncoder
        Labels, clip length and rates.
    batch_sizes : Mapping[str, int]
        Clips of the ``strong``, ``weak`` and ``unlabelled`` training sets in
        a batch; 0 leaves a set out.
    eval_batch_size : int
        Clips per batch outside training.
    seed : int
        Of the shuffles.
    **loader_options : Any
        See :class:`torch.utils.data.DataLoader`.

    Returns
    -------
    dict[str, SaveableDataLoader]
        ``train``; ``birth``, the training set once through; ``valid``, strong
        and weak clips; and the test sets, each with the held-out weak clips
        behind it.
    """
    training = {name for names in _TRAIN.values() for name in names}
    datasets = {
        name: make_dataset(
            manifest, encoder, data.data_root, crop=name in training
        )
        for name, manifest in data.manifests.items()
    }
    subsets = {
        subset: [datasets[name] for name in names if name in datasets]
        for subset, names in _TRAIN.items()
    }
    loaders = {
        "train": make_train_loader(subsets, batch_sizes, seed, **loader_options)
    }
    once = {
        "birth": sorted(training),
        "valid": _VALID,
        **{
            name: (name, "valid_weak") for name in TEST_SETS if name in datasets
        },
    }
    for loader, names in once.items():
        parts = [datasets[name] for name in names if name in datasets]
        loaders[loader] = make_eval_loader(
            parts, eval_batch_size, **loader_options
        )
    return loaders

"""The folder of a run whose networks were trained elsewhere."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from speechbrain.dataio.dataloader import SaveableDataLoader
from speechbrain.utils.epoch_loop import EpochCounterWithStopper

from lgc_plugin.data.fields import check_label
from lgc_plugin.data.preparation import file_digest
from lgc_plugin.lgc import LGC
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.training.brain import SELECTION_KEY, LGCBrain
from lgc_plugin.training.checkpoints import AtomicCheckpointer, RandomState
from lgc_plugin.training.lightning_file import read_lightning_file
from lgc_plugin.training.lightning_import import (
    ImportedWeights,
    convert_state_dict,
)
from lgc_plugin.training.lightning_mels import read_mel_filters
from lgc_plugin.utils.files import atomic_folder, write_json, write_text
from lgc_plugin.utils.versions import package_versions

RECORD = "imported.json"
OVERRIDES = "network.yaml"


def write_imported_run(
    source: str | Path,
    out: str | Path,
    *,
    labels: Sequence[str] | None = None,
    n_mels: int | None = None,
    pooling: Sequence[tuple[int, int]] | None = None,
    seed: int = 42,
) -> dict[str, Any]:
    """Makes a run folder of a checkpoint of PyTorch-Lightning.

    ``save/`` there holds a checkpoint that the recipe tests with
    ``--test_only``. Training from it is a new training that begins with these
    weights: at epoch 0, with a fresh optimizer, ramp and average of the
    teacher, and without prototypes. ``network.yaml`` holds the settings that
    the weights need, as overrides; ``imported.json`` tells where they come
    from.

    Arguments
    ---------
    source : str or Path
        The checkpoint; see :mod:`lgc_plugin.training.lightning_import`.
    out : str or Path
        The folder. It must not exist, or be empty.
    labels : Sequence[str], optional
        The classes in the order of the network's outputs; None leaves them
        to the data, whose classes are in alphabetical order.
    n_mels : int, optional
        Mel bins; None reads them from the checkpoint's mel filters, and takes
        the default of ``CRNN`` if there are none.
    pooling : Sequence[tuple[int, int]], optional
        (time, mel) pooling of each block; None takes the default of ``CRNN``.
    seed : int
        Of the projection, where the checkpoint has none, and of the random
        state that training from the folder begins with.

    Returns
    -------
    dict[str, Any]
        The content of ``imported.json``.

    Raises
    ------
    FileExistsError
        If ``out`` is there and not empty.
    ValueError
        If the checkpoint cannot be read or converted, or the labels are not
        one per class.
    """
    content = read_lightning_file(source)
    filters = read_mel_filters(content["state_dict"])
    weights = convert_state_dict(
        content["state_dict"], n_mels=n_mels or filters.n_mels, pooling=pooling
    )
    n_classes = weights.network["n_classes"]
    _check_labels(labels, n_classes)
    with atomic_folder(out) as folder:
        lgc = _save_checkpoint(folder / "save", weights, seed)
        settings = _settings(weights.network, labels, lgc)
        write_text(folder / OVERRIDES, _as_yaml(settings))
        record = {
            **_origin(source, content),
            "n_classes": n_classes,
            "settings": settings,
            "projection": (
                "of the checkpoint"
                if weights.has_projection
                else f"untrained, drawn with seed {seed}"
            ),
            "same_mel_filters": filters.same_as_ours,
            "ignored": list(weights.ignored),
            "versions": package_versions(),
        }
        write_json(folder / RECORD, record)
    return record


def check_imported(folder: str | Path, settings: Mapping[str, Any]) -> None:
    """Refuses settings that imported weights do not fit.

    Arguments
    ---------
    folder : str or Path
        Output folder of a run; nothing is checked if it was not imported.
    settings : Mapping[str, Any]
        Plain values of the hparams file, with the ``labels`` of the data.

    Raises
    ------
    ValueError
        If the network would not have the shape of the weights, or the classes
        are others.

    Example
    -------
    >>> check_imported("no/such/run", {})
    """
    file = Path(folder) / RECORD
    if not file.is_file():
        return
    record = json.loads(file.read_text(encoding="utf-8"))
    now = json.loads(json.dumps(dict(settings)))
    for key, value in record["settings"].items():
        # Objects of the hparams file have no plain value.
        if key in now and now[key] is not None and now[key] != value:
            raise ValueError(
                f"the weights in {folder} were imported with {key} = {value}, "
                f"now it is {now[key]}: add --overrides="
                f"{Path(folder) / OVERRIDES}"
            )
    labels = now["labels"]
    if len(labels) != record["n_classes"]:
        raise ValueError(
            f"the weights in {folder} are for {record['n_classes']} classes, "
            f"the data have {len(labels)} ({', '.join(labels)}): give "
            "--labels with those of the training, in its order"
        )


def _check_labels(labels: Sequence[str] | None, n_classes: int) -> None:
    if labels is None:
        return
    for label in labels:
        check_label(label)
    if len(labels) != n_classes or len(set(labels)) != n_classes:
        raise ValueError(
            f"labels are {', '.join(labels)}: give {n_classes} different "
            "ones, as many as the network has outputs, in their order"
        )


def _origin(source: str | Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """The file, and what Lightning wrote into it beside the weights."""
    epoch, step = content.get("epoch"), content.get("global_step")
    return {
        "source": Path(source).name,
        "sha256": file_digest(source),
        "epoch": epoch if isinstance(epoch, int) else None,
        "global_step": step if isinstance(step, int) else None,
        "lightning_version": content.get("pytorch-lightning_version"),
    }


def _settings(
    network: Mapping[str, Any], labels: Sequence[str] | None, lgc: LGC
) -> dict[str, Any]:
    """Keys of the hparams file that shapes and frames depend on."""
    settings = {k: v for k, v in network.items() if k != "n_classes"}
    settings["encoder"] = {
        "pooling": math.prod(time for time, _ in network["pooling"])
    }
    settings["n_prototypes"] = lgc.bank.prototypes.shape[1]
    if labels is not None:
        settings["labels"] = list(labels)
    return settings


def _as_yaml(settings: Mapping[str, Any]) -> str:
    """One line per key; what JSON writes, YAML reads."""
    lines = ["# What the imported weights need: give this file as --overrides."]
    for key, value in settings.items():
        lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _save_checkpoint(folder: Path, weights: ImportedWeights, seed: int) -> LGC:
    """Saves what the recipe recovers, with the recipe's own parts."""
    with _seeded(seed):
        student = CRNN(**weights.network)
        lgc = LGC(
            student,
            weights.network["n_classes"],
            embedding_dim=weights.network["embedding_dim"],
        )
        # Without a projection in the checkpoint, both keep the drawn one.
        for network, state in (
            (student, weights.student),
            (lgc.teacher.network, weights.teacher),
        ):
            network.load_state_dict({**network.state_dict(), **state})
        checkpointer = AtomicCheckpointer(
            folder,
            recoverables={
                "model": student,
                "lgc": lgc,
                "epoch_counter": EpochCounterWithStopper(0, 0, 0, "max"),
                "random_state": RandomState(),
                "dataloader": SaveableDataLoader([]),
            },
        )
        # The brain adds itself and the optimizer.
        brain = LGCBrain(
            {"model": student, "lgc": lgc},
            torch.optim.Adam,
            run_opts={"device": "cpu"},
            checkpointer=checkpointer,
        )
        brain.init_optimizers()
        # No score is known: any that is measured later is better.
        meta = {"epoch": 0, SELECTION_KEY: -math.inf}
        checkpointer.save_checkpoint(meta=meta, name="imported")
    return lgc


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Random numbers from a seed; afterwards they go on as before."""
    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)

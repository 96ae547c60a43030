"""The folder of a run whose networks were trained elsewhere."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from speechbrain.dataio.dataloader import SaveableDataLoader
from speechbrain.utils.epoch_loop import EpochCounterWithStopper
from torch import Tensor

from lgc_plugin.data.clip_sets import file_digest
from lgc_plugin.data.fields import check_label
from lgc_plugin.lgc import LGC
from lgc_plugin.models.crnn import CRNN
from lgc_plugin.models.features import LogMel
from lgc_plugin.training.brain import LGCBrain
from lgc_plugin.training.checkpoints import AtomicCheckpointer
from lgc_plugin.training.lightning_file import read_lightning_file
from lgc_plugin.training.lightning_import import (
    ImportedWeights,
    convert_state_dict,
)
from lgc_plugin.training.process_state import RandomState
from lgc_plugin.training.selection import BY_EVENTS, BY_TAGS
from lgc_plugin.utils.files import (
    atomic_folder,
    read_json,
    write_json,
    write_text,
)
from lgc_plugin.utils.versions import package_versions

RECORD = "imported.json"
OVERRIDES = "network.yaml"

_FILTERS, _WINDOW = "mel_scale.fb", "spectrogram.window"
# Releases of torchaudio differ in the last digits.
_TOLERANCE = 1e-4


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
    the weights need, as overrides; ``imported.json`` records their
    source.
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

    >>> check_imported("no/such/run", {})
    """
    file = Path(folder) / RECORD
    if not file.is_file():
        return
    record = read_json(file)
    if (
        not isinstance(record.get("settings"), dict)
        or "n_classes" not in record
    ):
        raise ValueError(
            f"{file}: settings and n_classes are missing: import the "
            "checkpoint again"
        )
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


class MelFilters(NamedTuple):
    """The front end of a checkpoint, as far as it is stored."""

    #: Mel bins; None if it is not stored
    n_mels: int | None
    #: Whether filters and window are those of
    #: :class:`~lgc_plugin.models.features.LogMel` with its defaults. With
    #: others, the networks do not give the scores that they gave before. None
    #: if the checkpoint does not contain it
    same_as_ours: bool | None


def read_mel_filters(state: Mapping[str, Any]) -> MelFilters:
    """Compares the buffers of torchaudio's ``MelSpectrogram`` with ours.

    >>> buffers = LogMel(n_mels=64).spectrogram.state_dict(prefix="mel_spec.")
    >>> read_mel_filters(buffers)
    MelFilters(n_mels=64, same_as_ours=True)
    >>> read_mel_filters({})
    MelFilters(n_mels=None, same_as_ours=None)
    """
    filters, window = _find(state, _FILTERS), _find(state, _WINDOW)
    if filters is None or filters.ndim != 2:
        return MelFilters(None, None)
    n_mels = filters.shape[1]
    ours = LogMel(n_mels=n_mels).spectrogram.state_dict()
    same = _close(filters, ours[_FILTERS]) and (
        window is None or _close(window, ours[_WINDOW])
    )
    return MelFilters(n_mels, same)


def _find(state: Mapping[str, Any], ending: str) -> Tensor | None:
    for key, value in state.items():
        if key.endswith(ending) and isinstance(value, Tensor):
            return value
    return None


def _close(theirs: Tensor, ours: Tensor) -> bool:
    return theirs.shape == ours.shape and torch.allclose(
        theirs.to(ours), ours, rtol=0.0, atol=_TOLERANCE
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
    """Keys of the hparams file that shapes depend on."""
    settings = {k: v for k, v in network.items() if k != "n_classes"}
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
            # The rate of a training follows from its own settings.
            {"lr": 0.0, "frame_encoder": None},
            run_opts={"device": "cpu"},
            checkpointer=checkpointer,
        )
        brain.init_optimizers()
        # No score is known: any that is measured later is better.
        scores = dict.fromkeys((BY_EVENTS.key, BY_TAGS.key), -math.inf)
        meta = {"epoch": 0, **scores}
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

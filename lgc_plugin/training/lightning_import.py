"""Weights of DCASE baselines, or of the LGC authors' code, as ours.

Their Lightning module holds ``sed_student`` and ``sed_teacher``. Each has the
blocks ``cnn.cnn.conv{i}``, ``batchnorm{i}`` and ``glu{i}.linear``, the GRU
``rnn.rnn``, the heads ``dense`` and ``dense_softmax``, and in the LGC authors'
code the projection ``cnn_proj_fc`` (``cnn_proj_bn`` may be there, unused).

Those of 2023 and 2024 with a pretrained encoder have ``cat_tf``, a linear layer
on what the CNN gives and the embeddings, which have no layer norm. How they are
brought to the output frames (``aggregation_type`` ``pool1d``: adaptive average
pooling; ``interpolate``: nearest) leaves no trace.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lgc_plugin.models.crnn import CRNN

STUDENT, TEACHER = NETWORKS = ("sed_student", "sed_teacher")
_PROJECTION, _UNUSED = "cnn_proj_fc.", "cnn_proj_bn."
_FUSION = "cat_tf."
# Of the aggregation types "global" and "frame", which CRNN does not have.
_OTHER_FUSIONS = ("shrink_emb.", "frame_embs_encoder.")
_BLOCK = re.compile(r"cnn\.cnn\.(?:conv|batchnorm|glu)(\d+)\.")
_GRU_LAYER = re.compile(r"rnn\.rnn\.\w+_l(\d+)(?:_reverse)?$")

# How names of our network begin, and how they begin in theirs.
_RENAMING = (
    (r"blocks\.(\d+)\.conv\.", r"cnn.cnn.conv\1."),
    (r"blocks\.(\d+)\.norm\.", r"cnn.cnn.batchnorm\1."),
    (r"blocks\.(\d+)\.linear\.", r"cnn.cnn.glu\1.linear."),
    (r"fusion\.", _FUSION),
    (r"rnn\.", "rnn.rnn."),
    (r"frame_head\.", "dense."),
    (r"attention_head\.", "dense_softmax."),
    (r"projection\.", _PROJECTION),
)

_Parts = Mapping[str, Mapping[str, Tensor]]


class ImportedWeights(NamedTuple):
    """Both networks of a checkpoint, under our names."""

    #: For :class:`~lgc_plugin.models.crnn.CRNN`; without the ``projection`` if
    #: the checkpoint has none
    student: dict[str, Tensor]
    teacher: dict[str, Tensor]
    #: Arguments of ``CRNN`` that make networks of these shapes
    network: dict[str, Any]
    #: Whether the checkpoint has a projection: the baseline has none
    has_projection: bool
    #: Names in the checkpoint that are not needed, sorted
    ignored: tuple[str, ...]


def convert_state_dict(
    state: Mapping[str, Tensor],
    *,
    n_mels: int | None = None,
    pooling: Sequence[tuple[int, int]] | None = None,
) -> ImportedWeights:
    """Finds student and teacher in the state dict of a Lightning module.

    The sizes of the network are read from the shapes of its weights; its
    pooling and mel bins leave no trace there, but have to fit the GRU.
    """
    parts = {network: _part(state, network) for network in NETWORKS}
    _check_both(parts, state)
    names = {name for part in parts.values() for name in part}
    n_blocks, rnn_layers = _count(_BLOCK, names), _count(_GRU_LAYER, names)
    has_projection = any(name.startswith(_PROJECTION) for name in names)
    has_fusion = any(name.startswith(_FUSION) for name in names)
    theirs = _published_names(n_blocks, rnn_layers, has_projection, has_fusion)
    _check_fusion(names)
    _check_names(parts, set(theirs.values()))
    network = _network(parts[STUDENT], n_blocks, n_mels, pooling)
    network["rnn_layers"] = rnn_layers
    _check_gru_input(parts[STUDENT], network)
    if has_fusion:
        network |= _fusion(parts[STUDENT], network)
    student, teacher = _renamed(parts, theirs, network)
    read = {f"{name}.{key}" for name in NETWORKS for key in theirs.values()}
    ignored = tuple(sorted(state.keys() - read))
    return ImportedWeights(student, teacher, network, has_projection, ignored)


def _part(state: Mapping[str, Tensor], network: str) -> dict[str, Tensor]:
    """The weights of one network, without its prefix."""
    prefix = f"{network}."
    return {
        key.removeprefix(prefix): value
        for key, value in state.items()
        if key.startswith(prefix)
    }


def _check_both(parts: _Parts, state: Mapping[str, Tensor]) -> None:
    absent = [network for network, part in parts.items() if not part]
    if not absent:
        return
    if any(key.startswith("cnn.cnn.") for key in state):
        found = "this is one network alone, without a prefix"
    else:
        first = sorted({key.partition(".")[0] for key in state})
        found = f"names begin with {', '.join(first) or 'nothing'}"
    raise ValueError(
        f"no weights of {' and '.join(absent)}: {found}; give a checkpoint of "
        "a DCASE baseline or of the LGC authors' code, whose names "
        f"begin with {STUDENT}. and {TEACHER}."
    )


def _count(pattern: re.Pattern[str], names: Iterable[str]) -> int:
    """Number of blocks or layers in the names; at least one is needed."""
    found = {match[1] for name in names if (match := pattern.match(name))}
    return max(1, len(found))


def _published_names(
    n_blocks: int, rnn_layers: int, has_projection: bool, has_fusion: bool
) -> dict[str, str]:
    """Their name for each of ours; the sizes of layers do not matter."""
    with torch.device("meta"):
        network = CRNN(
            n_mels=1,
            filters=[1] * n_blocks,
            pooling=[(1, 1)] * n_blocks,
            rnn_layers=rnn_layers,
            encoder_size=int(has_fusion),
            encoder_norm=False,
        )
    names = {ours: _published_name(ours) for ours in network.state_dict()}
    return {
        ours: theirs
        for ours, theirs in names.items()
        if has_projection or not theirs.startswith(_PROJECTION)
    }


def _published_name(name: str) -> str:
    for ours, theirs in _RENAMING:
        renamed, n_found = re.subn(f"^{ours}", theirs, name)
        if n_found:
            return renamed
    raise KeyError(f"{name}: a part of CRNN without published name")


def _check_fusion(names: Iterable[str]) -> None:
    """Refuses networks that read their embeddings in another way."""
    others = sorted({n for n in names if n.startswith(_OTHER_FUSIONS)})
    if others:
        raise ValueError(
            f"the networks join embeddings with {', '.join(others)} "
            "(aggregation_type global or frame): only those of pool1d and "
            "interpolate, which have cat_tf alone, can be imported"
        )


def _check_names(parts: _Parts, expected: set[str]) -> None:
    problems = []
    for network, part in parts.items():
        names = {name for name in part if not name.startswith(_UNUSED)}
        no_tensors = {n for n in names if not isinstance(part[n], Tensor)}
        for problem, of in (
            ("missing", expected - names),
            ("unknown", names - expected),
            ("no tensor", no_tensors & expected),
        ):
            if of:
                problems.append(
                    f"{problem} in {network}: {', '.join(sorted(of))}"
                )
    if problems:
        raise ValueError(
            f"{'; '.join(problems)} (only the CRNN of the DCASE baselines, "
            "with or without the LGC authors' projection, can be imported)"
        )


def _network(
    part: Mapping[str, Tensor],
    n_blocks: int,
    n_mels: int | None,
    pooling: Sequence[tuple[int, int]] | None,
) -> dict[str, Any]:
    """Arguments of CRNN, from the number of rows of a network's weights."""
    defaults = inspect.signature(CRNN).parameters
    if pooling is None:
        pooling = defaults["pooling"].default
    if len(pooling) != n_blocks:
        raise ValueError(
            f"the network has {n_blocks} blocks and the pooling is of "
            f"{len(pooling)}: give the (time, mel) pooling of each block, "
            "which weights do not tell"
        )
    if any(size < 1 for pair in pooling for size in pair):
        raise ValueError(f"pooling is {pooling}: give sizes of at least 1")
    # A scalar in place of a matrix is reported with the other wrong shapes.
    rows = {key: [*value.shape, 1][0] or 1 for key, value in part.items()}
    return {
        "n_classes": rows["dense.weight"],
        "n_mels": n_mels or defaults["n_mels"].default,
        "filters": [rows[f"cnn.cnn.conv{i}.weight"] for i in range(n_blocks)],
        "pooling": [tuple(pair) for pair in pooling],
        "rnn_size": max(1, rows["rnn.rnn.weight_hh_l0"] // 3),
        "embedding_dim": rows.get(
            f"{_PROJECTION}weight", defaults["embedding_dim"].default
        ),
    }


def _fusion(
    part: Mapping[str, Tensor], network: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments of CRNN for the layer that reads embeddings."""
    weight = part[f"{_FUSION}weight"]
    columns = weight.shape[1] if weight.ndim == 2 else 0
    before = network["filters"][-1] * _mel_bins(network)
    if columns <= before:
        raise ValueError(
            f"cat_tf reads {columns} values per frame, no more than the "
            f"{before} of the CNN: there are no embeddings in them"
        )
    return {"encoder_size": columns - before, "encoder_norm": False}


def _mel_bins(network: Mapping[str, Any]) -> int:
    """Mel bins that the pooling leaves."""
    return network["n_mels"] // math.prod(mel for _, mel in network["pooling"])


def _check_gru_input(
    part: Mapping[str, Tensor], network: Mapping[str, Any]
) -> None:
    weight = part["rnn.rnn.weight_ih_l0"]
    expected = network["filters"][-1] * _mel_bins(network)
    if weight.ndim == 2 and weight.shape[1] != expected:
        raise ValueError(
            f"the GRU reads {weight.shape[1]} values per frame, but "
            f"{network['n_mels']} mel bins and this pooling leave {expected}: "
            "give the number of mel bins and the (time, mel) pooling of each "
            "block that the network was trained with"
        )


def _renamed(
    parts: _Parts, theirs: Mapping[str, str], network: Mapping[str, Any]
) -> list[dict[str, Tensor]]:
    """The networks under our names, after a check of their shapes."""
    with torch.device("meta"):
        shapes = {k: v.shape for k, v in CRNN(**network).state_dict().items()}
    problems = []
    for name, part in parts.items():
        for ours, key in theirs.items():
            # Their gate is a linear layer, ours the same as a convolution.
            wanted = shapes[ours][:2] if ".glu" in key else shapes[ours]
            if part[key].shape != wanted:
                problems.append(
                    f"{name}.{key} is {tuple(part[key].shape)}, not "
                    f"{tuple(wanted)}"
                )
    if problems:
        raise ValueError(
            f"shapes that do not fit the others: {'; '.join(problems)}"
        )
    return [
        {ours: part[key].reshape(shapes[ours]) for ours, key in theirs.items()}
        for part in parts.values()
    ]

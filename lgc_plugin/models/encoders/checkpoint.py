"""Reads a file of weights that other programs wrote with PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn
from torch.nn.utils import parametrize

_Network = TypeVar("_Network", bound=nn.Module)


def read_checkpoint(path: str | Path, kind: str) -> dict[str, Any]:
    """What a file holds, on the CPU; only tensors and plain values are made.

    Raises ValueError, one sentence, where the file is not a dictionary that
    ``torch.save`` wrote.

    >>> file = getfixture("tmp_path") / "a.pt"
    >>> torch.save({"cfg": {"layers": 2}}, file)
    >>> read_checkpoint(file, "BEATs")
    {'cfg': {'layers': 2}}
    """
    with open(path, "rb") as stream:  # its own error for a bad path
        try:
            content = torch.load(stream, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged file can raise anything
            raise ValueError(
                f"{path}: not a whole checkpoint of {kind} "
                f"({first_sentence(error)}): download it again, or give "
                "another file"
            ) from error
    if not isinstance(content, dict):
        raise ValueError(
            f"{path}: not a checkpoint of {kind}: it holds "
            f"{type(content).__name__}, not a dictionary of weights"
        )
    return content


def fold_weight_norm(network: _Network) -> _Network:
    """Keeps products of direction and norm as plain weights.

    They are multiplied once, and the network can be pickled.

    >>> plain = nn.Linear(2, 3)
    >>> normed = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    >>> list(fold_weight_norm(normed).state_dict()) == list(plain.state_dict())
    False
    >>> sorted(normed.state_dict()) == sorted(plain.state_dict())
    True
    """
    for module in network.modules():
        if parametrize.is_parametrized(module):
            names: Any = module.parametrizations
            for name in list(names):
                parametrize.remove_parametrizations(module, name)
            # What reads parameters of older versions cannot be pickled.
            module._load_state_dict_pre_hooks.clear()
    return network


def first_sentence(error: BaseException) -> str:
    """Why something failed, without the advice and lists that follow.

    >>> first_sentence(ValueError("No such op. Please upgrade."))
    'No such op'
    """
    lines = [line.strip() for line in str(error).strip().splitlines()]
    if len(lines) > 1 and lines[0].endswith(":"):
        lines = [f"{lines[0]} {lines[1]}"]  # a heading says nothing alone
    sentence = lines[0].partition(". ")[0].strip(" .:") if lines else ""
    return sentence[:300] or type(error).__name__

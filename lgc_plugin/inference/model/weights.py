"""Weights of a network: saved, loaded, and held to the network's own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

_NAMED = 8  # names that an error lists; a network has dozens


def save_weights(path: str | Path, network: nn.Module) -> None:
    """Writes the state of a network as a file of tensors.

    Whether a parameter learns is kept too; see :func:`fill_network`.
    """
    # A clone: a tensor that views a larger one would be saved with all of it.
    state = {
        name: tensor.detach().cpu().clone().requires_grad_(tensor.requires_grad)
        for name, tensor in network.state_dict(keep_vars=True).items()
    }
    torch.save(state, path)


def parse_weights(content: bytes, where: str | Path) -> dict[str, Tensor]:
    """The tensors of a file, without running what might be pickled in it.

    Example
    -------
    >>> file = getfixture("tmp_path") / "student.pt"
    >>> save_weights(file, nn.Linear(1, 1))
    >>> list(parse_weights(file.read_bytes(), file))
    ['weight', 'bias']
    """
    try:
        _refuse_compressed(content)
        state = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(
            f"{where}: not a whole file of weights, or one that holds "
            "more than tensors, which is not loaded since a pickled class "
            "can run any program: copy the model again"
        ) from error
    if not _is_state(state):
        raise ValueError(f"{where}: must hold tensors by name, nothing else")
    return state


def check_weights(
    where: str | Path, state: Mapping[str, Tensor], network: nn.Module
) -> None:
    """Refuses weights that are not exactly those of a network.

    Example
    -------
    >>> state = {"weight": torch.zeros(1, 3), "scale": torch.zeros(1)}
    >>> check_weights("s.pt", state, nn.Linear(3, 1))
    Traceback (most recent call last):
        ...
    ValueError: s.pt: not of this network: missing bias; unknown scale
    """
    expected = network.state_dict()
    missing = [name for name in expected if name not in state]
    unknown = [name for name in state if name not in expected]
    others = [
        f"{name} is {_kind(state[name], tensor)} instead of "
        f"{_kind(tensor, state[name])}"
        for name, tensor in expected.items()
        if name in state and not _same_kind(state[name], tensor)
    ]
    faults = [
        f"{word}{_listed(names)}"
        for word, names in (
            ("missing ", missing),
            ("unknown ", unknown),
            ("", others),
        )
        if names
    ]
    if faults:
        raise ValueError(f"{where}: not of this network: {'; '.join(faults)}")


def fill_network(
    where: str | Path, state: Mapping[str, Tensor], network: nn.Module
) -> None:
    """Gives a network weights, exactly as they were saved.

    Parameters learn if those that were saved did. That is no matter of
    training alone: on the CPU, PyTorch's GRU computes frozen weights in
    another way even without gradient, and the last bits of scores differ.

    Example
    -------
    >>> file = getfixture("tmp_path") / "teacher.pt"
    >>> save_weights(file, nn.Linear(1, 1).requires_grad_(False))
    >>> network = nn.Linear(1, 1)
    >>> state = parse_weights(file.read_bytes(), file)
    >>> fill_network(file, state, network)
    >>> network.weight.requires_grad
    False
    """
    check_weights(where, state, network)
    network.load_state_dict(state)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(state[name].requires_grad)


def _refuse_compressed(content: bytes) -> None:
    """PyTorch compresses nothing; what is could fill the memory."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any(each.compress_type for each in archive.infolist()):
            raise ValueError("compressed")


def _is_state(state: Any) -> bool:
    return isinstance(state, dict) and all(
        isinstance(name, str) and isinstance(tensor, Tensor)
        for name, tensor in state.items()
    )


def _same_kind(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype


def _kind(tensor: Tensor, other: Tensor) -> str:
    """The shape, or the type where only that differs."""
    if tensor.shape != other.shape:
        return str(tuple(tensor.shape))
    return str(tensor.dtype)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    text = ", ".join(names[:_NAMED])
    return f"{text} and {more} more" if more > 0 else text

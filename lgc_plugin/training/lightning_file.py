"""Files of PyTorch-Lightning, read without running what is pickled in them."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint


def read_lightning_file(path: str | Path) -> dict[str, Any]:
    """Reads a checkpoint on the CPU; only tensors and plain values are made.

    A pickle can run any program when it is read. One that names a class
    other than those of tensors is refused, not trusted.

    >>> file = getfixture("tmp_path") / "a.ckpt"
    >>> torch.save({"state_dict": {"a": torch.ones(1)}, "epoch": 3}, file)
    >>> read_lightning_file(file)
    {'state_dict': {'a': tensor([1.])}, 'epoch': 3}
    """
    with open(path, "rb") as stream:  # its own error for a bad path
        try:
            content = torch.load(stream, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged file can raise anything
            raise ValueError(_why_unreadable(path, error)) from error
    # Weights without anything around them.
    if (
        isinstance(content, dict)
        and content
        and all(isinstance(value, Tensor) for value in content.values())
    ):
        content = {"state_dict": content}
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise ValueError(
            f"{path}: no state_dict in it: give a checkpoint of "
            "PyTorch-Lightning, or a file with {'state_dict': ...}"
        )
    return content


def _why_unreadable(path: str | Path, error: Exception) -> str:
    """What is wrong with a file that PyTorch does not load, and what to do."""
    refused = _unsafe_globals(path, error)
    if refused:
        return (
            f"{path}: refused, since reading it would load "
            f"{', '.join(refused)}, and a pickled class can run any program; "
            "if you trust the file, write its weights to another one where "
            "its packages are installed, and import that: "
            "python -c \"import torch; torch.save({'state_dict': torch.load("
            f"{Path(path).name!r}, 'cpu', weights_only=False)['state_dict']}}, "
            "'weights.ckpt')\""
        )
    # PyTorch's advice to switch the protection off is not repeated.
    reason = str(error).partition(". ")[0].strip() or "it ends too early"
    if isinstance(error, pickle.UnpicklingError) or "weights_only" in reason:
        reason = "it is no archive of tensors and plain values"
    return (
        f"{path}: not a whole checkpoint of PyTorch ({reason}): copy it again, "
        "or give another file"
    )


def _unsafe_globals(path: str | Path, error: Exception) -> list[str]:
    """Names that the pickle would import; none if they cannot be read."""
    try:
        return sorted(get_unsafe_globals_in_checkpoint(path))
    except Exception:  # a damaged file, or one of before PyTorch 1.6
        return re.findall(r"GLOBAL (\w[\w.]*) was not", str(error))

"""SpeechBrain's options for a model that only listens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from speechbrain.utils.distributed import infer_device


def run_options(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options with a device that is there, named in full.

    Arguments
    ---------
    given : Mapping[str, Any], optional
        Such as ``device`` and ``precision``.

    Returns
    -------
    dict[str, Any]
        With ``device``: without one, the first GPU, or the CPU.

    Raises
    ------
    ValueError
        If the device does not exist.

    Example
    -------
    >>> run_options({"device": "cpu", "precision": "bf16"})
    {'device': 'cpu', 'precision': 'bf16'}
    """
    options = dict(given or {})
    device = _device(str(options.get("device") or infer_device()))
    if device.type == "cuda":
        count = torch.cuda.device_count()
        index = device.index
        if index is None and count:  # SpeechBrain warns of "cuda" alone
            index = torch.cuda.current_device()
        if index is None or index >= count:
            raise ValueError(
                f"device {str(device)!r}: PyTorch finds {count} GPUs here; "
                "give another one, or 'cpu'"
            )
        device = torch.device("cuda", index)
    return {**options, "device": str(device)}


def _device(name: str) -> torch.device:
    try:
        return torch.device(name)
    except RuntimeError:
        raise ValueError(
            f"device {name!r} is none: give cpu, cuda, or cuda:1"
        ) from None

"""What a caller may choose for a detector: thresholds, device, precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from speechbrain.utils.distributed import infer_device

# More windows at once are hardly faster on a CPU, and take more memory.
_CPU_BATCH, _GPU_BATCH = 2, 32

Threshold = float | Mapping[str, float] | None


def class_thresholds(
    asked: Threshold, own: float | Mapping[str, float], labels: Sequence[str]
) -> float | dict[str, float]:
    """A threshold for all classes, or one for each.

    Example
    -------
    >>> class_thresholds({"Dog": 0.3}, 0.5, ["Cat", "Dog"])
    {'Cat': 0.5, 'Dog': 0.3}
    """
    if asked is None:
        return dict(own) if isinstance(own, Mapping) else own
    if not isinstance(asked, Mapping):
        return _probability(asked)
    unknown = [label for label in asked if label not in labels]
    if unknown:
        raise ValueError(
            f"threshold of {unknown[0]!r}: the classes of the model are "
            f"{', '.join(labels)}"
        )
    if not isinstance(own, Mapping):
        own = dict.fromkeys(labels, own)
    given = {label: _probability(limit) for label, limit in asked.items()}
    return {**own, **given}


def _probability(threshold: float) -> float:
    try:
        number = float(threshold)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number <= 1:
        raise ValueError(
            f"threshold is {threshold!r}: must be a number from 0 to 1"
        )
    return number


def run_options(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options with a device that is there, named in full."""
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


def default_batch_size(wanted: int | None, device: str) -> int:
    """Windows that are processed at once."""
    if wanted is None:
        return _CPU_BATCH if device == "cpu" else _GPU_BATCH
    if wanted < 1:
        raise ValueError(f"batch_size is {wanted}: must be at least 1")
    return wanted

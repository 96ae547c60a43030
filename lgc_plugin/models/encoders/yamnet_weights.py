"""Reads YAMNet's weights: Google's Keras file, or an ONNX graph.

Both become 28 pairs of a kernel and a bias: 27 convolutions, (out, in, 3, 3)
or (out, in, 1, 1), with their batch norm folded in, then the classifier,
(classes, channels).
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.models.encoders.checkpoint import first_sentence
from lgc_plugin.models.encoders.yamnet_keras import read_keras
from lgc_plugin.models.encoders.yamnet_onnx import read_onnx, read_zip

Pair: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]

N_LAYERS = 14
_N_CONVOLUTIONS = 2 * N_LAYERS - 1
_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"


def read_yamnet(path: str | Path) -> list[Pair]:
    """The 28 pairs of a .h5 file, an .onnx file, or a .zip with one.

    What a file is, its content says. A file without a whole YAMNet is refused
    with ValueError, a missing one with FileNotFoundError.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file of YAMNet's weights: give yamnet.h5, an "
            "ONNX file or a .zip with one"
        )
    with path.open("rb") as file:
        start = file.read(len(_HDF5))
    if start == _HDF5:
        read = read_keras
    else:
        read = read_zip if start.startswith(_ZIP) else read_onnx
    try:
        pairs = read(path)
        _check(pairs)
    except ImportError as error:
        raise ValueError(f"{path}: {error}") from error
    # The libraries end in many ways on damaged files.
    except Exception as error:
        raise ValueError(
            f"{path}: no weights of YAMNet (yamnet.h5, an ONNX file or a "
            f".zip with one) can be read here: {first_sentence(error)}"
        ) from error
    return pairs


def _check(pairs: list[Pair]) -> None:
    """Refuses what is not a chain of YAMNet's convolutions."""
    if len(pairs) != _N_CONVOLUTIONS + 1:
        raise ValueError(
            f"{len(pairs) - 1} convolutions, expected {_N_CONVOLUTIONS}"
        )
    n_channels = 1
    for number, (kernel, bias) in enumerate(pairs):
        n_out = len(bias)
        expected: tuple[int, ...]
        if number == _N_CONVOLUTIONS:
            name, expected = "the classifier", (n_out, n_channels)
        elif number == 0:
            name, expected = "layer1", (n_out, 1, 3, 3)
        elif number % 2:
            name = f"layer{number // 2 + 2}, depthwise"
            expected = n_channels, 1, 3, 3
        else:
            name = f"layer{number // 2 + 1}, pointwise"
            expected = n_out, n_channels, 1, 1
        if kernel.shape != expected or n_out != expected[0]:
            raise ValueError(
                f"{name} has a kernel of {kernel.shape} and {n_out} biases, "
                f"expected {expected}"
            )
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise ValueError(f"{name} has weights that are not finite")
        n_channels = n_out

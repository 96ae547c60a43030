"""YAMNet's weights from a Keras file such as Google's ``yamnet.h5``.

Its layers are ``layer1/conv``, then ``layer2/depthwise_conv`` and
``layer2/pointwise_conv`` to ``layer14``, each with a batch norm (``.../bn``:
beta, moving mean and variance, no gamma), and a dense layer, ``logits``.
Keras stores a weight as ``<layer>/<layer>/kernel:0``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.models.encoders.batch_norm import fold

if TYPE_CHECKING:
    from lgc_plugin.models.encoders.yamnet_weights import Pair

_EPSILON = 1e-4
_WEIGHT = re.compile(
    r"(layer\d+/(?:depthwise_|pointwise_)?conv)(/bn)?/(\w+)(?::0)?$"
)


def read_keras(path: Path) -> list[Pair]:
    """Kernels and biases in the order of the network, batch norm folded."""
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            "reading a Keras file needs h5py: "
            "pip install 'lgc_plugin[encoders]'"
        ) from error
    arrays: dict[str, NDArray[np.float32]] = {}

    def collect(name: str, item: object) -> None:
        # A whole model's file holds the optimizer's averages too.
        if isinstance(item, h5py.Dataset) and "optimizer" not in name:
            arrays[name] = np.asarray(item)

    with h5py.File(path, "r") as file:
        file.visititems(collect)
    layers: dict[str, dict[str, NDArray[np.float32]]] = {}
    dense: dict[str, NDArray[np.float32]] = {}
    for name, array in arrays.items():
        found = _WEIGHT.search(name)
        if found:
            layers.setdefault(found[1], {})[found[3]] = array
        elif array.ndim in (1, 2):
            dense[name.rsplit("/", 1)[-1].removesuffix(":0")] = array
    pairs = [_pair(name, layers[name]) for name in sorted(layers, key=_order)]
    pairs.append(
        (_need("logits", dense, "kernel").T, _need("logits", dense, "bias"))
    )
    return pairs


def _order(layer: str) -> tuple[int, str]:
    """Depthwise stands before pointwise in the alphabet too."""
    number, kind = layer.removeprefix("layer").split("/")
    return int(number), kind


def _pair(name: str, weights: dict[str, NDArray[np.float32]]) -> Pair:
    """A convolution as PyTorch has it, (out, in, height, width)."""
    if "depthwise" in name:
        # Keras: (height, width, channels, 1).
        kernel = _need(name, weights, "depthwise_kernel").transpose(2, 3, 0, 1)
    else:
        kernel = _need(name, weights, "kernel").transpose(3, 2, 0, 1)
    return fold(
        kernel,
        mean=_need(name, weights, "moving_mean"),
        variance=_need(name, weights, "moving_variance"),
        beta=_need(name, weights, "beta"),
        gamma=weights.get("gamma"),
        epsilon=_EPSILON,
    )


def _need(
    layer: str, weights: dict[str, NDArray[np.float32]], name: str
) -> NDArray[np.float32]:
    if name not in weights:
        raise ValueError(f"{layer} has no {name}")
    return weights[name]

"""YAMNet's weights from an ONNX graph, of floats or quantized."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lgc_plugin.models.encoders.batch_norm import fold

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

    from lgc_plugin.models.encoders.yamnet_weights import Pair


def read_zip(path: Path) -> list[Pair]:
    """The weights of the one .onnx file in an archive."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith(".onnx")]
        if len(names) != 1:
            raise ValueError(f"{len(names)} .onnx files in it, expected 1")
        with tempfile.TemporaryDirectory() as folder:
            # The graph may have its weights in a file beside it.
            archive.extractall(folder)
            return read_onnx(Path(folder) / names[0])


def read_onnx(path: Path) -> list[Pair]:
    """Kernels and biases in the order of the graph, batch norm folded."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "reading an ONNX file needs onnx: pip install 'lgc_plugin[onnx]'"
        ) from error
    return _Graph(onnx.load(path).graph).pairs()


class _Graph:
    """Looks up constants and the nodes that use them."""

    def __init__(self, graph: GraphProto) -> None:
        from onnx import numpy_helper

        self.nodes = list(graph.node)
        self.constants: dict[str, NDArray[Any]] = {
            each.name: numpy_helper.to_array(each) for each in graph.initializer
        }
        self.producers: dict[str, NodeProto] = {}
        for node in graph.node:
            self.producers |= dict.fromkeys(node.output, node)
            if node.op_type == "Constant":
                value = self.attribute(node, "value", None)
                if value is not None:
                    self.constants[node.output[0]] = numpy_helper.to_array(
                        value
                    )

    @staticmethod
    def attribute(node: NodeProto, name: str, default: Any) -> Any:
        from onnx import helper

        for each in node.attribute:
            if each.name == name:
                return helper.get_attribute_value(each)
        return default

    def constant(self, name: str) -> NDArray[Any] | None:
        """A constant as floats; None for what depends on the input.

        A quantizer of float weights is left out; integers are scaled back.
        """
        if name in self.constants:
            return self.constants[name]
        node = self.producers.get(name)
        if node is None or node.op_type not in (
            "QuantizeLinear",
            "DequantizeLinear",
            "Identity",
        ):
            return None
        value = self.constant(node.input[0])
        if (
            value is None
            or node.op_type != "DequantizeLinear"
            or value.dtype.kind == "f"
        ):
            return value
        scale, *zero = (self.constants[each] for each in node.input[1:])
        axis = self.attribute(node, "axis", 1) if scale.ndim else 0
        shape = [-1 if i == axis else 1 for i in range(value.ndim)]
        offset = zero[0].astype(np.float32).reshape(shape) if zero else 0.0
        return (value.astype(np.float32) - offset) * scale.reshape(shape)

    def pairs(self) -> list[Pair]:
        pairs = [
            self.convolution(node)
            for node in self.nodes
            if node.op_type == "Conv"
        ]
        return [*pairs, self.classifier()]

    def convolution(self, node: NodeProto) -> Pair:
        kernel = self.constant(node.input[1])
        if kernel is None:
            raise ValueError(f"the kernel of {node.name} is no constant")
        bias = self.bias(node, len(kernel))
        following = self.following(node.output[0])
        if following is None or following.op_type != "BatchNormalization":
            return kernel, bias
        gamma, beta, mean, variance = (
            self.constants[name] for name in following.input[1:]
        )
        return fold(
            kernel,
            mean=mean - bias,
            variance=variance,
            beta=beta,
            gamma=gamma,
            epsilon=self.attribute(following, "epsilon", 1e-5),
        )

    def classifier(self) -> Pair:
        """The last product with a constant matrix."""
        for node in reversed(self.nodes):
            if node.op_type not in ("Gemm", "MatMul"):
                continue
            kernel = self.constant(node.input[1])
            if kernel is None:
                continue
            if not self.attribute(node, "transB", 0):
                kernel = kernel.T
            if node.op_type == "Gemm":
                return kernel, self.bias(node, len(kernel))
            added = self.following(node.output[0])
            inputs = [] if added is None else list(added.input)
            values = [self.constant(each) for each in inputs]
            biases = [each for each in values if each is not None]
            if added is not None and added.op_type == "Add" and biases:
                return kernel, biases[0].reshape(-1)
            return kernel, np.zeros(len(kernel), np.float32)
        raise ValueError("no classifier in it")

    def bias(self, node: NodeProto, size: int) -> NDArray[Any]:
        if len(node.input) < 3:
            return np.zeros(size, np.float32)
        bias = self.constant(node.input[2])
        if bias is None:
            raise ValueError(f"the bias of {node.name} is no constant")
        return bias

    def following(self, name: str) -> NodeProto | None:
        """The first node that reads a value."""
        for node in self.nodes:
            if name in node.input:
                return node
        return None

"""Files of YAMNet's form with few channels and random weights."""

from __future__ import annotations

import numpy as np

CHANNELS = [4, 6, 8, 8, 10, 10, 12, 12, 12, 12, 12, 12, 16, 16]
N_CLASSES = 7


def random_weights(seed=0, channels=CHANNELS, n_classes=N_CLASSES):
    """By layer, as Keras has them: kernels (h, w, in, out), batch norm."""
    random = np.random.default_rng(seed)

    def convolution(*shape):
        n_out = shape[2] if shape[3] == 1 else shape[3]
        fan_in = np.prod(shape) / n_out
        spread = random.standard_normal(shape) * np.sqrt(2 / fan_in)
        return {
            "kernel": spread.astype(np.float32),
            "beta": random.uniform(-0.1, 0.4, n_out).astype(np.float32),
            "mean": random.uniform(-0.3, 0.3, n_out).astype(np.float32),
            # Small enough that the epsilon matters.
            "variance": random.uniform(1e-3, 2.0, n_out).astype(np.float32),
        }

    weights = {"layer1/conv": convolution(3, 3, 1, channels[0])}
    for number, n_out in enumerate(channels[1:], 2):
        n_in, name = channels[number - 2], f"layer{number}/"
        weights[name + "depthwise_conv"] = convolution(3, 3, n_in, 1)
        weights[name + "pointwise_conv"] = convolution(1, 1, n_in, n_out)
    kernel = random.standard_normal((channels[-1], n_classes))
    weights["logits"] = {
        "kernel": kernel.astype(np.float32),
        "bias": random.standard_normal(n_classes).astype(np.float32),
    }
    return weights


def write_keras(path, weights):
    """As Keras's ``save_weights`` does: <layer>/<layer>/<weight>:0."""
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["backend"] = "tensorflow"
        for layer, values in weights.items():
            kind = "depthwise_" if "depthwise" in layer else ""
            file[f"{layer}/{layer}/{kind}kernel:0"] = values["kernel"]
            if layer == "logits":
                file[f"{layer}/{layer}/bias:0"] = values["bias"]
                continue
            norm = f"{layer}/bn"
            file[f"{norm}/{norm}/beta:0"] = values["beta"]
            file[f"{norm}/{norm}/moving_mean:0"] = values["mean"]
            file[f"{norm}/{norm}/moving_variance:0"] = values["variance"]
    return path


def write_onnx(path, weights, *, form="float"):
    """A graph on patches (P, 1, 96, 64), batch norm in nodes of its own.

    ``form``: "float"; "quantized": weights pass through quantizers; "integer":
    they are stored as integers; "matmul": the classifier is a product and a
    sum; "external": weights are in a file beside the graph.
    """
    import onnx
    from onnx import helper, numpy_helper

    nodes, constants, value = [], {}, "audio"

    def add(op_type, inputs, **attributes):
        output = f"value_{len(nodes)}"
        nodes.append(helper.make_node(op_type, inputs, [output], **attributes))
        return output

    def kernel_of(name, array):
        if form not in ("quantized", "integer"):
            constants[name] = array
            return name
        rest = tuple(range(1, array.ndim))
        scale = (np.abs(array).max(axis=rest) / 127).astype(np.float32)
        constants[name + "_scale"] = scale
        constants[name + "_zero"] = np.zeros(len(scale), np.int8)
        names = [name, name + "_scale", name + "_zero"]
        if form == "quantized":
            constants[name] = array
            names[0] = add("QuantizeLinear", names, axis=0)
        else:
            by_row = scale.reshape(-1, *[1] * (array.ndim - 1))
            constants[name] = np.round(array / by_row).astype(np.int8)
        return add("DequantizeLinear", names, axis=0)

    strides = iter([2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1])
    for layer, values in weights.items():
        if layer == "logits":
            continue
        kernel = values["kernel"].transpose(3, 2, 0, 1)
        if "depthwise" in layer:
            kernel = kernel.transpose(1, 0, 2, 3)
        size = kernel.shape[-1]
        stride = 1 if "pointwise" in layer else next(strides)
        before = size // 2 if stride == 1 else 0
        name = kernel_of(layer, kernel)
        value = add(
            "Conv",
            [value, name],
            strides=[stride] * 2,
            pads=[before, before, size // 2, size // 2],
            group=len(kernel) if "depthwise" in layer else 1,
        )
        norm = {"gamma": np.ones(len(kernel), np.float32)} | {
            part: values[part] for part in ("beta", "mean", "variance")
        }
        constants |= {f"{layer}/{part}": norm[part] for part in norm}
        names = [value, *(f"{layer}/{part}" for part in norm)]
        value = add("BatchNormalization", names, epsilon=1e-4)
        value = add("Relu", [value])
    value = add("Flatten", [add("GlobalAveragePool", [value])])
    dense = weights["logits"]
    constants["bias"] = dense["bias"]
    if form == "matmul":
        constants["dense"] = dense["kernel"]
        product = add("MatMul", [value, "dense"])
        add("Add", ["bias", product])
    else:
        name = kernel_of("dense", dense["kernel"].T)
        add("Gemm", [value, name, "bias"], transB=1)
    float_type = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "yamnet",
        [helper.make_tensor_value_info("audio", float_type, ["p", 1, 96, 64])],
        [
            helper.make_tensor_value_info(
                nodes[-1].output[0], float_type, ["p", len(dense["bias"])]
            )
        ],
        [
            numpy_helper.from_array(np.ascontiguousarray(array), name)
            for name, array in constants.items()
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.save(
        model,
        str(path),
        save_as_external_data=form == "external",
        location="weights.data" if form == "external" else None,
        size_threshold=0,
    )
    return path

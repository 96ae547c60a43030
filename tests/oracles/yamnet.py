"""YAMNet from its description, in plain NumPy, without folded batch norm."""

from __future__ import annotations

import numpy as np

STRIDES = [2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
EPSILON = 1e-4


def log_mel(wav):
    """(N,) to (T, 64): frames of 25 ms every 10 ms."""
    n = np.arange(400)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / 400)
    weights = mel_weights()
    rows = []
    for start in range(0, len(wav) - 400 + 1, 160):
        magnitude = np.abs(np.fft.fft(wav[start : start + 400] * window, 512))
        rows.append(np.log(magnitude[:257] @ weights + 0.001))
    return np.array(rows)


def mel_weights():
    """(257, 64), as ``tf.signal.linear_to_mel_weight_matrix`` is defined."""

    def mel(hertz):
        return 1127.0 * np.log(1.0 + hertz / 700.0)

    edges = np.linspace(mel(125.0), mel(7500.0), 66)
    weights = np.zeros((257, 64))
    for i in range(1, 257):
        place = mel(i * 16000 / 512)
        for band in range(64):
            low, middle, high = edges[band : band + 3]
            rising = (place - low) / (middle - low)
            falling = (high - place) / (high - middle)
            weights[i, band] = max(0.0, min(rising, falling))
    return weights


def same_padding(size, kernel, stride):
    """Rows before and after, by TensorFlow's rule."""
    n_out = -(-size // stride)
    total = max((n_out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def convolve(maps, kernel, stride, depthwise):
    """(H, W, C) with a Keras kernel (h, w, in, out), padding "same"."""
    height, width = kernel.shape[:2]
    padding = [
        same_padding(maps.shape[0], height, stride),
        same_padding(maps.shape[1], width, stride),
        (0, 0),
    ]
    padded = np.pad(maps, padding)
    n_rows, n_columns = (-(-size // stride) for size in maps.shape[:2])
    out = 0.0
    for i in range(height):
        for j in range(width):
            part = padded[i::stride, j::stride][:n_rows, :n_columns]
            if depthwise:
                out = out + part * kernel[i, j, :, 0]
            else:
                out = out + part @ kernel[i, j]
    return out


def unit(maps, weights, stride, depthwise):
    """Convolution, batch norm without scale, ReLU."""
    out = convolve(maps, weights["kernel"], stride, depthwise)
    out = (out - weights["mean"]) / np.sqrt(weights["variance"] + EPSILON)
    return np.maximum(out + weights["beta"], 0.0)


def layers(mels, weights):
    """(T, 64) to the outputs of layer1 to layer14, (T', F, C) each."""
    maps, outputs = mels[:, :, None], []
    for number, stride in enumerate(STRIDES, 1):
        if number == 1:
            maps = unit(maps, weights["layer1/conv"], stride, False)
        else:
            name = f"layer{number}/"
            maps = unit(maps, weights[name + "depthwise_conv"], stride, True)
            maps = unit(maps, weights[name + "pointwise_conv"], 1, False)
        outputs.append(maps)
    return outputs


def patch(mels, weights):
    """(96, 64) to an embedding and the scores of the classes."""
    embedding = layers(mels, weights)[-1].mean(axis=(0, 1))
    dense = weights["logits"]
    logits = embedding @ dense["kernel"] + dense["bias"]
    return embedding, 1.0 / (1.0 + np.exp(-logits))

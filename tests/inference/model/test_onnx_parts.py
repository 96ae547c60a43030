"""The GRU as ONNX writes it down."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lgc_plugin.inference.model.onnx_parts import OnnxGRU


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def onnx_direction(x, weights, states, bias) -> np.ndarray:
    """(T, B, I) to (T, B, H) by the operator's equations, step by step.

    With ``linear_before_reset``; gates are update, reset, hidden.
    """
    wz, wr, wh = np.split(weights, 3)
    rz, rr, rh = np.split(states, 3)
    bz, br, bh, cz, cr, ch = np.split(bias, 6)
    state, found = np.zeros((x.shape[1], len(wz))), []
    for step in x:
        update = sigmoid(step @ wz.T + bz + state @ rz.T + cz)
        reset = sigmoid(step @ wr.T + br + state @ rr.T + cr)
        hidden = np.tanh(step @ wh.T + bh + reset * (state @ rh.T + ch))
        state = (1 - update) * hidden + update * state
        found.append(state)
    return np.stack(found)


@settings(max_examples=25)
@given(
    n_inputs=st.integers(1, 6),
    hidden=st.integers(1, 5),
    layers=st.integers(1, 3),
    n_steps=st.integers(1, 6),
    seed=st.integers(0, 1000),
)
def test_its_weights_are_those_of_pytorch(
    n_inputs, hidden, layers, n_steps, seed
):
    generator = torch.Generator().manual_seed(seed)
    gru = nn.GRU(n_inputs, hidden, layers, batch_first=True, bidirectional=True)
    with torch.no_grad():
        for weight in gru.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
        clips = torch.randn(2, n_steps, n_inputs, generator=generator)
        expected, _ = gru(clips)
    buffers = dict(OnnxGRU(gru).named_buffers())
    x = clips.transpose(0, 1).double().numpy()
    for layer in range(layers):
        weights, states, bias = (
            buffers[f"{name}_{layer}"].double().numpy()
            for name in ("inputs", "states", "bias")
        )
        forth = onnx_direction(x, weights[0], states[0], bias[0])
        back = onnx_direction(x[::-1], weights[1], states[1], bias[1])[::-1]
        x = np.concatenate([forth, back], axis=2)
    np.testing.assert_allclose(
        x.transpose(1, 0, 2), expected.numpy(), atol=2e-5
    )


def test_the_gru_it_was_made_of_stays_as_it_was():
    gru = nn.GRU(3, 2, batch_first=True, bidirectional=True)
    before = {name: w.detach().clone() for name, w in gru.named_parameters()}
    copied = OnnxGRU(gru)
    copied.inputs_0.zero_()
    for name, weight in gru.named_parameters():
        assert weight.requires_grad and torch.equal(weight, before[name])

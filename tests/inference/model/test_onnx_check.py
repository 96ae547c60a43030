"""An ONNX file held to the detector that it was made of."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch

from lgc_plugin.inference.model.onnx_check import (
    TOLERANCE,
    check_onnx,
    open_session,
    sample_windows,
)
from model_cases import used_network
from onnx_cases import case_settings, exported


def test_what_was_exported_passes():
    model, content = exported("small")
    # Two programs never round alike, so a difference of 0 would mean that
    # nothing was compared.
    assert 0 < check_onnx(content, model, "teacher.onnx") < TOLERANCE / 10


@pytest.mark.parametrize("change", [1e-3, math.nan])
def test_a_small_change_of_a_weight_is_found(change):
    model, content = exported("small")
    other = used_network(model.settings, 3)
    with torch.no_grad():
        other.frame_head.bias[2] += change
    changed = model._replace(network=other)
    with pytest.raises(ValueError, match="^out/teacher.onnx: .* PyTorch"):
        check_onnx(content, changed, "out/teacher.onnx")


def test_another_front_end_is_found():
    model, content = exported("small")
    quieter, unpadded = (copy.deepcopy(model.front_end) for _ in range(2))
    quieter.decibel_range = (-45.0, 80.0)
    unpadded.spectrogram.spectrogram.pad_mode = "constant"
    for front_end in (quieter, unpadded):
        changed = model._replace(front_end=front_end)
        with pytest.raises(ValueError, match="differ by up to"):
            check_onnx(content, changed, "teacher.onnx")


def test_a_mask_that_is_left_out_is_found(monkeypatch):
    model, content = exported("small")
    session = open_session(content)

    class Unmasked:
        def run(self, names, inputs):
            wavs = inputs["wav"]
            lengths = np.full(len(wavs), wavs.shape[1])
            return session.run(names, {"wav": wavs, "n_samples": lengths})

    monkeypatch.setattr(
        "lgc_plugin.inference.model.onnx_check.open_session",
        lambda _: Unmasked(),
    )
    with pytest.raises(ValueError, match="differ by up to"):
        check_onnx(content, model, "teacher.onnx")


def test_the_sounds_reach_everything():
    windows = sample_windows(case_settings("odd"))
    lengths = [len(window) for window in windows]
    assert lengths == [12432] * 4 + [4144, 1]
    assert max(abs(window).max() for window in windows) > 1
    assert any(not window.any() for window in windows)

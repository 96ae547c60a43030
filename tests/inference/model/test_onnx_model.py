"""A detector as one ONNX file."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lgc_plugin import SoundEventDetector, __version__
from lgc_plugin.inference.model.export import open_session
from lgc_plugin.inference.model.model_folder import write_model
from lgc_plugin.inference.model.onnx_model import (
    OnnxGRU,
    make_onnx,
    require_onnx,
)
from lgc_plugin.inference.prediction import run_on_windows
from lgc_plugin.inference.samples import round_to_16_bits
from onnx_cases import CASES, exported, sounds


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


WITHOUT_PYTORCH = """
import json, sys
import numpy as np, onnxruntime, soundfile

session = onnxruntime.InferenceSession(sys.argv[1])
about = session.get_modelmeta().custom_metadata_map
samples, rate = soundfile.read(sys.argv[2], dtype="float32")
padding = json.loads(about["window_samples"]) - len(samples)
inputs = {"wav": [np.pad(samples, (0, padding))], "n_samples": [len(samples)]}
frame_scores, clip_scores = session.run(None, inputs)

assert rate == json.loads(about["sample_rate"]) and "torch" not in sys.modules
np.save(sys.argv[3], frame_scores[0])
"""


def run_onnx(content: bytes, wavs, n_samples) -> list[np.ndarray]:
    inputs = {"wav": wavs, "n_samples": np.asarray(n_samples, np.int64)}
    return open_session(content).run(["frame_scores", "clip_scores"], inputs)


def assert_near(found, expected, tolerance: float = 1e-5) -> None:
    for ours, theirs in zip(found, expected[:2], strict=True):
        assert ours.shape == theirs.shape and ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs.numpy(), atol=tolerance, rtol=0)


def on_windows(model, wavs, n_samples):
    parts = model.front_end, model.network
    with torch.no_grad():
        return run_on_windows(
            *parts,
            torch.from_numpy(round_to_16_bits(wavs)),
            torch.tensor(n_samples),
            model.settings.pooling,
        )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("n_windows", [1, 3])
def test_full_windows_get_the_scores_of_unpadded_clips(name, n_windows):
    """As recipes compute them where no clip of a batch is padded."""
    model, content = exported(name)
    wavs = sounds(model.settings, n_windows)
    lengths = [wavs.shape[1]] * n_windows
    with torch.no_grad():
        clips = torch.from_numpy(round_to_16_bits(wavs))
        expected = model.network(model.front_end(clips))
    assert_near(run_onnx(content, wavs, lengths), expected)


@pytest.mark.parametrize("name", CASES)
def test_padded_windows_get_the_scores_of_pytorch(name):
    model, content = exported(name)
    frame = model.settings.hop_length * model.settings.pooling
    size = model.settings.encoder().n_samples
    lengths = [size - 1, size // 2, frame + 1, frame, 1, size]
    wavs = sounds(model.settings, len(lengths))
    for wav, length in zip(wavs, lengths, strict=True):
        wav[length:] = 0
    found = run_onnx(content, wavs, lengths)
    assert_near(found, on_windows(model, wavs, lengths))
    # The mask has a say: without it, other scores come out.
    unmasked = run_onnx(content, wavs, [size] * len(lengths))
    assert np.abs(unmasked[1] - found[1])[1:5].max(axis=1).min() > 1e-4


@pytest.mark.parametrize("name", CASES)
def test_silence_has_scores(name):
    """Its levels have no range, which must not become 0 / 0."""
    model, content = exported(name)
    size = model.settings.encoder().n_samples
    wavs, lengths = np.zeros((2, size), np.float32), [size, size // 3]
    expected = on_windows(model, wavs, lengths)
    assert_near(run_onnx(content, wavs, lengths), expected)


def test_samples_are_rounded_inside():
    model, content = exported("small")
    wavs = sounds(model.settings, 2)
    # A few steps of 16 bits, and beyond full scale.
    wavs *= np.array([[2e-4], [300]], np.float32)
    lengths = [wavs.shape[1]] * 2
    found = run_onnx(content, wavs, lengths)
    assert_near(found, on_windows(model, wavs, lengths))
    with torch.no_grad():
        features = model.front_end(torch.from_numpy(wavs))
        unrounded = model.network(features).clip.numpy()
    assert np.abs(found[1] - unrounded).max(axis=1).min() > 1e-4
    again = run_onnx(content, round_to_16_bits(wavs), lengths)
    assert all(map(np.array_equal, again, found))


def test_a_pure_tone_is_exact_in_frames_of_any_length():
    """onnxruntime's transform is not, in single precision."""
    model, content = exported("odd")
    time = np.arange(model.settings.encoder().n_samples) / 16000
    tone = 0.9 * np.sin(2 * np.pi * 440 * time[None]).astype(np.float32)
    expected = on_windows(model, tone, [tone.shape[1]])
    assert_near(run_onnx(content, tone, [tone.shape[1]]), expected)


@pytest.mark.parametrize("name", CASES)
def test_the_metadata_are_all_that_decoding_needs(name):
    model, content = exported(name)
    settings, encoder = model.settings, model.settings.encoder()
    frame_samples = settings.hop_length * settings.pooling
    found = open_session(content).get_modelmeta().custom_metadata_map
    about = {key: json.loads(value) for key, value in found.items()}
    thresholds = about.pop("thresholds")
    decoding = settings.post_processing
    limit = decoding.decision_threshold
    for label in settings.labels:
        expected = limit[label] if isinstance(limit, dict) else limit
        assert thresholds[label] == expected
    more = {"step_filter_length": 0.4, "len_th": 0.1}
    assert about == {
        **(more if name == "odd" else {}),
        "labels": list(settings.labels),
        "sample_rate": 16000,
        "window_samples": encoder.n_samples,
        "hop_samples": encoder.n_frames // 2 * frame_samples,
        "frame_seconds": settings.frame_seconds,
        "median_windows": decoding.median_windows,
        "network": "teacher",
        "lgc_plugin": __version__,
    }


def test_the_file_is_whole_and_says_nothing_of_who_made_it():
    _, content = exported("paper")
    proto = onnx.load_from_string(content)
    onnx.checker.check_model(proto, full_check=True)
    # ONNX's own operators, which every runtime knows.
    assert not proto.functions
    assert {node.domain for node in proto.graph.node} == {""}
    assert not any(tensor.external_data for tensor in proto.graph.initializer)
    assert not re.search(rb"\.py\b|site-packages|/home/|/root/", content)
    assert not any("projection" in t.name for t in proto.graph.initializer)
    sizes = {
        value.name: [d.dim_param or d.dim_value for d in dims]
        for value in (*proto.graph.input, *proto.graph.output)
        for dims in [value.type.tensor_type.shape.dim]
    }
    assert sizes == {
        "wav": ["batch", 160000],
        "n_samples": ["batch"],
        "frame_scores": ["batch", 10, 156],
        "clip_scores": ["batch", 10],
    }


def test_opening_it_draws_no_warning(capfd):
    onnxruntime.InferenceSession(exported("small")[1])
    assert "".join(capfd.readouterr()) == ""


def test_a_program_without_pytorch_gets_the_detectors_scores(tmp_path):
    model, content = exported("small")
    wav = sounds(model.settings, 1)[0, :11111]
    (tmp_path / "teacher.onnx").write_bytes(content)
    soundfile.write(tmp_path / "a.wav", wav, 16000, "PCM_16")
    files = [tmp_path / name for name in ("teacher.onnx", "a.wav", "a.npy")]
    command = [sys.executable, "-c", WITHOUT_PYTORCH, *map(str, files)]
    subprocess.run(command, check=True)
    write_model(tmp_path / "m", model.settings, {"teacher": model.network})
    detector = SoundEventDetector.from_hparams(
        tmp_path / "m", run_opts={"device": "cpu"}
    )
    expected = detector.scores(wav, 16000)
    found = np.load(files[2])[:, : expected.shape[1]]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_exporting_changes_nothing_else_and_is_silent(capfd):
    model, _ = exported("small")
    before = {k: v.clone() for k, v in model.network.state_dict().items()}
    random = torch.get_rng_state()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        make_onnx(model, "teacher")
    assert [str(w.message) for w in caught] == []
    assert "".join(capfd.readouterr()) == ""
    assert logging.getLogger("torch.onnx").isEnabledFor(logging.WARNING)
    assert torch.equal(torch.get_rng_state(), random)
    assert type(model.network.rnn) is nn.GRU
    assert model.front_end.spectrogram.spectrogram.window.dtype == torch.float32
    after = model.network.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_package_is_told_with_the_command(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=package) as caught:
        require_onnx()
    assert "pip install 'lgc_plugin[onnx]'" in str(caught.value)

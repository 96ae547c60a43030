"""Folders of transformers: frames in time, their numbers, what is refused."""

import json
import socket
from importlib import import_module

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from encoder_cases import check_encoder, time_of_click, without_attention
from lgc_plugin.models.encoders import TransformersEncoder
from tiny_transformers import KINDS, make_folder

AST = "audio-spectrogram-transformer"
OTHERS = (AST, "wav2vec2-bert", "whisper")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("kind", KINDS)
def test_embeddings(tmp_path, kind):
    encoder = TransformersEncoder(make_folder(tmp_path, kind))
    seconds = 0.1 if kind == AST else 0.02
    assert (encoder.size, encoder.frame_seconds) == (16, seconds)
    # Longer than a piece of AST (1.2 s) and of Whisper (1 s).
    check_encoder(encoder, n_samples=41000)


@pytest.mark.parametrize("kind", KINDS)
def test_a_click_is_in_the_frame_of_its_time(tmp_path, kind):
    folder = make_folder(
        tmp_path,
        kind,
        extractor={"do_normalize": False},
        # The other norm is over time, so that a click changes every frame.
        **{"feat_extract_norm": "layer"} if kind not in OTHERS else {},
    )
    encoder = without_attention(TransformersEncoder(folder))
    for frame in (0, 3, 7, 8, 17, 18, 19):
        at = (frame + 0.5) * encoder.frame_seconds
        found = time_of_click(encoder, at, 40000)
        # SEW computes two frames at a time; Whisper's convolutions overlap.
        frames = 1.01 if kind in ("sew", "sew-d", "whisper") else 0.01
        assert abs(found - at) < frames * encoder.frame_seconds


@pytest.mark.parametrize(
    ("kind", "stable"),
    [(kind, False) for kind in KINDS]
    + [(kind, True) for kind in ("wav2vec2", "hubert", "wavlm")],
)
def test_an_earlier_layer_is_the_hidden_state_of_that_name(
    tmp_path, kind, stable
):
    more = {"do_stable_layer_norm": True} if stable else {}
    folder = make_folder(tmp_path, kind, **more)
    wavs = 0.1 * torch.randn(2, 16000)
    n_frames = 10 if kind == AST else 50
    whole = TransformersEncoder(folder)
    network = whole.model.network
    states = []

    def hidden(*args, **kwargs):
        output = forward(*args, output_hidden_states=True, **kwargs)
        states.append(output.hidden_states)
        return output

    forward, network.forward = network.forward, hidden
    expected = whole.model(wavs, n_frames)[:, :n_frames].transpose(1, 2)
    for layer in (1, 2):
        encoder = TransformersEncoder(folder, layer)
        one = encoder.model.network

        def given(*_, _layer=layer, **__):
            return type("", (), {"last_hidden_state": states[0][_layer]})

        found = encoder(wavs)
        if not kind.startswith("sew"):  # whose states are not upsampled
            one.forward = given
            torch.testing.assert_close(found, encoder(wavs), atol=1e-5, rtol=0)
        assert not torch.allclose(found, expected)
    last = TransformersEncoder(folder, 3)(wavs)
    torch.testing.assert_close(last, expected)
    for layer in (0, 4):
        with pytest.raises(ValueError, match="has layers 1 to 3"):
            TransformersEncoder(folder, layer)


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_layers_can_learn(tmp_path, kind):
    encoder = TransformersEncoder(make_folder(tmp_path, kind), layer=2)
    first, last = encoder.layers()
    last.requires_grad_(True).train()
    wavs = 0.1 * torch.randn(2, 8000)
    with torch.autocast("cpu", torch.bfloat16):
        found = encoder(wavs)
    assert found.dtype == torch.float32
    found.square().sum().backward()
    learned = [x.grad for x in last.parameters() if x.grad is not None]
    assert any(gradient.any() for gradient in learned)
    assert all(gradient.isfinite().all() for gradient in learned)
    assert not any(x.requires_grad for x in first.parameters())
    own = {id(x) for x in last.parameters()}
    shared = own.intersection(id(x) for x in first.parameters())
    assert not shared


def of_library(folder, kind, wav):
    """What the library's own extractor and model make of one waveform."""
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    inputs = extractor(
        wav.numpy(),
        sampling_rate=extractor.sampling_rate,
        return_tensors="pt",
    )
    inputs.pop("attention_mask", None)
    network = transformers.AutoModel.from_pretrained(folder).eval()
    network = network.encoder if kind == "whisper" else network
    with torch.no_grad():
        return network(**inputs).last_hidden_state[0]


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_of_the_librarys_extractor_and_model(tmp_path, kind):
    # Waveforms are normalized without the zeros around them: see below.
    plain = {} if kind == AST else {"do_normalize": False}
    folder = make_folder(tmp_path, kind, extractor=plain)
    encoder = TransformersEncoder(folder)
    around, frames = {
        AST: (600, 10),
        "whisper": (160, 49),
        "wav2vec2-bert": (120, 40),
    }.get(kind, (40, 40))
    n_samples = round(frames * encoder.frame_seconds * 16000)
    wav = 0.1 * torch.randn(n_samples)
    padded = nn.functional.pad(wav, (around, around))
    expected = of_library(folder, kind, padded)
    if kind == AST:
        expected = expected[2:].view(12, 12, 16).mean(dim=0)[:10]
    if kind == "whisper":
        expected = expected[1:]
    found = encoder(wav.unsqueeze(0))[0].T
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=2e-3)


def test_waveforms_are_normalized_as_the_library_does(tmp_path):
    folder = make_folder(tmp_path / "a", "wav2vec2")
    plain = {"do_normalize": False}
    other = make_folder(tmp_path / "b", "wav2vec2", extractor=plain)
    wavs = 0.1 * torch.randn(3, 16000) + 0.05
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    inputs = extractor(list(wavs.numpy()), sampling_rate=16000)
    normalized = torch.tensor(np.stack(inputs["input_values"]))
    found = TransformersEncoder(folder)(wavs)
    expected = TransformersEncoder(other)(normalized)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)
    assert not torch.allclose(TransformersEncoder(other)(wavs), expected)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("wav2vec2.Wav2Vec2", "wav2vec2"),
        ("hubert.HuBERT", "hubert"),
        ("wavlm.WavLM", "wavlm"),
    ],
)
def test_speechbrains_classes_give_the_same(tmp_path, name, kind):
    module, _, cls = name.partition(".")
    module = import_module(f"speechbrain.integrations.huggingface.{module}")
    folder = make_folder(tmp_path / "model", kind)
    wavs = 0.1 * torch.randn(2, 16000)
    network = getattr(module, cls)(
        str(folder), str(tmp_path / "saved"), freeze=True
    )
    padded = nn.functional.pad(wavs, (40, 40))
    found = TransformersEncoder(folder)(wavs)
    expected = network(padded).transpose(1, 2)
    assert found.shape == expected.shape == (2, 16, 50)
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0.02)

    # The weights that SpeechBrain saves, in place of those of transformers.
    (folder / "model.safetensors").unlink()
    torch.save(network.state_dict(), folder / "encoder.ckpt")
    assert torch.equal(TransformersEncoder(folder)(wavs), found)


def test_mert_is_hubert_at_its_own_rate(tmp_path):
    folder = make_folder(tmp_path, "hubert", extractor={"sampling_rate": 24000})
    wavs = torch.randn(1, 24000)
    expected = TransformersEncoder(folder, sample_rate=24000)(wavs)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["model_type"] = "mert_model"
    config["auto_map"] = {"AutoModel": "modeling_MERT.MERTModel"}
    path.write_text(json.dumps(config))
    encoder = TransformersEncoder(folder, sample_rate=24000)
    assert encoder.encoder_rate == 24000 and encoder.n_frames(24000) == 75
    assert torch.equal(encoder(wavs), expected)
    assert TransformersEncoder(folder)(wavs[:, :16000]).shape == (1, 16, 75)
    path.write_text(json.dumps(config | {"feature_extractor_cqt": True}))
    with pytest.raises(ValueError, match="MERT with feature_extractor_cqt"):
        TransformersEncoder(folder)

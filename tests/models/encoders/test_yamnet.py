"""YAMNet is the network of its description, and its frames are in place."""

import numpy as np
import pytest
import torch

from encoder_cases import check_encoder
from lgc_plugin.models.encoders import YAMNet
from oracles import yamnet as oracle
from yamnet_files import CHANNELS, random_weights, write_keras

pytest.importorskip("h5py")

STRIDES = [2] * 2 + [4] * 2 + [8] * 2 + [16] * 6 + [32] * 2


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write_keras(
        tmp_path_factory.mktemp("yamnet") / "yamnet.h5", random_weights()
    )


@pytest.fixture(scope="module")
def wav():
    random = np.random.default_rng(1)
    loudness = np.repeat(random.uniform(0, 0.5, 24), 1000)
    return random.standard_normal(24000) * loudness


def as_batch(wav):
    return torch.tensor(wav, dtype=torch.float32).unsqueeze(0)


def with_silence(wav, before, n_samples):
    padded = np.zeros(n_samples)
    part = wav[: n_samples - before]
    padded[before : before + len(part)] = part
    return padded


def test_the_mels_are_those_of_the_oracle(file, wav):
    found = YAMNet(file).mel(as_batch(wav))[0]
    np.testing.assert_allclose(found, oracle.log_mel(wav), atol=1e-4)


@pytest.mark.parametrize("layer", [1, 2, 5, 7, 12, 14])
def test_a_layer_is_the_oracles(file, wav, layer):
    encoder = YAMNet(file, layer)
    assert encoder.size == CHANNELS[layer - 1]
    stride = STRIDES[layer - 1]
    assert encoder.frame_seconds == stride / 100
    found = encoder(as_batch(wav))[0]
    assert found.shape[1] == int(np.ceil(1.5 / encoder.frame_seconds - 1e-9))
    # Middle of output 0: mel frame stride - 1, which is 25 ms long.
    middle = (stride - 1) * 160 + 200
    before = middle - stride * 80
    n_outputs = 1
    while n_outputs * stride * 160 + 240 < before + len(wav):
        n_outputs += 1
    padded = with_silence(wav, before, n_outputs * stride * 160 + 240)
    maps = oracle.layers(oracle.log_mel(padded), random_weights())[layer - 1]
    expected = maps.mean(axis=1).T[:, : found.shape[1]]
    np.testing.assert_allclose(found, expected, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("hop", [0.05, 0.1234, 0.16, 0.48, 1.2])
def test_patches_are_the_oracles(file, wav, hop):
    encoder = YAMNet(file, "patches", hop_seconds=hop)
    found = encoder(as_batch(wav))[0]
    scores = encoder.scores(as_batch(wav))[0]
    n_frames = int(np.ceil(1.5 / hop - 1e-9))
    assert found.shape == (CHANNELS[-1], n_frames)
    assert scores.shape == (7, n_frames)
    padded = np.pad(wav, (16000, 32000))
    first = round(16000 + 0.5 * hop * 16000 - 7800)
    for j in range(0, n_frames, 3):
        # On the grid of the first patch's mel frames.
        start = first + round(j * hop * 100) * 160
        assert abs(start + 7800 - 16000 - (j + 0.5) * hop * 16000) <= 80
        mels = oracle.log_mel(padded[start : start + 15600])
        assert mels.shape == (96, 64)
        embedding, expected = oracle.patch(mels, random_weights())
        np.testing.assert_allclose(found[:, j], embedding, atol=2e-3, rtol=1e-3)
        np.testing.assert_allclose(scores[:, j], expected, atol=1e-3)


def test_many_patches_are_computed_in_parts(file):
    wavs = torch.randn(3, 48000) * 0.1
    encoder = YAMNet(file, "patches", hop_seconds=0.08)
    together = encoder(wavs)
    for clip in range(3):
        alone = encoder(wavs[clip : clip + 1])[0]
        torch.testing.assert_close(together[clip], alone)


def test_several_layers_come_at_one_rate(file, wav):
    wavs = as_batch(wav)
    both = YAMNet(file, [12, "patches"])
    assert (both.size, both.frame_seconds) == (28, 0.16)
    found = both(wavs)
    torch.testing.assert_close(found[:, :12], YAMNet(file, 12)(wavs))
    patches = YAMNet(file, "patches", hop_seconds=0.16)
    torch.testing.assert_close(found[:, 12:], patches(wavs))
    turned = YAMNet(file, ["patches", 12])(wavs)
    torch.testing.assert_close(turned[:, 16:], found[:, :12])
    assert both.fingerprint != YAMNet(file, ["patches", 12]).fingerprint


def responses(encoder):
    """To clicks at some times: (clips, T_e), with the times of both."""
    wavs = torch.zeros(9, 128000)
    silence = encoder(wavs[:1])
    times = 3.7 + np.arange(9) * 0.0531
    for clip, time in enumerate(times):
        start = round(time * 16000)
        wavs[clip, start - 40 : start + 40] = torch.randn(80)
    response = (encoder(wavs) - silence).abs().sum(dim=1).double().numpy()
    middles = (np.arange(response.shape[1]) + 0.5) * encoder.frame_seconds
    return response, middles, times


@pytest.mark.parametrize(
    "layer, hop",
    [(each, None) for each in range(1, 15)]
    + [(12, 0.064), (12, 0.128), (3, 0.16), (8, 0.4)]
    + [([2, 14], 0.1), ([6, 9], None), ([5, 3, 13], 0.1)],
)
def test_layers_respond_when_it_clicks(tmp_path, layer, hop):
    """The centre of mass of the response is the click, to a mel frame."""
    # Kernels without a preference for early or late rows.
    weights = random_weights(2, [8] * 14)
    for name, values in weights.items():
        if name != "logits":
            kernel = np.abs(values["kernel"]) * 0.5
            if len(kernel) == 3:
                kernel = np.full(kernel.shape, 1 / 9, np.float32)
            values["kernel"] = kernel
            values["mean"] = values["mean"] - 3
    encoder = YAMNet(write_keras(tmp_path / "y.h5", weights), layer, hop)
    response, middles, times = responses(encoder)
    error = response @ middles / response.sum(axis=1) - times
    assert np.abs(error).max() < 0.0095 < encoder.frame_seconds / 2


@pytest.mark.parametrize("hop", [0.02, 0.05, 0.0617, 0.128, 0.16])
def test_patches_respond_around_their_middle(file, hop):
    """Those whose 0.975 s hold the click: as many before it as after."""
    response, middles, times = responses(YAMNet(file, "patches", hop))
    for clip, time in enumerate(times):
        found = middles[response[clip] > 1e-6]
        error = (found[0] + found[-1]) / 2 - time
        # The window is almost 0 at its ends.
        assert abs(error) <= hop / 2 + 0.006
        assert found[-1] - found[0] < 0.98


@pytest.mark.parametrize("layer", [12, "patches"])
@pytest.mark.parametrize("n_samples", [1, 300, 2560, 2561, 16000])
def test_any_length(file, layer, n_samples):
    encoder = YAMNet(file, layer)
    found = encoder(torch.randn(2, n_samples) * 0.1)
    assert found.shape == (2, encoder.size, encoder.n_frames(n_samples))
    assert found.isfinite().all()


def test_the_end_of_a_clip_counts(file):
    wavs = torch.zeros(2, 25600)
    wavs[1, -200:] = torch.randn(200)
    for layer in (2, 12, "patches"):
        found = YAMNet(file, layer)(wavs)
        assert not torch.allclose(found[0, :, -1], found[1, :, -1], atol=1e-3)


@pytest.mark.parametrize("layer", [12, "patches", [6, "patches"]])
def test_what_holds_for_every_encoder(file, layer):
    check_encoder(YAMNet(file, layer))
    check_encoder(YAMNet(file, layer, 0.128, sample_rate=22050))


@pytest.mark.parametrize("layer, n_blocks", [(12, 12), ("patches", 14)])
def test_gradients_reach_the_last_blocks(file, layer, n_blocks):
    encoder = YAMNet(file, layer)
    blocks = encoder.layers()
    assert len(blocks) == n_blocks
    blocks[-1].requires_grad_(True)
    encoder(torch.randn(1, 16000)).sum().backward()
    for parameter in blocks[-1].parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.any()


def test_other_rates(file):
    time = torch.arange(48000) / 48000
    tone = (torch.sin(2 * torch.pi * 700 * time) * time).unsqueeze(0)
    found = YAMNet(file, sample_rate=48000)(tone)
    expected = YAMNet(file)(tone[:, ::3])
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.05)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"layer": 15}, "layer 15 of YAMNet does not exist"),
        ({"layer": "patch"}, "layer 'patch' of YAMNet does not exist"),
        ({"layer": [12, 2.0]}, "layer 2.0 of"),
        ({"layer": True}, "layer True of"),
        ({"layer": []}, "give at least one"),
        ({"layer": [3, 3]}, "each once"),
        ({"hop_seconds": 0}, "hop_seconds is 0, must be above 0"),
    ],
)
def test_settings_without_a_meaning_are_refused(file, settings, message):
    with pytest.raises(ValueError, match=message):
        YAMNet(file, **settings)
